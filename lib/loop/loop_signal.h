/* loop_signal.h: signals of the operating system as events of a loop, on its thread. */
#pragma once

#include "base/status.h"

struct loop;
struct loop_signal;

/* Has arrived(state, number) called whenever the signal comes, in place of its default action,
 * until loop_signal_close(). STATUS_RESOURCE_EXHAUSTED: no memory. *ret_signal is owned by the
 * caller. */
MUST_USE enum status loop_signal_open(struct loop *loop, int number,
                                      void (*arrived)(void *state, int number), void *state,
                                      struct loop_signal **ret_signal);

/* NULL is accepted. */
void loop_signal_close(struct loop_signal *loop_signal);
