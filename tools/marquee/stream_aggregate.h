/* stream_aggregate.h: aggregation as a broker's role: votes counted by record in windows of event
 * time (stream_window.h), for eventlog/eventlog_processor.h. Each closed count is an event in the
 * topic `to`, keyed by the record.
 *
 * The counts are made for each partition by itself. Where the key of the topic that is read is the
 * record, a record's votes are in one partition and there is one result for a window; otherwise
 * results of one window from several partitions are to be added up.
 *
 * Nothing is counted twice, whenever the process dies. The state, which is in memory, is a function
 * of the log; what a restart needs to have it again is kept in a topic of its own (`checkpoints`,
 * one key for each group, topic and partition, to be compacted): the watermark, and the offset of
 * the first vote in a window that was open. It is produced only after the results that were due
 * before it were acknowledged, and it is where reading starts (the offsets that the group commits
 * are for lag tools):
 *
 * - Votes from that offset on that belong to windows which were closed are late against the
 *   watermark, and are not counted again.
 * - Those of windows that were open are all behind that offset, and are counted anew, to the same
 *   counts.
 * - Results after the last checkpoint come a second time, with the same counts and the same
 *   `resultId`: "TOPIC/PARTITION/START/TYPE/RECORD". Who stores them by it has them once.
 *
 * Two processes that take each other for dead write the same results, and checkpoints that are all
 * true; an older one that comes later only has more read again. */
#pragma once

#include "marquee/stream_event.h"
#include "marquee/stream_window.h"

enum { STREAM_CHECKPOINT_WAIT_MS = 30000 };

struct stream_aggregate {
    /* set by the owner */
    struct text group;
    struct text from;        /* the topic that is read */
    struct text to;          /* the topic of the results */
    struct text checkpoints; /* the topic of the state's */
    int64_t window_ms;
    int64_t lateness_ms;
    /* A reader by itself of the topic `checkpoints`, from its beginning. */
    enum status (*open_checkpoints)(void *state, struct call *call,
                                    struct eventlog_consumer *ret_consumer);
    void *state;
    /* read only */
    uint64_t counted;
    uint64_t late;
    uint64_t repeated;    /* of an event id that the window has already */
    uint64_t passed_over; /* no votes: deletions, and what is no event */
    uint64_t results;
    /* private */
    struct stream_windows *partitions[EVENTLOG_PARTITIONS_MAX];
};

void stream_aggregate_deinit(struct stream_aggregate *aggregate);

/* Where its consumer starts, with the state as it was there. */
struct eventlog_positions stream_aggregate_positions(struct stream_aggregate *aggregate);

/* state: a struct stream_aggregate. */
MUST_USE enum status stream_aggregate_process(void *state, struct call *call,
                                              const struct eventlog_batch *batch,
                                              struct eventlog_outputs *outputs);
