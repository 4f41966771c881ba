/* loop_poll.h: tells when a file descriptor can be read or written, for libraries that bring their
 * own. */
#pragma once

#include <stdbool.h>

#include "base/check.h"
#include "base/status.h"

struct loop;
struct loop_poll;

/* Has ready(argument) called on the loop's thread in every turn in which the descriptor can be read
 * (or is at its end): whoever is called reads it empty. The descriptor is borrowed until
 * loop_poll_close() and must be a socket, a pipe or an eventfd.
 * STATUS_RESOURCE_EXHAUSTED: no memory, or the descriptor cannot be watched. */
MUST_USE enum status loop_poll_open(struct loop *loop, int fd, void (*ready)(void *argument),
                                    void *argument, struct loop_poll **ret_poll);

/* Whether ready() is called also in every turn in which the descriptor can be written: at first
 * not. On the loop's thread. */
void loop_poll_set_writable(struct loop_poll *poll, bool wanted);

/* ready() is not called any more; the descriptor may be closed at once. NULL is accepted. On the
 * loop's thread, before loop_destroy(). */
void loop_poll_close(struct loop_poll *poll);
