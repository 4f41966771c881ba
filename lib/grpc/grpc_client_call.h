/* grpc_client_call.h: one attempt at a call: its request on a connection, and what the reply says.
 * What unary and streaming calls have in common. */
#pragma once

#include "grpc/grpc_channel_private.h"
#include "grpc/grpc_stream_private.h"

enum {
    GRPC_REPLAY_BYTES_MAX =
        64 * 1024, /* of a stream's first message, kept in case nobody gets it */
};

struct grpc_client_call {
    struct grpc_channel *channel;
    struct call *call;
    const char *path;
    const struct grpc_call_options *options;
    int64_t started_ns;
    unsigned attempts;                   /* begun so far */
    const struct grpc_subchannel *avoid; /* the last attempt's: compared, never followed */
    struct grpc_connection *connection;  /* held; NULL between attempts */
    struct http2_request *request;       /* NULL between attempts */
    const struct http_header *headers;   /* the reply's; NULL before they are there */
    size_t header_count;
    bool headers_only;   /* the whole reply is one block of headers */
    bool unprocessed;    /* the attempt has surely reached nobody */
    int64_t pushback_ms; /* the server's word on retries: -1 none, INT64_MAX never */
    struct text replay;  /* the first frame, as long as it may be sent again */
    bool replayable;
    bool send_closed;
    struct grpc_stream stream;
};

/* options: borrowed; NULL for the defaults. response_type may be NULL only for tests of sending. */
void grpc_client_call_init(struct grpc_client_call *self, struct grpc_channel *channel,
                           struct call *call, const char *path,
                           const struct grpc_call_options *options);

/* What is received; CHECKs that the channel's pool has it. */
void grpc_client_call_set_response(struct grpc_client_call *self,
                                   const ProtobufCMessageDescriptor *response_type);

/* Picks a connection and starts the request on it. Statuses as grpc_channel_pick(). */
MUST_USE enum status grpc_client_call_start(struct grpc_client_call *self);

/* What has come of the reply, valid until the attempt ends. */
struct grpc_reply grpc_client_call_reply(const struct grpc_client_call *self);

/* Ends the attempt; one that runs still is reset. */
void grpc_client_call_stop(struct grpc_client_call *self);

/* Ends the attempt and frees what was taken. */
void grpc_client_call_deinit(struct grpc_client_call *self);

/* `status`, or DEADLINE_EXCEEDED where that is the reason behind it; with words. */
enum status grpc_client_call_explain(struct grpc_client_call *self, enum status status);

/* Tells the channel's observer. */
void grpc_client_call_observe(struct grpc_client_call *self, enum status status);
