/* web_client.h: unary calls as whole HTTP requests, by the Connect protocol (connectrpc.com/docs/
 * protocol) or gRPC-Web (grpc/grpc doc/PROTOCOL-WEB.md): over HTTP/1.1 too, and without trailers,
 * so that they reach services behind proxies through which gRPC does not pass. Services near by are
 * better called by grpc_channel.h: nothing is tried again here. */
#pragma once

#include "grpc/grpc_codec.h"
#include "grpc/grpc_method.h"
#include "http/http_message.h"

struct grpc_channel;
struct http_client;
struct proto_pool;

enum {
    WEB_CLIENT_GET_BYTES_MAX = 4 * 1024, /* of a URL; a longer one would be, is sent by POST */
};

enum web_protocol { WEB_CONNECT, WEB_GRPC };

/* How a service is called. Made by the caller; everything pointed to is borrowed. */
struct web_client {
    struct grpc_channel *channel;  /* over HTTP/2, on this channel's connections; or NULL: */
    struct http_client *http;      /* over HTTP/1.1 */
    const struct proto_pool *pool; /* has the types of every request and reply; CHECKed */
    struct text base_url; /* of HTTP/1.1: "http://127.0.0.1:8081", without a slash at the end */
    enum web_protocol protocol;
    enum grpc_codec codec;
    size_t message_bytes_max; /* of a reply, after decompression; 0: 4 MiB */
};

/* A detail of a failure, by its type's full name; valid in the call's arena. */
struct web_error_detail {
    struct text type_name;
    struct text message;
};

/* What comes with a reply besides its message; valid in the call's arena. */
struct web_reply {
    const struct http_header *headers; /* as they came, in their order, without the trailers */
    size_t header_count;
    const struct http_header *trailers;
    size_t trailer_count;
    const struct web_error_detail *details;
    size_t detail_count;
};

/* Of a call. Zero for the defaults. */
struct web_call_options {
    bool get;      /* Connect only: by GET, for methods without side effects */
    bool compress; /* gzip the request */
    const struct grpc_metadata *metadata; /* sent with the request */
    size_t metadata_count;
    struct web_reply *ret_reply; /* filled in whatever the status; NULL: not wanted */
};

/* One request, one response; parks. path: "/Service/Method". options may be NULL. The deadline is
 * sent along. response: of `response_type`; valid in the call's arena.
 * STATUS_OK, or whatever the server said (its message becomes the call's error), or what happened
 * here: UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED; INTERNAL, UNKNOWN (a malformed reply, or none of
 * the protocol); RESOURCE_EXHAUSTED (too large, no memory); UNIMPLEMENTED (not exactly one
 * message); INVALID_ARGUMENT (metadata that cannot be sent). */
MUST_USE enum status web_call_unary(const struct web_client *client, struct call *call,
                                    const char *path, const struct web_call_options *options,
                                    const ProtobufCMessage *request,
                                    const ProtobufCMessageDescriptor *response_type,
                                    ProtobufCMessage **ret_response);
