/* http2_server_keepalive.h: PING in both directions on a server's connection: those of the client,
 * which may not come too often (gRFC A8), and ours, which find out that it has vanished (gRFC A9).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"

struct http_server;

enum {
    HTTP2_PING_STRIKES_MAX = 2, /* pings that come too soon; one more ends the connection */
};

/* Between the pings of a client that has no call running, unless the server permits them. */
#define HTTP2_PING_WITHOUT_CALLS_MS INT64_C(7200000)

struct http2_server_keepalive {
    /* private */
    int64_t pinged_ns;      /* when our ping was sent that is not answered; 0: none was */
    int64_t peer_pinged_ns; /* when the peer's last one came; 0: none has */
    unsigned strikes;
    bool sent; /* HEADERS or DATA have gone out since the peer's last ping */
};

/* HEADERS or DATA go out: the client may ping again without being counted. */
static inline void http2_server_keepalive_sent(struct http2_server_keepalive *keepalive)
{
    keepalive->sent = true;
}

/* Something has come, which answers a ping of ours whatever it is. */
static inline void http2_server_keepalive_received(struct http2_server_keepalive *keepalive)
{
    keepalive->pinged_ns = 0;
}

/* Counts a ping of the client. false: it is one too many. */
MUST_USE bool http2_server_keepalive_pinged(struct http2_server_keepalive *keepalive,
                                            const struct http_server *server, bool has_calls,
                                            int64_t now_ns);

/* When something is to be done about a client from which nothing has come since `active_ns`. */
int64_t http2_server_keepalive_due_ns(const struct http2_server_keepalive *keepalive,
                                      const struct http_server *server, int64_t active_ns);

enum http2_server_keepalive_action {
    HTTP2_SERVER_KEEPALIVE_WAIT,
    HTTP2_SERVER_KEEPALIVE_PING,
    HTTP2_SERVER_KEEPALIVE_CLOSE, /* a ping was not answered in time */
};

/* What that is. A ping that it asks for counts as sent. */
enum http2_server_keepalive_action
http2_server_keepalive_expire(struct http2_server_keepalive *keepalive,
                              const struct http_server *server, int64_t active_ns, int64_t now_ns);
