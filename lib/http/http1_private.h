/* http1_private.h: one HTTP/1.1 connection of a server: http1_connection.c takes requests,
 * http1_body.c their bodies, http1_reply.c replies. */
#pragma once

#include "http/http1_chunked.h"
#include "http/http1_parser.h"
#include "http/http_connection.h"
#include "http/http_exchange.h"

enum {
    HTTP1_INPUT_BYTES_MAX = 64 * 1024,   /* received and not looked at; then reading stops */
    HTTP1_BODY_BYTES_MAX = 64 * 1024,    /* of a body that the handler has not read */
    HTTP1_DISCARD_BYTES_MAX = 64 * 1024, /* of a body that nobody reads, to keep the connection */
    /* The same of one whose length is not known: the reply has said that the connection is kept, so
     * that closing it takes the client's next request with it. */
    HTTP1_DISCARD_CHUNKS_BYTES_MAX = 1024 * 1024,
    HTTP1_LINGER_MS = 2000, /* for the peer to close after our last byte */
};

enum http1_body_kind { HTTP1_BODY_NONE, HTTP1_BODY_LENGTH, HTTP1_BODY_CHUNKED };

struct http1_connection {
    struct http_connection *connection;
    struct buffer input; /* received, not taken yet */
    struct text pending; /* the same, or what is just being received */
    struct http1_scan scan;
    struct http_exchange *exchange; /* the request that is being handled */

    enum http1_body_kind body_kind; /* of the request; NONE also when it has been taken whole */
    uint64_t body_left;             /* of HTTP1_BODY_LENGTH */
    struct http1_chunked chunked;
    size_t discarded_bytes;

    int minor_version;
    bool keep_alive;
    bool is_chunked_reply;
    bool advancing;
    bool discarding; /* the exchange is over, its body is not */
    bool paused;
    bool writer_waits;
    bool ended;      /* the peer sends no more */
    bool closing;    /* no more requests; closes when all is written */
    bool broken_off; /* a reply was: the peer must not take what it has for all of it */
    bool lingering;  /* all is written, and shut down */
    int64_t idle_since_ns;
    int64_t head_since_ns; /* when a head began that is not complete; 0: none did */
    int64_t linger_since_ns;
};

extern const struct http_exchange_ops http1_exchange_ops;

/* Takes what has come of the request's body over to the exchange, as much as there is room for. */
void http1_take_body(struct http1_connection *http1);

/* Skips what has come of a body that nobody reads. */
void http1_discard_body(struct http1_connection *http1);

/* Puts the rest of `pending` where it stays, and stops or restarts reading. */
void http1_settle(struct http1_connection *http1);

/* Moves as much of a whole reply's body to the output as there is room for. */
void http1_move_whole(struct http1_connection *http1);
