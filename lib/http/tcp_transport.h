/* tcp_transport.h: a transport over a connected socket. */
#pragma once

#include "http/http_transport.h"

/* fd: connected, not blocking; consumed, also on failure. Reads from the next turn on.
 * STATUS_RESOURCE_EXHAUSTED: no memory or descriptors. */
MUST_USE enum status tcp_transport_create(struct loop *loop, int fd,
                                          struct http_transport **ret_transport);
