/* rating_watch.h: waiting for the change log to grow, the same in every repository.
 *
 * Who writes in this process says so, and all who wait for that are woken at once. What other
 * processes write is looked for by one thread of the watch, every RATING_WATCH_LOOK_MS, and only
 * while somebody waits. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/call.h"

/* Half of what RATING_REPOSITORY_NOTICE_MS promises: a look is begun in time and has time left. */
enum { RATING_WATCH_LOOK_MS = 100 };

struct rating_watch;

/* look: gives the last sequence that the store has given, by whomever; false: it cannot be told
 * now. On the watch's own thread. NULL: nobody else writes to this store, and no thread is started.
 * state: borrowed until destroyed. STATUS_RESOURCE_EXHAUSTED: no memory or threads. */
MUST_USE enum status rating_watch_create(bool (*look)(void *state, int64_t *ret_last), void *state,
                                         struct rating_watch **ret_watch);

/* Nobody may be waiting; the loops of those who have waited still exist. NULL is accepted. */
void rating_watch_destroy(struct rating_watch *watch);

/* The log has records up to `last`. From any thread. */
void rating_watch_notify(struct rating_watch *watch, int64_t last);

/* Parks the fiber until the log has been seen to have a record after `after`, or the call is over.
 * STATUS_RESOURCE_EXHAUSTED: no memory. */
MUST_USE enum status rating_watch_wait(struct rating_watch *watch, struct call *call,
                                       int64_t after);
