/* grpc_server_framing.h: what tells the protocols apart whose messages come in frames: gRPC,
 * gRPC-Web and Connect's streams. All else of a call they share (grpc_server_call.c). */
#pragma once

#include <stdint.h>

#include "grpc/grpc_codec.h"
#include "http/http_message.h"

struct grpc_server_call;

struct grpc_framing {
    struct text timeout; /* the name of the header with the client's patience */
    /* Its value in nanoseconds; any failure fails the call. */
    enum status (*take_timeout)(struct call *call, struct text value, int64_t *ret_timeout_ns);
    struct http_header encoding;        /* of a reply with compressed messages; the name: also of a
                                           request */
    struct http_header accept_encoding; /* of a reply to who named a compression; the same */
    /* The whole reply of a unary call that went well, or what is left to be sent of it; may park.
     */
    void (*reply)(struct grpc_server_call *self, struct text frame);
    /* The last bytes of the reply, with the status and the trailing metadata; may park. */
    void (*finish)(struct grpc_server_call *self, enum status status);
};

/* The rows of a protocol's table of content-types. */
enum { GRPC_CONTENT_BARE, GRPC_CONTENT_PROTO, GRPC_CONTENT_JSON, GRPC_CONTENT_TYPES };

/* Reads what follows the protocol's own content-type: nothing, "+proto" or "+json", and parameters.
 * *ret_type: out of the protocol's table, for the reply. *ret_known: false for another codec, which
 * a call fails of. false: it is no such content-type ("application/grpcx"). */
bool grpc_take_content_type(struct text rest, const struct http_header *types,
                            enum grpc_codec *ret_codec, const struct http_header **ret_type,
                            bool *ret_known);

/* The value of grpc-timeout. STATUS_INTERNAL: malformed. */
enum status grpc_take_timeout(struct call *call, struct text value, int64_t *ret_timeout_ns);

/* Serves a call that was made by grpc_server_call_create(), with `framing`, `content_type` and
 * `text` set. failure: what is wrong with it already, or STATUS_OK. */
void grpc_server_call_serve(struct grpc_server_call *self, enum grpc_codec codec,
                            enum status failure);

/* The framing's reply() of those whose replies end in the body. */
void grpc_server_call_reply_in_parts(struct grpc_server_call *self, struct text frame);

/* Sends bytes of the body, behind the headers; parks. Statuses as http_write(). */
MUST_USE enum status grpc_server_call_write(struct grpc_server_call *self, struct text bytes);

/* Status, message and trailing metadata; without memory for more, the status alone. Valid in the
 * arena or static. */
const struct http_header *grpc_server_call_trailers(struct grpc_server_call *self,
                                                    enum status status, size_t *ret_count);
