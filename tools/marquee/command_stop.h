/* command_stop.h: a command that runs until it is told to stop: SIGINT and SIGTERM cancel the
 * session's call, so that it ends in order. A second one ends the process. */
#pragma once

#include "marquee/session.h"

struct loop_signal;

struct command_stop {
    /* private */
    struct session *session;
    struct cancellation cancellation;
    struct loop_signal *signals[2];
};

/* STATUS_RESOURCE_EXHAUSTED: no memory. The stop outlives every call within the session's. */
MUST_USE enum status command_stop_open(struct command_stop *stop, struct session *session);
void command_stop_close(struct command_stop *stop);

/* What a body that ran until it was stopped returns: STATUS_CANCELLED by a signal is no failure. */
enum status command_stop_outcome(const struct command_stop *stop, enum status status);
