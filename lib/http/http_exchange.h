/* http_exchange.h: one request and its reply, as the protocols see it: they fill in the request and
 * the body, and carry out what the handler asks for.
 *
 * An exchange is given back to its pool when both sides have let go: the handler's fiber
 * (`running`) and the connection (`attached`). */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "base/list.h"
#include "http/http_connection.h"
#include "http2/http2_session.h"
#include "loop/fiber.h"

/* What a protocol does for an exchange that is attached to its connection. */
struct http_exchange_ops {
    /* Something is about to wait for the body: takes over what has come, asks the peer to go on. */
    void (*await_body)(struct http_exchange *exchange);
    /* The handler has read that much: the peer may send as much again. */
    void (*consumed)(struct http_exchange *exchange, size_t length);
    /* Sends the head; `reply` says what follows. */
    void (*send_head)(struct http_exchange *exchange);
    /* Copies as much of the part as there is room for; returns how much. */
    size_t (*send_part)(struct http_exchange *exchange, struct text part);
    /* Whether the writer must wait; if so, `writable` is signalled when it need no longer. */
    bool (*must_wait)(struct http_exchange *exchange);
    /* exchange->reply.complete has become true: the end, with the trailers. */
    void (*send_end)(struct http_exchange *exchange);
    void (*abort)(struct http_exchange *exchange, uint32_t http2_error_code);
    /* The handler has returned. */
    void (*returned)(struct http_exchange *exchange);
};

enum http_reply_state {
    HTTP_REPLY_NONE,
    HTTP_REPLY_STARTED, /* headers are known, not sent */
    HTTP_REPLY_SENT,    /* headers are sent */
    HTTP_REPLY_ENDED,   /* whole or aborted */
};

struct http_exchange_reply {
    enum http_reply_state state;
    int status;
    const struct http_header *headers; /* valid in the arena */
    size_t header_count;
    const struct http_header *trailers;
    size_t trailer_count;
    struct text whole;    /* the body of a reply made at once, the part that is not sent yet */
    bool is_whole;        /* its length is known: content-length, unless there are trailers */
    bool without_body;    /* HEAD, 204, 304 */
    bool is_head_all;     /* of those, in parts: the head is sent, more would be ignored */
    bool complete;        /* nothing is added any more */
    char length_text[24]; /* content-length's value */
    char status_text[4];  /* "200" */
};

struct http_exchange {
    struct list link; /* in the server's taken or pooled ones */
    struct http_server *server;
    struct http_connection *connection; /* NULL: not attached */
    const struct http_exchange_ops *ops;
    bool running;
    bool started; /* counted as begun: observed at the end */

    struct http_request request;
    struct http_header *headers; /* of the request, in the arena; request.headers is this */
    size_t header_capacity;
    size_t header_list_bytes;
    int refusal; /* the HTTP status to refuse with, or 0 */
    const char *refusal_reason;

    struct call call;
    struct cancellation cancellation;
    struct arena arena;
    const struct http_route *route;
    struct text rest;
    const struct http_overload *overload; /* why it is being refused, or NULL */
    int note;
    int64_t started_ns;

    struct buffer input;       /* of the body: came, not read */
    size_t seen_bytes;         /* of the input: a part that is to become longer (http_body.c) */
    struct buffer reading;     /* lent to the handler */
    size_t acknowledged_bytes; /* of that: the peer knows that they were read */
    bool body_ended;
    bool body_broken; /* malformed */
    bool expects_continue;
    bool has_trace; /* the call's is the child of one that the peer named */
    bool has_ahead; /* the body was read, and is to be read once more */
    bool outlasts_peer;
    struct text ahead; /* valid in the arena */
    void (*show_reply)(void *state, struct http_exchange *exchange, const struct http_reply *reply);
    void *show_reply_state;
    struct fiber_wait readable;
    struct fiber_wait writable;

    struct http_exchange_reply reply;
    struct buffer body; /* of a whole reply that the handler encodes here */
    size_t kept_bytes;  /* in the pool: what it holds of the server's */

    /* HTTP/2 */
    struct buffer output; /* of a reply in parts: not sent yet */
    size_t output_sent;
    struct list stream_link;  /* in the connection's streams */
    struct list ready_link;   /* waits to be started */
    struct list writer_link;  /* waits for room */
    struct list pending_link; /* something of the reply waits for the peer */
    struct list leaving_link; /* the stream is gone, the handler runs */
    struct http2_stream stream;
    bool submitted;   /* the head may be written */
    bool head_is_all; /* and nothing follows it */
    bool head_sent;
    bool wants_continue; /* 100 (Continue) is to be sent before it */
};

/* From the pool, attached; NULL: no memory. */
struct http_exchange *http_exchange_take(struct http_connection *connection,
                                         const struct http_exchange_ops *ops);

void http_exchange_free(struct http_exchange *exchange);

/* Whether a header of that size is within the limits; if not, notes the refusal. */
MUST_USE bool http_exchange_admit_header(struct http_exchange *exchange, size_t name_length,
                                         size_t value_length);

/* Adds an admitted header of the request; texts valid in the arena. */
void http_exchange_add_header(struct http_exchange *exchange, struct text name, struct text value);

/* Notes what a header of the request says about the exchange itself. */
void http_exchange_note_header(struct http_exchange *exchange, enum hpack_token token,
                               struct text value);

/* The path and query; over the limit: notes the refusal. */
void http_exchange_set_target(struct http_exchange *exchange, struct text target);

/* Notes that the request will be answered with this HTTP status, unless one was noted before. */
void http_exchange_refuse(struct http_exchange *exchange, int status, const char *reason);

/* Starts the handler in a fiber, or answers at once what is refused. In a callback, not a fiber. */
void http_exchange_begin(struct http_exchange *exchange);

/* What has come of the body that nobody has seen. */
static inline size_t http_exchange_unseen(const struct http_exchange *exchange)
{
    return exchange->input.length - exchange->seen_bytes;
}

/* What the server says of keeping the reply, where the reply does not; empty: nothing. */
struct text http_reply_cache_control(const struct http_exchange *exchange);

/* Bytes of the body, or its end, have come. */
void http_exchange_wake_reader(struct http_exchange *exchange);

/* The connection lets go: cancels what runs; gives the exchange back if nothing does. */
void http_exchange_detach(struct http_exchange *exchange);
