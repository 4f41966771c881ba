/* rating_ingester_private.h: the parts of an ingester, for the files of this folder. */
#pragma once

#include <stdatomic.h>

#include "base/arena.h"
#include "loop/fiber.h"
#include "rating/ingester/rating_ingester.h"

struct rating_ingester {
    struct rating_ingester_options options;
    struct eventlog_consumer consumer;
    struct arena arena; /* of the batch at hand */
    struct cancellation stop;
    struct fiber_group fibers;
    int64_t pause_ns; /* the last one before a retry; 0: all is well */
    _Atomic bool failed;
    char reason[RATING_INGESTER_REASON_BYTES_MAX]; /* written once, before `failed` */
    size_t reason_length;
    _Atomic uint64_t applied;
    _Atomic uint64_t set_aside;
    _Atomic int64_t lags[RATING_INGESTER_PARTITIONS_MAX]; /* plus one; 0: not owned */
};

/* Fills in changes and dead letters of the batch; valid in the call's arena.
 * STATUS_RESOURCE_EXHAUSTED: no room. */
MUST_USE enum status rating_ingester_decode(struct call *call, const struct eventlog_batch *events,
                                            struct rating_batch *batch);
