/* eventlog_processor.h: consume, process, produce, commit: the loop of whatever reads one topic and
 * writes others, over any event log.
 *
 * At least once: what a batch gave is acknowledged by the log before the batch is committed, so
 * that after a crash at any moment the batch is processed again, and nothing is passed over. Then
 * its messages are in the log twice. Who needs them once in effect makes `process` a function of
 * the records alone, and gives each message an id that follows from the record's topic, partition
 * and offset: the same again is then known as the same.
 *
 * Memory is bounded by one batch and what it gives. While the log is away, it is tried again. In a
 * fiber of the loop that the consumer and the producer belong to. */
#pragma once

#include "eventlog/eventlog.h"

struct eventlog_outputs;

enum {
    EVENTLOG_PROCESSOR_BATCH_DEFAULT = 1000,
    EVENTLOG_PROCESSOR_TOPICS_MAX = 16, /* that one processor writes */
    EVENTLOG_PROCESSOR_ARENA_BYTES_MAX = 2 * EVENTLOG_PRODUCE_BYTES_MAX,
    EVENTLOG_PROCESSOR_PRODUCE_MS = 30000, /* for one attempt */
    EVENTLOG_PROCESSOR_PAUSE_MS = 50,      /* after a failure; doubles, up to */
    EVENTLOG_PROCESSOR_PAUSE_MS_MAX = 2000,
};

struct eventlog_processor {
    /* set by the owner */
    struct eventlog_consumer consumer; /* borrowed; it starts at what its group has committed */
    struct eventlog_producer producer; /* borrowed; without ops: nothing is produced */
    size_t batch_max;                  /* 0: EVENTLOG_PROCESSOR_BATCH_DEFAULT */
    int64_t idle_ms; /* ends when nothing came for so long and there is no more; 0: never */
    /* Turns a batch into messages, by eventlog_outputs_add(). The call's arena lasts until the
     * batch is committed. Not OK: processing ends with that status, the batch uncommitted. */
    enum status (*process)(void *state, struct call *call, const struct eventlog_batch *batch,
                           struct eventlog_outputs *outputs);
    void *state;
    /* NULL, or told what is being waited out: the topic is not there yet (NOT_FOUND), the log
     * cannot be read or does not take what is produced. */
    void (*troubled)(void *state, const struct call *call, enum status status);
    void *troubled_state;
    /* read only */
    uint64_t consumed;
    uint64_t produced; /* acknowledged */
};

/* Processes until the call is over (CANCELLED, DEADLINE_EXCEEDED), nothing came for idle_ms (OK),
 * or what cannot be waited out: STATUS_DATA_LOSS as eventlog_consumer_ops.poll,
 * STATUS_INVALID_ARGUMENT: the log refuses a message for what it is, STATUS_RESOURCE_EXHAUSTED: no
 * memory, or what `process` returned. */
MUST_USE enum status eventlog_processor_run(struct eventlog_processor *processor,
                                            struct call *call);

/* Adds a message of the batch. Its order within its topic is kept; topics are produced to in the
 * order in which they first occur, each when the one before it was acknowledged. The texts and
 * headers last as long as the call's arena.
 * STATUS_RESOURCE_EXHAUSTED: more than EVENTLOG_BATCH_MAX messages or EVENTLOG_PRODUCE_BYTES_MAX
 * for one topic, EVENTLOG_PROCESSOR_TOPICS_MAX topics, or no memory; the call's error says which.
 */
MUST_USE enum status eventlog_outputs_add(struct eventlog_outputs *outputs, struct call *call,
                                          struct text topic,
                                          const struct eventlog_message *message);
