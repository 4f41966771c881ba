/* rating_ingester.h: applies rating events from a log to the store, exactly once in effect.
 *
 * Reads batches of one partition, decodes them, and has the repository apply votes, dead letters
 * and the partition's position in one transaction; a batch that another instance has applied
 * already is refused there (STATUS_ABORTED) and read anew from the stored position. Events that
 * cannot be decoded become dead letters with the reason. Nothing is ever skipped: while the store
 * is away the batch is tried again; a gap in the log, or a store that is damaged, stops ingestion
 * with an error.
 *
 * One batch is read and decoded while the one before it is being applied. Runs on a loop of its
 * own, so that decoding holds up no request. */
#pragma once

#include "base/log.h"
#include "eventlog/eventlog.h"
#include "rating/repository/rating_repository.h"

struct rating_ingester;
struct telemetry_page;

enum {
    RATING_INGESTER_BATCH_DEFAULT = 10000,
    RATING_INGESTER_ARENA_BYTES_MAX = 256 * 1024 * 1024, /* of one batch, decoded */
    RATING_INGESTER_REASON_BYTES_MAX = 512,
    RATING_INGESTER_PARTITIONS_MAX = EVENTLOG_PARTITIONS_MAX,
};

struct rating_ingester_options {
    struct rating_repository repository;
    const struct log *log; /* borrowed */
    size_t batch_max;      /* 0: RATING_INGESTER_BATCH_DEFAULT */
    /* NULL, or told from the ingestion loop when everything below next_offset is in the store. */
    void (*applied)(void *state, struct text topic, int32_t partition, int64_t next_offset);
    void *applied_state; /* borrowed */
};

/* STATUS_RESOURCE_EXHAUSTED: no memory. *ret_ingester is owned by the caller. */
MUST_USE enum status rating_ingester_create(const struct rating_ingester_options *options,
                                            struct rating_ingester **ret_ingester);

/* Where the consumer asks for the stored positions. */
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

/* Telemetry: events applied, dead letters, lag by partition. state: the ingester. */
void rating_ingester_write_metrics(void *state, struct telemetry_page *page);
