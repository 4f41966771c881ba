/* http2_client_private.h: a client's connection and its requests: http2_client.c is the connection,
 * http2_request.c and http2_request_send.c what the requests' fibers call, http2_reply.c what the
 * session calls, http2_keepalive.c whether the peer is there still. */
#pragma once

#include "base/arena.h"
#include "base/list.h"
#include "http/http2_client.h"
#include "http/http_output.h"
#include "http2/http2_session.h"
#include "loop/fiber.h"

enum {
    HTTP2_REQUESTS_KEPT_MAX = 256,             /* in a connection's pool */
    HTTP2_REPLY_ARENA_BYTES_MAX = 1024 * 1024, /* headers and trailers, within their limit */
};

struct http2_client {
    struct loop *loop;
    struct http_transport *transport; /* NULL: closed */
    struct http_output output;
    struct http2_session session;
    struct http2_client_events events;
    struct hpack_preset common; /* fields of requests */
    struct list requests;       /* whose streams are open, or about to be */
    struct list writers;        /* of those: fibers that wait for room */
    struct list ended;          /* whose streams are closed, but not they themselves */
    struct list idle_requests;  /* the pool */
    unsigned request_count;
    unsigned idle_request_count;
    const char *failure; /* of TLS; NULL: none */
    bool has_told_settled;
    bool refusing; /* GOAWAY came, or the streams' numbers are used up */
    bool has_told_refusing;
    bool retired; /* the output will not be touched any more */
    bool destroyed;

    struct http2_keepalive keepalive;
    struct loop_timer keepalive_timer;
    int64_t received_ns; /* when anything came last; loop_now_ns() */
    bool asked;          /* by PING, and nothing has come since */
    bool asked_too_often;
};

struct http2_headers {
    struct http_header *list; /* valid in the request's arena */
    size_t count;
    size_t capacity;
};

struct http2_request {
    struct list link; /* in the client's requests, ended ones or pool */
    struct list writer_link;
    struct http2_client *client; /* NULL: the connection is closed */
    struct call *call;
    struct http2_stream stream;
    bool is_open;      /* the session has the stream */
    bool is_abandoned; /* closed by its owner; waits for the stream to close */
    enum http2_outcome outcome;
    uint32_t error_code;

    struct hpack_field *head; /* to be sent; valid in the arena, its texts borrowed */
    size_t head_count;
    bool has_common; /* the client's fields too */

    struct arena arena;
    struct http2_headers block; /* being received */
    size_t block_bytes;
    struct http2_headers headers;
    struct http2_headers trailers;
    bool has_headers;
    bool is_headers_only;

    struct buffer input;   /* came, not read */
    struct buffer reading; /* lent to the reader */
    struct buffer output;  /* not sent yet */
    size_t output_sent;
    bool is_complete; /* nothing is added to the output any more */
    struct fiber_wait readable;
    struct fiber_wait writable;
};

/* What the session tells of replies. */
extern const struct http2_session_events http2_client_session_events;

/* One from the pool, or a new one, with nothing in it; NULL: no memory. */
struct http2_request *http2_request_take(struct http2_client *client);

/* The stream's turn: sends the head and what there is of the body. */
void http2_request_send(struct http2_session *session, struct http2_stream *stream);

static inline struct http2_request *http2_request_of(struct http2_stream *stream)
{
    return CONTAINER_OF(stream, struct http2_request, stream);
}

/* The headers have left. */
static inline bool http2_request_was_sent(const struct http2_request *request)
{
    return request->stream.id != 0;
}

/* The stream is no more: told to whom it concerns, or forgotten. */
void http2_request_end(struct http2_request *request, enum http2_outcome outcome,
                       uint32_t error_code);

/* Wakes writers that have room again. */
void http2_client_wake_writers(struct http2_client *client);

/* A request begins: the peer may have to be asked again. */
void http2_keepalive_resume(struct http2_client *client);
void http2_keepalive_end(struct http2_client *client);

/* Ends every request, tells the owner. */
void http2_client_close(struct http2_client *client);

void http2_request_free(struct http2_request *request);
