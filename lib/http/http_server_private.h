/* http_server_private.h: the server as its own files see it. */
#pragma once

#include "base/list.h"
#include "http/http_connection.h"
#include "http/http_date.h"
#include "http/http_route.h"
#include "loop/fiber.h"

struct http2_memory;

enum { HTTP_EXCHANGES_KEPT_MAX = 1024 }; /* in the pool, for the next requests */

struct http_server {
    struct loop *loop;
    struct http_server_options options;
    struct http_route_table *routes;
    uint32_t streams_max;
    int64_t idle_timeout_ms;
    int64_t header_timeout_ms;
    int64_t body_timeout_ms;
    size_t arena_bytes_max;

    struct http_listener *listener; /* NULL: does not accept */
    struct list connections;
    unsigned connection_count;
    struct list handshakes; /* of TLS; connections come of them */
    unsigned handshake_count;
    struct list exchanges;      /* taken */
    struct list idle_exchanges; /* the pool */
    unsigned exchange_count;
    unsigned idle_exchange_count;
    bool draining;
    struct fiber_wait *idle; /* of who waits for the last reply to leave, or NULL */

    struct http_date date;
    struct http2_memory *memory;
};

extern const struct http_protocol http_sniffing;

/* Wakes who waits in http_server_drain() or _destroy(), if it is time. */
void http_server_look_idle(struct http_server *server);

/* Tells the options' `refused`. */
void http_server_refused(struct http_server *server, const struct http_transport *transport,
                         const char *reason);

/* The socket that a server accepts from. STATUS_RESOURCE_EXHAUSTED: no descriptors or memory. */
struct http_listener;
MUST_USE enum status http_listener_open(struct http_server *server, int fd,
                                        struct http_listener **ret_listener);
/* NULL is accepted. */
void http_listener_close(struct http_listener *listener);
