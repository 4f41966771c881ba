/* http_connection.h: one peer of a server: its transport, its output, its timer, and the protocol
 * it turned out to speak. */
#pragma once

#include "base/list.h"
#include "http/http_output.h"
#include "http/http_server.h"

struct http_connection;

/* What HTTP/1.1 and HTTP/2 do differently. All are mandatory. */
struct http_protocol {
    /* Makes connection->state, by malloc(). false: no memory. */
    bool (*open)(struct http_connection *connection);
    void (*received)(struct http_connection *connection, struct text bytes);
    /* The peer sends no more. */
    void (*ended)(struct http_connection *connection);
    /* As struct http_output_events. */
    void (*fill)(struct http_connection *connection);
    void (*flushed)(struct http_connection *connection);
    /* No new requests from here on; closes when those that run have ended. Once. */
    void (*drain)(struct http_connection *connection);
    /* Whether drain() has nothing more to tell the peer; exchanges are counted elsewhere. */
    bool (*is_drained)(const struct http_connection *connection);
    /* Nothing is asked or answered. */
    bool (*is_idle)(const struct http_connection *connection);
    /* When the peer will have been silent for too long, on loop_now_ns(); in the past: now.
     * INT64_MAX: it need not say anything. */
    int64_t (*due_ns)(const struct http_connection *connection);
    /* The peer was: tells it where that is useful, and closes. */
    void (*expire)(struct http_connection *connection);
    /* Lets go of the exchanges, and of all but the memory of connection->state itself, which is
     * freed with the connection: whoever is at work on it finds it closed. */
    void (*close)(struct http_connection *connection);
};

enum {
    HTTP_PREFACE_BYTES = 14,  /* "PRI * HTTP/2.0", enough to tell HTTP/2 */
    HTTP_TLS_FIRST_BYTE = 22, /* of a handshake record (RFC 8446 section 5.1), no HTTP begins so */
};

struct http_connection {
    struct list link; /* in the server's connections */
    struct http_server *server;
    struct http_transport *transport; /* NULL: closed */
    const struct http_protocol *protocol;
    void *state; /* the protocol's */
    struct http_output output;
    struct loop_timer timer;
    int64_t active_ns; /* when something came or an exchange ended: what idleness counts from */
    int64_t opened_ns;
    int64_t age_due_ns;   /* when it is too old, and once `is_old`, when it is closed */
    const char *farewell; /* why it is drained, in a word for HTTP/2's last GOAWAY; or "" */
    unsigned running;     /* handlers of requests that came on it */
    bool is_old;
    bool draining;
    char sniffed[HTTP_PREFACE_BYTES];
    size_t sniffed_length;
};

/* Takes the transport over, also on failure. Over TLS the protocol is known, else it is looked for
 * in the first bytes. STATUS_RESOURCE_EXHAUSTED: no memory. */
MUST_USE enum status http_connection_open(struct http_server *server,
                                          struct http_transport *transport);

/* Closes at once; what runs is cancelled. Freed later in the turn. Closing again does nothing. */
void http_connection_close(struct http_connection *connection);

/* The same when all has been said: the peer knows that nothing is missing. */
void http_connection_finish(struct http_connection *connection);

/* The same for a peer that may still be sending: the transport closes when it ends
 * (http_parting.h).
 */
void http_connection_part(struct http_connection *connection);

void http_connection_drain(struct http_connection *connection);

/* Has the timer look at due_ns() again, which is sooner than before. */
void http_connection_watch(struct http_connection *connection);

/* Closes a connection that has been idle for HTTP_CONNECTION_YIELD_MS. false: none was found among
 * those looked at; the next call looks at others. */
MUST_USE bool http_connection_yield(struct http_server *server);

/* Without output progress by then, the peer is given up. */
int64_t http_connection_output_due_ns(const struct http_connection *connection);
