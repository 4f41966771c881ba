/* tcp_transport.h: a transport over a connected socket. */
#pragma once

#include "http/http_transport.h"

/* When the kernel asks a silent peer whether it is still there, which HTTP/1.1 itself cannot. After
 * that it is asked twice more, and given up. */
enum {
    TCP_KEEPALIVE_AFTER_S = 60,
    TCP_KEEPALIVE_INTERVAL_S = 10,
    TCP_KEEPALIVE_PROBES = 2,
};

/* fd: connected, not blocking; consumed, also on failure. Reads from the next turn on.
 * STATUS_RESOURCE_EXHAUSTED: no memory or descriptors. */
MUST_USE enum status tcp_transport_create(struct loop *loop, int fd,
                                          struct http_transport **ret_transport);
