/* rating_ingester_private.h: the parts of an ingester, for the files of this folder. */
#pragma once

#include <stdatomic.h>

#include "base/arena.h"
#include "loop/fiber.h"
#include "rating/ingester/rating_ingester.h"

enum { INGEST_HISTOGRAM_BINS = 9 }; /* the last: all that is larger */

/* Written on the ingestion loop, read by any thread. */
struct ingest_histogram {
    _Atomic uint64_t bins[INGEST_HISTOGRAM_BINS];
    _Atomic uint64_t sum;
};

/* Upper bounds of the bins but the last: of events in a batch, and of microseconds. */
extern const int64_t rating_ingester_size_bounds[INGEST_HISTOGRAM_BINS - 1];
extern const int64_t rating_ingester_time_bounds_us[INGEST_HISTOGRAM_BINS - 1];

/* Of one thing that the store is asked for, until it has taken it. Written on the ingestion loop.
 */
struct ingest_wait {
    _Atomic int64_t since_ns; /* 0: nothing is asked for */
    _Atomic int64_t asked_ns; /* the last time */
    _Atomic int status;       /* enum status of its last answer */
};

struct ingest_counters {
    _Atomic uint64_t events; /* taken: whatever became of them, but for dead letters */
    _Atomic uint64_t stale;
    _Atomic uint64_t absent;
    _Atomic uint64_t duplicates;
    _Atomic uint64_t dead_letters;
    _Atomic uint64_t refused;   /* batches, for the epoch or the position */
    _Atomic uint64_t abandoned; /* events given up in at-most-once */
    struct ingest_histogram batch_events;
    struct ingest_histogram apply_us;
};

/* What this instance knows of a partition. */
struct ingest_partition {
    int64_t epoch;                   /* of its last claim; 0: never */
    int64_t claimed_ns;              /* when that was */
    int64_t next_offset;             /* the first that is not applied; -1: not known yet */
    bool refused;                    /* since then */
    _Atomic int64_t lag;             /* plus one; 0: not owned, or not known yet */
    _Atomic int64_t applied_time_ms; /* of the last record that was applied; 0: none yet */
};

/* One batch on its way into the store. */
struct ingest_batch {
    struct rating_ingester *ingester;
    struct arena arena;
    struct call call;
    struct eventlog_batch events; /* without the records: those are the log's */
    struct rating_source source;
    struct rating_position position;
    struct rating_batch changes; /* with the position; how it is applied, the mode says */
    int64_t last_time_ms;        /* of its last record */
    enum status status;          /* of applying it */
};

struct rating_ingester {
    struct rating_ingester_options options; /* without `moves` */
    struct rating_ingester_move moves[RATING_INGESTER_MOVES_MAX];
    struct eventlog_consumer consumer;
    /* One is read and decoded while the other is being applied. */
    struct ingest_batch batches[2];
    size_t turn;                   /* of the next batch */
    struct ingest_batch *applying; /* NULL: none */
    struct fiber_group applier;
    struct cancellation stop;
    struct cancellation poll_unwanted; /* stopped, or the batch being applied has failed */
    struct cancellation ended;         /* nothing is read any more */
    struct fiber_group fibers;
    struct fiber_group watcher;
    int64_t pause_ns; /* the last one before a retry; 0: all is well */
    _Atomic bool failed;
    char reason[RATING_INGESTER_REASON_BYTES_MAX]; /* written once, before `failed` */
    size_t reason_length;
    struct ingest_wait apply_wait;
    struct ingest_wait claim_wait;
    struct ingest_partition partitions[RATING_INGESTER_PARTITIONS_MAX];
    struct ingest_counters counters;
};

/* As eventlog_positions.get: claims the partition, so that whoever had it before is refused. */
MUST_USE enum status rating_ingester_claim(void *ingester, struct call *call, struct text topic,
                                           int32_t partition, int64_t *ret_next_offset);

/* Of a partition that the ports name: inside the table (CHECKed). */
struct ingest_partition *rating_ingester_partition(struct rating_ingester *self, int32_t partition);

/* Asks again, or for the first time; what the store said to that. */
void ingest_wait_ask(struct ingest_wait *wait);
void ingest_wait_refused(struct ingest_wait *wait, enum status status);
void ingest_wait_end(struct ingest_wait *wait);

/* Fills in changes and dead letters of the records from *at on, as many as a batch may have, and
 * moves *at behind them: one at least. Valid in the batch's arena, whatever becomes of the records.
 * STATUS_RESOURCE_EXHAUSTED: no room for that one. */
MUST_USE enum status rating_ingester_decode(struct ingest_batch *batch,
                                            const struct eventlog_batch *events, size_t *at);

/* Applies the batch, trying again while the store is away, and tells the log. Its outcome is in
 * batch->status; poll_unwanted is requested unless it is OK. In a fiber of its own. */
void rating_ingester_apply(void *batch);

/* false: ingestion is being stopped. */
bool rating_ingester_pause(struct rating_ingester *self, struct call *call);

/* Notes the lag of each owned partition, now and then, until `ended`. In a fiber of its own. */
void rating_ingester_watch_lag(void *ingester);

/* No partition is owned any more. */
void rating_ingester_forget_lag(struct rating_ingester *self);

/* Counts a batch that is in the store, its outcomes included. */
void rating_ingester_count(struct rating_ingester *self, const struct rating_batch *changes,
                           int64_t apply_ns);
