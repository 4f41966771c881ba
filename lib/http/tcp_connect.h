/* tcp_connect.h: opening a connection. */
#pragma once

#include "http/http_message.h"

struct loop;

/* Connects to "host:port". A name is resolved on a worker thread, and its addresses are tried one
 * after the other. Parks. STATUS_UNAVAILABLE: refused, unreachable, not resolved: the call's error
 * says which. STATUS_INVALID_ARGUMENT: malformed. STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED: the
 * call is over. *ret_fd is not blocking, close-on-exec, owned by the caller. */
MUST_USE enum status tcp_connect(struct loop *loop, struct call *call, struct text address,
                                 int *ret_fd);
