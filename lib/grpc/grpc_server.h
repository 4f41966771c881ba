/* grpc_server.h: gRPC services, and the same methods as JSON, on an HTTP server.
 *
 * Makes the routes `POST /Service/Method` of a table of services. The content-type chooses the
 * protocol: application/grpc[+proto|+json] is gRPC (grpc/grpc doc/PROTOCOL-HTTP2.md). Over HTTP/1.1
 * and HTTP/2, application/grpc-web[-text][+proto|+json] is gRPC-Web (doc/PROTOCOL-WEB.md), and the
 * Connect protocol (connectrpc.com/docs/protocol) is application/json or application/proto for
 * unary methods, application/connect+json or application/connect+proto for the others. Health
 * (Check, List, Watch) and reflection (v1, v1alpha) are added by itself.
 *
 * One object a process, made before the loops start and read by all of them. */
#pragma once

#include "grpc/grpc_interceptor.h"
#include "grpc/grpc_method.h"
#include "http/http_server.h"
#include "proto/proto.h"

struct grpc_server;
struct idempotency_store;

enum {
    GRPC_MESSAGE_BYTES_MAX = 4 * 1024 * 1024, /* received, after decompression */
    GRPC_SERVICES_MAX = 64,
    GRPC_CORS_ORIGINS_MAX = 16,
};

/* For how long a browser need not ask again whether it may call, in seconds. */
#define GRPC_CORS_MAX_AGE_TEXT "7200"

/* Deadlines of unary calls: the client's, at most the maximum; the default when it sends none. */
#define GRPC_DEADLINE_MAX_MS INT64_C(60000)
#define GRPC_DEADLINE_DEFAULT_MS INT64_C(10000)

struct grpc_server_options {
    const struct grpc_service *services; /* borrowed for the server's life, as the rest */
    size_t service_count;
    const struct proto_descriptor_set *descriptor_sets; /* of the services' files */
    size_t descriptor_set_count;
    size_t message_bytes_max;                    /* 0: GRPC_MESSAGE_BYTES_MAX */
    const struct grpc_interceptor *interceptors; /* of every call; NULL: none */
    size_t interceptor_count;                    /* at most GRPC_INTERCEPTORS_MAX */
    /* Pages of these origins ("https://example.org", without a path) may call from browsers; "*":
     * of any. None: those of other origins than the server's own may not. */
    const struct text *cors_origins;
    size_t cors_origin_count; /* at most GRPC_CORS_ORIGINS_MAX */
    bool cors_credentials;    /* with the browser's cookies and logins; not together with "*" */
    /* Keeps the outcomes of unary calls that have side effects and came with an idempotency-key
     * (idempotency/idempotency.h), behind the interceptors; NULL: the key means nothing. */
    struct idempotency_store *idempotency;
};

/* "*", or a scheme, host and maybe port as browsers write them: "https://example.org:8443". */
bool grpc_origin_is_valid(struct text origin);

/* STATUS_INVALID_ARGUMENT: a method without handler, a message that no descriptor set declares, an
 * origin that is none, too many of them, or any with credentials, too many interceptors.
 * STATUS_RESOURCE_EXHAUSTED: no memory. *ret_server is owned by the caller. */
MUST_USE enum status grpc_server_create(const struct grpc_server_options *options,
                                        struct grpc_server **ret_server);

/* After the HTTP servers that serve its routes. NULL is accepted. */
void grpc_server_destroy(struct grpc_server *server);

/* The routes for http_server_options; borrowed until destroy. */
const struct http_route *grpc_server_routes(const struct grpc_server *server, size_t *ret_count);

/* All that are served, health and reflection among them; borrowed until destroy. */
const struct grpc_service *grpc_server_services(const struct grpc_server *server,
                                                size_t *ret_count);

/* To be the HTTP server's fallback, with the server as its state: answers unknown gRPC paths with
 * UNIMPLEMENTED and everything else with 404. */
void grpc_server_fallback(void *server, struct http_exchange *exchange);

/* To be the HTTP server's `overloaded`, with the server as its state: calls that are refused are
 * told so in their own protocol, with the time to try again (grpc-retry-pushback-ms of gRFC A6,
 * Retry-After), gRPC-Web and Connect's streams by HTTP's status; health is served all the same;
 * everything else gets a problem. */
enum http_overload_answer grpc_server_overloaded(void *server, struct http_exchange *exchange,
                                                 const struct http_overload *overload);

/* What health says of a service ("" is the whole server), from any thread; NOT_SERVING at first.
 * Watchers are told. STATUS_NOT_FOUND: no such service. */
MUST_USE enum status grpc_server_set_serving(struct grpc_server *server, struct text service,
                                             bool serving);

/* Before draining the HTTP servers, from any thread: health says that nothing serves, and its
 * watchers are sent away with UNAVAILABLE, so that they do not hold up the drain. */
void grpc_server_shut_down(struct grpc_server *server);

/* The types of the messages, for JSON elsewhere (the REST routes). */
const struct proto_pool *grpc_server_pool(const struct grpc_server *server);

/* What follows is for handlers; `call` is the one that the handler was given, not one made of it.
 *
 * A value of the request's metadata (lower-case name; `-bin` values are decoded), valid in the
 * arena; {NULL, 0}: absent. */
struct text grpc_request_metadata(struct call *call, struct text name);

/* The exchange by which it came: for interceptors that look at what HTTP says of it. */
struct http_exchange *grpc_request_exchange(struct call *call);

/* All headers of the request as they came, in their order; valid until the handler returns. */
const struct http_header *grpc_request_headers(struct call *call, size_t *ret_count);

/* Metadata for the reply: texts valid in the arena; `-bin` values as they are, without base64.
 * false: GRPC_METADATA_MAX are there, the name is reserved (grpc-…) or not lower case, the value is
 * not printable ASCII, or (initial) the reply's headers are sent already. */
MUST_USE bool grpc_add_initial_metadata(struct call *call, struct text name, struct text value);
MUST_USE bool grpc_add_trailing_metadata(struct call *call, struct text name, struct text value);

/* Sends the reply's headers now, before its first message; of Connect's unary calls, without
 * effect. They should wait for the first message where nobody waits for them: a call that fails
 * before it can then be tried again (gRFC A6). Statuses as grpc_send(). */
MUST_USE enum status grpc_send_headers(struct call *call);

/* A detail of the failure that the handler is about to return: a message, by its full name and its
 * bytes, as google.rpc.Status and Connect's errors carry them. Copied. Ignored when the call
 * succeeds. false: GRPC_ERROR_DETAILS_MAX are there, or no memory. */
MUST_USE bool grpc_add_error_detail(struct call *call, struct text type_name, struct text message);

/* When the client may try again, if the call fails: grpc-retry-pushback-ms over gRPC (gRFC A6),
 * Retry-After in whole seconds over Connect. Negative: not at all, which only gRPC can tell. */
void grpc_set_pushback(struct call *call, int64_t retry_after_ms);

/* Whether the messages sent from now on are compressed; without being told, they are when the
 * request was and the client accepts it. false: the client does not. Of a stream, the first use
 * must come before its first message; of Connect's unary calls, without effect. */
MUST_USE bool grpc_compress_reply(struct call *call, bool compress);

/* Whether the message received last came compressed. */
bool grpc_request_was_compressed(struct call *call);
