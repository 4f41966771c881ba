/* http_overload.h: when a server takes no more, so that what it has taken is done in time. Nothing
 * queues: a request is begun at once or refused at once.
 *
 * Three rules, looked at when a request is about to begin:
 * - as many handlers run as may (calls_max): UNAVAILABLE;
 * - half as many run, and this connection has its share of them, which is calls_max over the
 *   connections that have any and one more: RESOURCE_EXHAUSTED. One client's flood leaves room for
 *   the others; a connection alone may have half of what there is;
 * - the loop's turn began more than delay_max_ms ago, and so it was within the last
 *   HTTP_LATE_MEMORY_MS: UNAVAILABLE. What is begun in the first part of a turn is served, the rest
 *   is refused: the loop works at its capacity, and what waits in the sockets does not grow older.
 *   Late once is no overload: the process may have been stopped. */
#pragma once

#include "http/http_server.h"

struct http_exchange;

/* How long an earlier late turn counts. */
#define HTTP_LATE_MEMORY_MS INT64_C(1000)

/* Of one server: on its loop's thread only. */
struct http_load {
    unsigned running;  /* handlers */
    unsigned busy;     /* connections that have any */
    uint64_t refused;  /* requests, since the server was made */
    int64_t late_ns;   /* when a request last began too late */
    int64_t turn_ns;   /* the turn that was in */
    int64_t before_ns; /* when one last did in an earlier turn; 0: none did */
};

/* Whether the exchange, which began at started_ns, must be refused. If so, *ret_overload says how.
 */
MUST_USE bool http_overload_refuses(struct http_exchange *exchange,
                                    struct http_overload *ret_overload);

/* A handler is about to run, or needs its connection no more: it has returned, or the connection
 * has let go. */
void http_load_enter(struct http_exchange *exchange);
void http_load_leave_connection(struct http_exchange *exchange);
/* And has returned. */
void http_load_leave(struct http_exchange *exchange);
