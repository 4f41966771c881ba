/* rating_upkeep.h: what a store needs done now and then, once a second on one loop: forgetting
 * event ids and tombstones whose time is over, looking for readers that keep pages from being used
 * again, and ending transactions of stopped processes. A part of main.c. */
#pragma once

#include "process/process.h"
#include "rating/rating_store.h"

enum {
    RATING_UPKEEP_MS = 1000,          /* from one turn to the next */
    RATING_UPKEEP_EXPIRE_MAX = 1000,  /* forgotten by one write */
    RATING_UPKEEP_EXPIRES_MAX = 20,   /* writes of a turn; what is left waits for the next */
    RATING_UPKEEP_TIMEOUT_MS = 10000, /* of a turn */
};

struct rating_upkeep;

/* In the open hook: adds the metrics marquee_rating_expired_total and
 * marquee_rating_upkeep_failures_total. STATUS_RESOURCE_EXHAUSTED: no memory. */
MUST_USE enum status rating_upkeep_create(struct process *process, struct call *call,
                                          const struct rating_store *store,
                                          struct rating_upkeep **ret_upkeep);

/* In a start hook: runs it on this loop from now on. Statuses as fiber_start(). */
MUST_USE enum status rating_upkeep_start(struct rating_upkeep *upkeep);

/* In the same loop's stop hook: ends it, and waits for it. */
void rating_upkeep_stop(struct rating_upkeep *upkeep);

/* After it was stopped. NULL is accepted. */
void rating_upkeep_destroy(struct rating_upkeep *upkeep);
