/* eventlog_scan.h: reads all that a topic holds now, from where its consumer stands: for what is
 * rebuilt from the log, and for lists. Over any event log. */
#pragma once

#include "eventlog/eventlog.h"

enum {
    EVENTLOG_SCAN_BATCH = 10000,
    EVENTLOG_SCAN_LOOK_MS = 10, /* after so long without a record it is asked whether it is over */
};

/* How the partitions stand that the consumer owns and has begun to read. */
enum eventlog_progress { EVENTLOG_NOTHING_OWNED, EVENTLOG_BEHIND, EVENTLOG_AT_END };
enum eventlog_progress eventlog_progress(struct eventlog_consumer consumer);

/* Polls, and gives each batch to `visit`, until no partition that the consumer owns has more.
 * STATUS_NOT_FOUND: the topic does not exist. Otherwise as eventlog_consumer_ops.poll, or what
 * `visit` returned; the call's deadline is that of the whole. */
MUST_USE enum status eventlog_scan(struct eventlog_consumer consumer, struct call *call,
                                   enum status (*visit)(void *state, struct call *call,
                                                        const struct eventlog_batch *batch),
                                   void *state);
