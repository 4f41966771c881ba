/* http_server_private.h: the server as its own files see it. */
#pragma once

#include "base/list.h"
#include "http/http_connection.h"
#include "http/http_date.h"
#include "http/http_overload.h"
#include "http/http_parting.h"
#include "http/http_route.h"
#include "loop/fiber.h"

enum {
    HTTP_EXCHANGES_KEPT_MAX = 1024,                  /* in the pool, for the next requests */
    HTTP_EXCHANGES_KEPT_BYTES_MAX = 8 * 1024 * 1024, /* of their large buffers */
    HTTP_TIDY_MS = 2000,                             /* between two looks whether a rush is over */
    /* The rush is over when connections, exchanges, or bytes of exchanges are so many fewer than at
     * the look before. */
    HTTP_TIDY_DROP_MIN = 64,
    HTTP_TIDY_DROP_BYTES = 16 * 1024 * 1024,
    HTTP_TIDY_LARGE_BYTES = 256 * 1024, /* what smaller ones use is used again soon */
};

/* The most there was of something, in the time between two looks. */
struct http_peak {
    size_t now; /* since the last look */
    size_t before;
};

struct http_server {
    struct loop *loop;
    struct http_server_options options;
    struct http_route_table *routes;
    uint32_t streams_max;
    int64_t idle_timeout_ms;
    int64_t header_timeout_ms;
    int64_t body_timeout_ms;
    int64_t keepalive_time_ms;
    int64_t keepalive_timeout_ms;
    int64_t ping_interval_min_ms;
    int64_t connection_age_grace_ms;
    size_t arena_bytes_max;
    unsigned calls_max;
    int64_t delay_max_ms;
    struct http_load load;

    struct http_listener *listener; /* NULL: does not accept */
    struct list connections;
    unsigned connection_count;
    struct list handshakes; /* of TLS; connections come of them */
    unsigned handshake_count;
    struct list partings; /* transports of connections that have ended on our side */
    unsigned parting_count;
    struct list exchanges;      /* taken */
    struct list idle_exchanges; /* the pool */
    unsigned exchange_count;
    unsigned idle_exchange_count;
    size_t kept_bytes; /* of the large buffers in the pool */
    struct loop_timer tidy_timer;
    struct http_peak connection_peak;
    struct http_peak exchange_peak;
    struct http_peak ended_bytes; /* of the large arenas of exchanges that ended: their sum */
    bool draining;
    struct fiber_wait *idle; /* of who waits for the last reply to leave, or NULL */

    struct http_date date;
};

extern const struct http_protocol http_sniffing;

/* When a connection that is opened now will be too old, each at another time; INT64_MAX: never. */
int64_t http_server_age_due_ns(const struct http_server *server, int64_t opened_ns);
/* A connection or an exchange has come or gone: the next look is due within HTTP_TIDY_MS. */
void http_server_note_use(struct http_server *server);
/* An exchange ends that used so much of its arena. */
void http_server_note_end(struct http_server *server, size_t bytes);
void http_server_init_tidy(struct http_server *server);

/* Wakes who waits in http_server_drain() or _destroy(), if it is time. */
void http_server_look_idle(struct http_server *server);

/* Tells the options' `refused`. */
void http_server_refused(struct http_server *server, const struct http_transport *transport,
                         const char *reason);

/* The socket that a server accepts from. STATUS_RESOURCE_EXHAUSTED: no descriptors or memory. */
struct http_listener;
MUST_USE enum status http_listener_open(struct http_server *server, int fd,
                                        struct http_listener **ret_listener);
/* NULL is accepted by both. The first takes the connections that the kernel has made already: they
 * would be reset, with what was sent on them. */
void http_listener_finish(struct http_listener *listener);
void http_listener_close(struct http_listener *listener);
