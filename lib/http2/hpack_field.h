/* hpack_field.h: a header field as HPACK (RFC 7541) carries it, with a token for the names that are
 * well known, so that a receiver switches where it would compare strings.
 *
 * Well known are the names of the static table (RFC 7541 appendix A), those of gRPC, gRPC-Web,
 * Connect and tracing, and those that HTTP/2 forbids (RFC 9113 section 8.2.2). */
#pragma once

#include "base/text.h"

/* X(token, name): the static table's in its order, then the others. scripts/hpack_tables.py reads
 * this list and writes the hash that finds a token by its name. */
#define HPACK_TOKENS(X)                                                                            \
    X(AUTHORITY, ":authority")                                                                     \
    X(METHOD, ":method")                                                                           \
    X(PATH, ":path")                                                                               \
    X(SCHEME, ":scheme")                                                                           \
    X(STATUS, ":status")                                                                           \
    X(ACCEPT_CHARSET, "accept-charset")                                                            \
    X(ACCEPT_ENCODING, "accept-encoding")                                                          \
    X(ACCEPT_LANGUAGE, "accept-language")                                                          \
    X(ACCEPT_RANGES, "accept-ranges")                                                              \
    X(ACCEPT, "accept")                                                                            \
    X(ACCESS_CONTROL_ALLOW_ORIGIN, "access-control-allow-origin")                                  \
    X(AGE, "age")                                                                                  \
    X(ALLOW, "allow")                                                                              \
    X(AUTHORIZATION, "authorization")                                                              \
    X(CACHE_CONTROL, "cache-control")                                                              \
    X(CONTENT_DISPOSITION, "content-disposition")                                                  \
    X(CONTENT_ENCODING, "content-encoding")                                                        \
    X(CONTENT_LANGUAGE, "content-language")                                                        \
    X(CONTENT_LENGTH, "content-length")                                                            \
    X(CONTENT_LOCATION, "content-location")                                                        \
    X(CONTENT_RANGE, "content-range")                                                              \
    X(CONTENT_TYPE, "content-type")                                                                \
    X(COOKIE, "cookie")                                                                            \
    X(DATE, "date")                                                                                \
    X(ETAG, "etag")                                                                                \
    X(EXPECT, "expect")                                                                            \
    X(EXPIRES, "expires")                                                                          \
    X(FROM, "from")                                                                                \
    X(HOST, "host")                                                                                \
    X(IF_MATCH, "if-match")                                                                        \
    X(IF_MODIFIED_SINCE, "if-modified-since")                                                      \
    X(IF_NONE_MATCH, "if-none-match")                                                              \
    X(IF_RANGE, "if-range")                                                                        \
    X(IF_UNMODIFIED_SINCE, "if-unmodified-since")                                                  \
    X(LAST_MODIFIED, "last-modified")                                                              \
    X(LINK, "link")                                                                                \
    X(LOCATION, "location")                                                                        \
    X(MAX_FORWARDS, "max-forwards")                                                                \
    X(PROXY_AUTHENTICATE, "proxy-authenticate")                                                    \
    X(PROXY_AUTHORIZATION, "proxy-authorization")                                                  \
    X(RANGE, "range")                                                                              \
    X(REFERER, "referer")                                                                          \
    X(REFRESH, "refresh")                                                                          \
    X(RETRY_AFTER, "retry-after")                                                                  \
    X(SERVER, "server")                                                                            \
    X(SET_COOKIE, "set-cookie")                                                                    \
    X(STRICT_TRANSPORT_SECURITY, "strict-transport-security")                                      \
    X(TRANSFER_ENCODING, "transfer-encoding")                                                      \
    X(USER_AGENT, "user-agent")                                                                    \
    X(VARY, "vary")                                                                                \
    X(VIA, "via")                                                                                  \
    X(WWW_AUTHENTICATE, "www-authenticate")                                                        \
    X(PROTOCOL, ":protocol")                                                                       \
    X(ACCEPT_POST, "accept-post")                                                                  \
    X(ACCESS_CONTROL_ALLOW_CREDENTIALS, "access-control-allow-credentials")                        \
    X(ACCESS_CONTROL_ALLOW_HEADERS, "access-control-allow-headers")                                \
    X(ACCESS_CONTROL_ALLOW_METHODS, "access-control-allow-methods")                                \
    X(ACCESS_CONTROL_EXPOSE_HEADERS, "access-control-expose-headers")                              \
    X(ACCESS_CONTROL_MAX_AGE, "access-control-max-age")                                            \
    X(ACCESS_CONTROL_REQUEST_HEADERS, "access-control-request-headers")                            \
    X(ACCESS_CONTROL_REQUEST_METHOD, "access-control-request-method")                              \
    X(CONNECTION, "connection")                                                                    \
    X(CONNECT_ACCEPT_ENCODING, "connect-accept-encoding")                                          \
    X(CONNECT_CONTENT_ENCODING, "connect-content-encoding")                                        \
    X(CONNECT_PROTOCOL_VERSION, "connect-protocol-version")                                        \
    X(CONNECT_TIMEOUT_MS, "connect-timeout-ms")                                                    \
    X(ENDPOINT_LOAD_METRICS, "endpoint-load-metrics-bin")                                          \
    X(GRPC_ACCEPT_ENCODING, "grpc-accept-encoding")                                                \
    X(GRPC_ENCODING, "grpc-encoding")                                                              \
    X(GRPC_MESSAGE, "grpc-message")                                                                \
    X(GRPC_PREVIOUS_RPC_ATTEMPTS, "grpc-previous-rpc-attempts")                                    \
    X(GRPC_RETRY_PUSHBACK_MS, "grpc-retry-pushback-ms")                                            \
    X(GRPC_STATUS, "grpc-status")                                                                  \
    X(GRPC_STATUS_DETAILS, "grpc-status-details-bin")                                              \
    X(GRPC_TIMEOUT, "grpc-timeout")                                                                \
    X(IDEMPOTENCY_KEY, "idempotency-key")                                                          \
    X(KEEP_ALIVE, "keep-alive")                                                                    \
    X(ORIGIN, "origin")                                                                            \
    X(PRIORITY, "priority")                                                                        \
    X(PROXY_CONNECTION, "proxy-connection")                                                        \
    X(TE, "te")                                                                                    \
    X(TRACEPARENT, "traceparent")                                                                  \
    X(TRACESTATE, "tracestate")                                                                    \
    X(TRAILER, "trailer")                                                                          \
    X(UPGRADE, "upgrade")                                                                          \
    X(X_GRPC_WEB, "x-grpc-web")                                                                    \
    X(X_REQUEST_ID, "x-request-id")                                                                \
    X(X_USER_AGENT, "x-user-agent")

enum hpack_token {
    HPACK_TOKEN_NONE, /* any other name */
#define HPACK_TOKEN_MEMBER(token, name) HPACK_TOKEN_##token,
    HPACK_TOKENS(HPACK_TOKEN_MEMBER)
#undef HPACK_TOKEN_MEMBER
        HPACK_TOKEN_COUNT,
};

struct hpack_field {
    struct text name; /* lower case when sent by us; see is_valid */
    struct text value;
    enum hpack_token token; /* of the name */
    bool sensitive;         /* never indexed (RFC 7541 section 6.2.3), also by who passes it on */
    /* Of a decoded field: name and value are made of what RFC 9113 section 8.2.1 allows: a token in
     * lower case, or the name of a pseudo-header that is well known; a value of visible bytes,
     * spaces and tabs. Spaces around a value are let pass: gRPC's metadata may have them. Otherwise
     * the request or reply is malformed. Kept in the table with the field, hence looked at once. */
    bool is_valid;
};

/* The token of a name in lower case; HPACK_TOKEN_NONE: it is not well known. */
enum hpack_token hpack_token_of(struct text name);

extern const struct text hpack_names[HPACK_TOKEN_COUNT];

/* The token's name; empty for HPACK_TOKEN_NONE. Static storage. */
static inline struct text hpack_token_name(enum hpack_token token)
{
    return hpack_names[token];
}

/* A field to be sent, of a well-known name. */
static inline struct hpack_field hpack_known_field(enum hpack_token token, struct text value)
{
    return (struct hpack_field){
        .name = hpack_token_name(token), .value = value, .token = token, .is_valid = true};
}

/* A field to be sent, of any name in lower case. */
static inline struct hpack_field hpack_field_of(struct text name, struct text value)
{
    return (struct hpack_field){
        .name = name, .value = value, .token = hpack_token_of(name), .is_valid = true};
}
