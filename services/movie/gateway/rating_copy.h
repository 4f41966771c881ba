/* rating_copy.h: a copy of all aggregates in memory, kept up to date by events that may come twice,
 * late and out of order.
 *
 * An aggregate is taken only if its sequence is above that of the one that is held. Records are
 * spread over shards by their ids; a reader holds its shard's lock for one look-up, a writer for
 * one change: neither waits for anything else with it. Safe from any thread. */
#pragma once

#include "rating/model/rating_outbox_event.h"

struct rating_copy;

enum {
    RATING_COPY_SHARDS = 64,
    RATING_COPY_RECORDS_DEFAULT = 1000000,
    RATING_COPY_RECORDS_MAX = 100000000,
    RATING_COPY_SWEEP_COUNT = 256, /* records looked at under one lock */
};

/* records_max: how many are kept. STATUS_RESOURCE_EXHAUSTED: no memory. Owned by the caller. */
MUST_USE enum status rating_copy_create(size_t records_max, struct rating_copy **ret_copy);

/* NULL is accepted. */
void rating_copy_destroy(struct rating_copy *copy);

/* Takes an event of the kind RATING_EVENT_AGGREGATE. false: it is not news, or there is no room
 * (then rating_copy_is_full()). */
bool rating_copy_put(struct rating_copy *copy, const struct rating_aggregate_event *event);

/* From now on, what is held or comes with a sequence below this one has no votes. */
void rating_copy_complete(struct rating_copy *copy, int64_t sequence);

/* Forgets everything. */
void rating_copy_clear(struct rating_copy *copy);

enum rating_copy_answer {
    RATING_COPY_RATED,
    RATING_COPY_NO_VOTES, /* of records that are not held, true only if every record is */
    RATING_COPY_UNKNOWN,  /* not held, and a record was refused for want of room */
};

/* *ret_aggregate: count and sum, of RATING_COPY_RATED alone; the histogram is not kept. */
enum rating_copy_answer rating_copy_get(struct rating_copy *copy, struct record_key record,
                                        struct rating_aggregate *ret_aggregate);

size_t rating_copy_count(const struct rating_copy *copy);

/* Whether a record has been refused for want of room. */
bool rating_copy_is_full(const struct rating_copy *copy);
