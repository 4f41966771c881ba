/* rating_ingester_private.h: the parts of an ingester, for the files of this folder. */
#pragma once

#include <stdatomic.h>

#include "base/arena.h"
#include "loop/fiber.h"
#include "rating/ingester/rating_ingester.h"

/* One batch on its way into the store. */
struct ingest_batch {
    struct rating_ingester *ingester;
    struct arena arena;
    struct call call;
    struct eventlog_batch events; /* without the records: those are the log's */
    struct rating_position position;
    struct rating_batch changes;
    enum status status; /* of applying it */
};

struct rating_ingester {
    struct rating_ingester_options options;
    struct eventlog_consumer consumer;
    /* One is read and decoded while the other is being applied. */
    struct ingest_batch batches[2];
    struct ingest_batch *applying; /* NULL: none */
    struct fiber_group applier;
    struct cancellation stop;
    struct cancellation poll_unwanted; /* stopped, or the batch being applied has failed */
    struct fiber_group fibers;
    int64_t pause_ns; /* the last one before a retry; 0: all is well */
    _Atomic bool failed;
    char reason[RATING_INGESTER_REASON_BYTES_MAX]; /* written once, before `failed` */
    size_t reason_length;
    _Atomic uint64_t applied;
    _Atomic uint64_t set_aside;
    _Atomic int64_t lags[RATING_INGESTER_PARTITIONS_MAX]; /* plus one; 0: not owned */
};

/* Fills in changes and dead letters of the batch; valid in the call's arena, whatever becomes of
 * the records. STATUS_RESOURCE_EXHAUSTED: no room. */
MUST_USE enum status rating_ingester_decode(struct call *call, const struct eventlog_batch *events,
                                            struct rating_batch *batch);

/* Applies the batch, trying again while the store is away, and tells the log. Its outcome is in
 * batch->status; poll_unwanted is requested unless it is OK. In a fiber of its own. */
void rating_ingester_apply(void *batch);

/* false: ingestion is being stopped. */
bool rating_ingester_pause(struct rating_ingester *self, struct call *call);

/* No partition is owned any more. */
void rating_ingester_forget_lag(struct rating_ingester *self);
