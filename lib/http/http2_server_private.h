/* http2_server_private.h: one HTTP/2 connection of a server: http2_server.c is its life,
 * http2_server_events.c takes requests, http2_exchange.c replies, http2_fault.c sends away. */
#pragma once

#include "http/http2_server_keepalive.h"
#include "http/http_connection.h"
#include "http/http_exchange.h"
#include "http2/http2_session.h"

enum {
    HTTP2_LINGER_MS = 2000, /* for a peer that was sent away to read why, and to close */
};

struct http2_connection {
    struct http_connection *connection;
    struct http2_session session;
    struct list streams;  /* exchanges that are attached */
    struct list ready;    /* of those: complete requests that wait to be started */
    struct list writers;  /* of those: handlers that wait for room */
    struct list pending;  /* of those: something of the reply waits for the peer */
    struct list leaving;  /* exchanges whose stream is gone, whose handler is not */
    size_t waiting_bytes; /* of replies in parts, that the session has not taken */
    struct http2_server_keepalive keepalive;
    int64_t progress_ns; /* as http_output's, for `pending` and the peer's windows */
    int64_t idle_since_ns;
    int64_t notice_ns; /* when the first GOAWAY of a drain was sent; 0: none was */
    bool terminated;   /* the last GOAWAY was sent */
    int64_t blamed_ns; /* when */
    bool blamed;       /* the peer is at fault, and is not listened to any more */
    bool lingering;    /* and all is written, and shut down */
};

static inline struct http2_connection *http2_of_session(struct http2_session *session)
{
    return CONTAINER_OF(session, struct http2_connection, session);
}

extern const struct http2_session_events http2_server_events;

extern const struct http_exchange_ops http2_exchange_ops;

/* The session's `write`: sends what there is of the stream's reply. */
void http2_write_reply(struct http2_session *session, struct http2_stream *stream);

/* Wakes handlers that have room again. */
void http2_wake_writers(struct http2_connection *http2);

/* Ends the connection with that code: the peer is told so, and is not listened to any more. Who
 * called it watches the connection afterwards. */
void http2_blame(struct http_connection *connection, uint32_t error_code, const char *reason);

/* After the session was at work: if it has failed, the peer is to blame. */
void http2_note_failure(struct http_connection *connection);

/* The PING that follows the first GOAWAY of a drain. */
extern const uint8_t http2_drain_ping[HTTP2_PING_BYTES];

/* The second and last GOAWAY: whatever the peer had under way when it read the first has come. */
void http2_end_notice(struct http2_connection *http2);

/* Whether as many handlers go on without their streams as may run with them: who opens and resets
 * must not have more of them at work than who waits for replies. */
bool http2_has_too_many_leaving(const struct http_connection *connection);

/* When the peer will have left its windows closed for too long. A stream that goes on may stand
 * still where its client is busy; a reply that is complete may not. */
int64_t http2_pending_due_ns(const struct http_connection *connection);

/* All is written: half-closes, and waits for the peer to do the same. Closing now could make it
 * lose the GOAWAY, if something that it sent is unread. */
void http2_linger(struct http_connection *connection);

/* Nothing of them is sent any more; what runs is cancelled. */
void http2_let_go_of_streams(struct http2_connection *http2);
