#include "eventlog/eventlog_scan.h"

enum eventlog_progress eventlog_progress(struct eventlog_consumer consumer)
{
    struct eventlog_lag lags[EVENTLOG_PARTITIONS_MAX];
    size_t count = consumer.ops->lag(consumer.state, lags, ARRAY_LENGTH(lags));
    for (size_t i = 0; i < count; i++) {
        if (lags[i].end_offset < 0 || lags[i].next_offset < lags[i].end_offset) {
            return EVENTLOG_BEHIND;
        }
    }
    return count > 0 ? EVENTLOG_AT_END : EVENTLOG_NOTHING_OWNED;
}

enum status eventlog_scan(struct eventlog_consumer consumer, struct call *call,
                          enum status (*visit)(void *state, struct call *call,
                                               const struct eventlog_batch *batch),
                          void *state)
{
    for (;;) {
        struct eventlog_batch batch;
        struct call look = call_within(call, EVENTLOG_SCAN_LOOK_MS);
        enum status status = consumer.ops->poll(consumer.state, &look, EVENTLOG_SCAN_BATCH, &batch);
        if (status == STATUS_OK) {
            status = visit(state, call, &batch);
        } else if (status == STATUS_DEADLINE_EXCEEDED) {
            /* Every partition has been looked at: all of them are known now. */
            status = call_check(call);
            if (status == STATUS_OK && eventlog_progress(consumer) == EVENTLOG_AT_END) {
                return STATUS_OK;
            }
        } else {
            call->error = look.error;
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
}
