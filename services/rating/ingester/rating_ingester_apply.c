/* From a decoded batch into the store. */
#include "base/clock.h"
#include "rating/ingester/rating_ingester_private.h"

/* How long to leave a store or log alone that could not be used: doubled each time, with a cap. */
#define PAUSE_FIRST_NS (50 * CLOCK_NS_PER_MS)
#define PAUSE_MAX_NS (2 * CLOCK_NS_PER_S)

bool rating_ingester_pause(struct rating_ingester *self, struct call *call)
{
    int64_t pause_ns = self->pause_ns > 0 ? self->pause_ns * 2 : PAUSE_FIRST_NS;
    self->pause_ns = pause_ns < PAUSE_MAX_NS ? pause_ns : PAUSE_MAX_NS;
    return fiber_sleep(call, self->pause_ns) == STATUS_OK;
}

/* What no waiting mends: a damaged store, or a batch that it will never take. */
static bool is_lasting(enum status status)
{
    return status == STATUS_DATA_LOSS || status == STATUS_INVALID_ARGUMENT ||
           status == STATUS_FAILED_PRECONDITION || status == STATUS_UNIMPLEMENTED;
}

/* Tries until the batch is in the store, is refused for good, or ingestion is stopped: nothing is
 * skipped. */
static enum status apply_until_done(struct rating_ingester *self, struct call *call,
                                    const struct rating_batch *changes)
{
    struct rating_repository repository = self->options.repository;
    for (;;) {
        enum status status = repository.ops->apply(repository.state, call, changes);
        if (status == STATUS_OK || status == STATUS_ABORTED || status == STATUS_CANCELLED ||
            is_lasting(status)) {
            self->pause_ns = 0;
            return status;
        }
        log_call(self->options.log, LOG_WARNING, call, "events not stored; trying again",
                 LOG_FIELDS(log_string("status", status_name(status))));
        call_clear_error(call);
        if (!rating_ingester_pause(self, call)) {
            return STATUS_CANCELLED;
        }
    }
}

void rating_ingester_forget_lag(struct rating_ingester *self)
{
    for (size_t i = 0; i < RATING_INGESTER_PARTITIONS_MAX; i++) {
        atomic_store_explicit(&self->lags[i], 0, memory_order_relaxed);
    }
}

static void note_lag(struct rating_ingester *self)
{
    struct eventlog_lag lags[RATING_INGESTER_PARTITIONS_MAX];
    size_t count = self->consumer.ops->lag(self->consumer.state, lags, ARRAY_LENGTH(lags));
    rating_ingester_forget_lag(self);
    for (size_t i = 0; i < count; i++) {
        if (lags[i].partition >= 0 && lags[i].partition < RATING_INGESTER_PARTITIONS_MAX) {
            atomic_store_explicit(&self->lags[lags[i].partition],
                                  lags[i].end_offset - lags[i].next_offset + 1,
                                  memory_order_relaxed);
        }
    }
}

void rating_ingester_apply(void *argument)
{
    struct ingest_batch *batch = argument;
    struct rating_ingester *self = batch->ingester;
    batch->status = apply_until_done(self, &batch->call, &batch->changes);
    if (batch->status != STATUS_OK) {
        cancellation_request(&self->poll_unwanted);
        return;
    }
    if (self->options.applied != NULL) {
        self->options.applied(self->options.applied_state, batch->events.topic,
                              batch->events.partition, batch->events.next_offset);
    }
    self->consumer.ops->committed(self->consumer.state, &batch->events);
    atomic_fetch_add_explicit(&self->applied, batch->changes.change_count, memory_order_relaxed);
    atomic_fetch_add_explicit(&self->set_aside, batch->changes.dead_letter_count,
                              memory_order_relaxed);
    note_lag(self);
}
