/* rating_ingester.h: applies rating events from a log to the store, by default exactly once in
 * effect.
 *
 * Reads batches of one partition, decodes them, and has the repository apply votes, dead letters
 * and the partition's position. Events that cannot be decoded become dead letters with the reason.
 * Nothing is ever skipped: while the store is away the batch is tried again, and nothing more is
 * read; a gap in the log, or a store that is damaged, stops ingestion with an error.
 *
 * When it comes to own a partition, an instance claims it in the store, which raises the
 * partition's epoch; every move of a position carries the epoch of its claim, in all modes. Who
 * was thought dead and is not, is refused there (STATUS_ABORTED): the batch and what follows it in
 * that partition are dropped, and the partition is claimed and read anew if the log says that it is
 * still owned, but not within RATING_INGESTER_CLAIM_PAUSE_MS of the claim before: two instances
 * that both believe to own it do not keep claiming it from each other.
 *
 * A position of 0 says that nothing has been applied: reading starts where the log does, wherever
 * that is.
 *
 * Memory: two batches, each at most RATING_INGESTER_ARENA_BYTES_MAX, of which the heap may take
 * twice as much, and what the consumer reads ahead; at any size of events, and however long the
 * store is away. One batch is read and decoded while the one before it is being applied. No event
 * waits for others to fill a batch. Runs on a loop of its own, so that decoding holds up no
 * request.
 */
#pragma once

#include "base/log.h"
#include "eventlog/eventlog.h"
#include "rating/repository/rating_repository.h"

struct rating_ingester;
struct telemetry_page;

enum {
    RATING_INGESTER_BATCH_DEFAULT = 10000,
    /* A batch ends with the event by which it has come to so many bytes, decoded. */
    RATING_INGESTER_BATCH_BYTES_MAX = 32 * 1024 * 1024,
    /* With that event, and the lists. A single event that does not fit stops ingestion. */
    RATING_INGESTER_ARENA_BYTES_MAX = 2 * RATING_INGESTER_BATCH_BYTES_MAX,
    RATING_INGESTER_REASON_BYTES_MAX = 768,
    RATING_INGESTER_PARTITIONS_MAX = EVENTLOG_PARTITIONS_MAX,
    RATING_INGESTER_CLAIM_PAUSE_MS = 1000, /* after a refusal, from claim to claim */
    RATING_INGESTER_LAG_MS = 500,          /* until a change of the lag is noted */
    RATING_INGESTER_SLOW_MS = 1000,        /* without an answer, the store is waited for */
    RATING_INGESTER_MOVES_MAX = 16,
};

enum rating_delivery {
    /* Votes, dead letters and position in one transaction: each event once in effect. */
    RATING_DELIVERY_EXACTLY_ONCE,
    /* First the votes and dead letters, then the position: what lies between them when a process
     * dies is applied again. */
    RATING_DELIVERY_AT_LEAST_ONCE,
    /* First the position, then the rest: what lies between them when a process dies is lost, and
     * so is a batch of which the store does not say whether it was applied. */
    RATING_DELIVERY_AT_MOST_ONCE,
};

/* A person's decision about a partition whose stored position is outside the log: when it is
 * claimed at `from`, it is moved to `to` first. */
struct rating_ingester_move {
    int32_t partition;
    int64_t from;
    int64_t to;
};

struct rating_burst;

struct rating_ingester_options {
    struct rating_repository repository;
    const struct log *log; /* borrowed */
    size_t batch_max;      /* 0: RATING_INGESTER_BATCH_DEFAULT */
    enum rating_delivery delivery;
    const struct rating_ingester_move *moves; /* borrowed for the call */
    size_t move_count;                        /* at most RATING_INGESTER_MOVES_MAX */
    /* NULL, or told from the ingestion loop when everything below next_offset is in the store. */
    void (*applied)(void *state, struct text topic, int32_t partition, int64_t next_offset);
    void *applied_state; /* borrowed */
    /* NULL, or says which votes are in a burst: these are held for review (rating_held.h), in the
     * batch's transaction. Borrowed. */
    struct rating_burst *burst;
};

/* STATUS_RESOURCE_EXHAUSTED: no memory. *ret_ingester is owned by the caller. */
MUST_USE enum status rating_ingester_create(const struct rating_ingester_options *options,
                                            struct rating_ingester **ret_ingester);

/* Where the consumer asks for the stored positions: asking claims the partition. */
struct eventlog_positions rating_ingester_positions(struct rating_ingester *ingester);

/* Starts ingesting from the consumer, which is consumed: closed by the end of the fiber. In a fiber
 * of the loop that is to run it. STATUS_RESOURCE_EXHAUSTED: no fiber; the consumer is closed. */
MUST_USE enum status rating_ingester_start(struct rating_ingester *ingester,
                                           struct eventlog_consumer consumer);

/* Ends the fiber after the batch it is at. In a fiber of the same loop. */
void rating_ingester_stop(struct rating_ingester *ingester);

/* After stop, or if never started. NULL is accepted. */
void rating_ingester_destroy(struct rating_ingester *ingester);

/* From any thread: whether ingestion goes on. false: it has stopped for good, with the reason
 * (static storage, or valid until destroy). */
bool rating_ingester_is_running(const struct rating_ingester *ingester, struct text *ret_reason);

/* From any thread: whether ingestion waits for the store: a batch or a claim was not taken and is
 * tried again, or has had no answer for RATING_INGESTER_SLOW_MS. With what the store said last
 * (STATUS_OK: nothing yet), and for how long by now. */
bool rating_ingester_is_waiting(const struct rating_ingester *ingester, enum status *ret_status,
                                int64_t *ret_waiting_ms);

/* Telemetry: what became of the events, batches and their times, lag by partition. state: the
 * ingester. */
void rating_ingester_write_metrics(void *state, struct telemetry_page *page);
