/* grpc_client_call.h: a call and its attempts: the request on a connection, and what the reply
 * says. What unary and streaming calls have in common: grpc_client_call.c is the life of a call and
 * of its attempts, grpc_client_settings.c how it is to be made, grpc_client_body.c what is sent and
 * received, grpc_client_hedge.c several attempts at once. */
#pragma once

#include "grpc/grpc_channel_private.h"
#include "grpc/grpc_stream_private.h"

struct grpc_client_call {
    struct grpc_channel *channel;
    struct call *caller; /* whose error is ours in the end */
    struct call own;     /* the same, with this call's own deadline */
    struct call *call;   /* `own` */
    const char *path;
    const struct grpc_call_options *options;
    bool wait_for_ready;
    bool long_poll;
    int64_t started_ns;
    struct grpc_retry retry;
    const struct grpc_hedging_policy *hedging; /* NULL: one attempt at a time */
    bool silent; /* part of another call, or the channel's own: counted and observed there, if at
                    all */
    enum grpc_reach reach;               /* of the attempt */
    int64_t attempt_ns;                  /* when it began */
    bool judged;                         /* its end was counted */
    unsigned attempts;                   /* begun so far */
    struct grpc_connection *pinned;      /* the channel's own call about this one; NULL: any */
    const struct grpc_subchannel *avoid; /* the last attempt's: compared, never followed */
    struct grpc_connection *connection;  /* held; NULL between attempts */
    struct http2_request *request;       /* NULL between attempts */
    const struct http_header *headers;   /* the reply's; NULL before they are there */
    size_t header_count;
    bool headers_only;    /* the whole reply is one block of headers */
    bool concluded;       /* the end is known; nothing more is read */
    int64_t pushback_ms;  /* the server's word on retries, as grpc_attempt_end has it */
    struct buffer replay; /* of a stream: all that was sent, as long as that may be repeated */
    bool replayable;
    bool send_closed;
    struct grpc_stream stream;
};

/* options: borrowed; NULL for the defaults. response_type may be NULL only for tests of sending. */
void grpc_client_call_init(struct grpc_client_call *self, struct grpc_channel *channel,
                           struct call *call, const char *path,
                           const struct grpc_call_options *options);

/* Of that: fills in policies and deadline, and what the stream is made of. */
void grpc_client_take_settings(struct grpc_client_call *self);
void grpc_client_body_init(struct grpc_client_call *self);

/* What is received; CHECKs that the channel's pool has it. */
void grpc_client_call_set_response(struct grpc_client_call *self,
                                   const ProtobufCMessageDescriptor *response_type);

/* Picks a connection and starts the request on it, again where grpc_client_call_retry() says so.
 * Statuses as grpc_channel_pick(). */
MUST_USE enum status grpc_client_call_start(struct grpc_client_call *self);

/* After an attempt that failed with *status. true: it is forgotten, the wait is over, and another
 * may start. false: the call has failed with *status. Parks. */
bool grpc_client_call_retry(struct grpc_client_call *self, enum status *status);

/* Sends a part of a stream; parks. `end` half-closes. STATUS_UNAVAILABLE: the call is over. */
MUST_USE enum status grpc_client_call_write(struct grpc_client_call *self, struct text part,
                                            bool end);

/* What has come of the reply, valid until the attempt ends. */
struct grpc_reply grpc_client_call_reply(const struct grpc_client_call *self);

/* Ends the attempt; one that runs still is reset. */
void grpc_client_call_stop(struct grpc_client_call *self);

/* All attempts at a unary call, one after the other. */
MUST_USE enum status grpc_client_unary_run(struct grpc_client_call *self,
                                           const ProtobufCMessage *request,
                                           ProtobufCMessage **ret_response);

/* The same at once, as `main->hedging` says, each as a call of its own. */
MUST_USE enum status grpc_client_unary_hedge(struct grpc_client_call *main,
                                             const ProtobufCMessage *request,
                                             const ProtobufCMessageDescriptor *response_type,
                                             ProtobufCMessage **ret_response);

/* Copies what came with the reply for whoever wants it (options->ret_reply). */
void grpc_client_unary_keep_reply(const struct grpc_client_call *self);

/* Ends the call: the attempt, what was taken, with words for the caller's error. Returns `status`,
 * or DEADLINE_EXCEEDED where that is the reason behind it. The channel's observer is told. */
enum status grpc_client_call_end(struct grpc_client_call *self, enum status status);
