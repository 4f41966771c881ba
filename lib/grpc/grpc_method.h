/* grpc_method.h: a service as a table of methods, each written once over messages and served over
 * gRPC and JSON alike. */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/call.h"
#include "base/status.h"
#include "base/text.h"

struct grpc_stream;

enum {
    GRPC_METADATA_MAX =
        32, /* entries sent with one request, or as one reply's headers or trailers */
    GRPC_ERROR_DETAILS_MAX = 8, /* of one call */
};

/* One entry of metadata. */
struct grpc_metadata {
    struct text name;  /* lower case */
    struct text value; /* of a name in -bin: any bytes, as they are without base64 */
};

enum grpc_method_kind {
    GRPC_UNARY,
    GRPC_CLIENT_STREAMING,
    GRPC_SERVER_STREAMING,
    GRPC_BIDIRECTIONAL_STREAMING,
};

/* Handles a unary call, in a fiber of its own.
 * request: the decoded message; response: a zero message of the response type, to be filled in.
 * Both, and all that `response` points to, are valid in call->arena (or static). What is returned
 * becomes the gRPC status (and by status_to_http() the HTTP one), call->error.message its text; on
 * any status but OK the response is not sent. */
typedef enum status (*grpc_unary_fn)(void *state, struct call *call, const void *request,
                                     void *response);

/* Handles a streaming call: grpc_receive() and grpc_send() in any order its kind allows. */
typedef enum status (*grpc_stream_fn)(void *state, struct call *call, struct grpc_stream *stream);

struct grpc_method {
    const char *name; /* "GetMetadata" */
    enum grpc_method_kind kind;
    bool no_side_effects; /* may be called by HTTP GET, and be retried */
    const ProtobufCMessageDescriptor *request;
    const ProtobufCMessageDescriptor *response;
    grpc_unary_fn unary;   /* of GRPC_UNARY, else NULL */
    grpc_stream_fn stream; /* of the others, else NULL */
    /* What this method is given, whatever the server gives the others. 0: the server's.
     * A client that asks for more time gets the maximum, one that asks for none gets the default or
     * the maximum, whichever is sooner. Streams have neither unless it is said here. */
    int64_t deadline_max_ms;
    int64_t deadline_default_ms;
    size_t request_bytes_max; /* of one message, after decompression */
};

struct grpc_service {
    const char *name; /* with its package: "grpc.health.v1.Health" */
    const struct grpc_method *methods;
    size_t method_count;
    void *state; /* borrowed: given to every handler */
};
