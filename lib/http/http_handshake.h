/* http_handshake.h: what a TLS server's connections are before they are connections. */
#pragma once

#include "base/list.h"
#include "http/http_transport.h"
#include "loop/loop.h"

struct http_server;

enum {
    HTTP_REFUSED_LINGER_MS = 1000, /* for the peer to read why its handshake failed */
};

struct http_handshake {
    struct list link; /* in the server's handshakes */
    struct http_server *server;
    struct http_transport *transport;
    struct loop_timer timer; /* of the wait for the peer's end */
};

/* Begins one over `inner`, which is consumed, also on failure; a connection comes of it, or a word
 * to the server's `refused`. STATUS_RESOURCE_EXHAUSTED: no memory, or HTTP_HANDSHAKES_MAX. */
MUST_USE enum status http_handshake_begin(struct http_server *server, struct http_transport *inner);

/* Breaks off all that are under way. */
void http_handshakes_close(struct http_server *server);
