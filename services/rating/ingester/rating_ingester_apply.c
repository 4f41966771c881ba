/* From a decoded batch into the store, by the mode of delivery. */
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

/* Tries until it is in the store, is refused for good, or ingestion is stopped: nothing is skipped.
 * only_surely: not again when the store does not say whether it was applied. */
static enum status apply_until_done(struct rating_ingester *self, struct call *call,
                                    const struct rating_batch *changes, bool only_surely)
{
    struct rating_repository repository = self->options.repository;
    for (;;) {
        ingest_wait_ask(&self->apply_wait);
        enum status status = repository.ops->apply(repository.state, call, changes);
        bool is_unsure = status == STATUS_DEADLINE_EXCEEDED && only_surely;
        if (status == STATUS_OK || status == STATUS_ABORTED || status == STATUS_CANCELLED ||
            is_lasting(status) || is_unsure) {
            self->pause_ns = 0;
            ingest_wait_end(&self->apply_wait);
            return status;
        }
        log_call(self->options.log, LOG_WARNING, call, "events not stored; trying again",
                 LOG_FIELDS(log_string("status", status_name(status))));
        ingest_wait_refused(&self->apply_wait, status);
        call_clear_error(call);
        if (!rating_ingester_pause(self, call)) {
            return STATUS_CANCELLED;
        }
    }
}

static enum status move_position(struct ingest_batch *batch)
{
    const struct rating_batch move = {.source = &batch->source,
                                      .position = &batch->position,
                                      .from_offset = batch->changes.from_offset};
    return apply_until_done(batch->ingester, &batch->call, &move, false);
}

static enum status apply_without_position(struct ingest_batch *batch, bool only_surely)
{
    struct rating_batch changes = batch->changes;
    changes.position = NULL;
    changes.from_offset = 0;
    return apply_until_done(batch->ingester, &batch->call, &changes, only_surely);
}

static enum status apply_at_most_once(struct ingest_batch *batch)
{
    struct rating_ingester *self = batch->ingester;
    enum status status = move_position(batch);
    if (status != STATUS_OK) {
        return status;
    }
    status = apply_without_position(batch, true);
    if (status != STATUS_DEADLINE_EXCEEDED) {
        return status;
    }
    log_call(self->options.log, LOG_WARNING, &batch->call, "events given up, being at most once",
             LOG_FIELDS(log_integer("partition", batch->events.partition),
                        log_integer("from", batch->events.from_offset),
                        log_integer("to", batch->events.next_offset)));
    atomic_fetch_add_explicit(&self->counters.abandoned, batch->events.count, memory_order_relaxed);
    batch->changes.change_count = 0;
    batch->changes.dead_letter_count = 0;
    return STATUS_OK;
}

static enum status apply(struct ingest_batch *batch)
{
    switch (batch->ingester->options.delivery) {
    case RATING_DELIVERY_AT_MOST_ONCE:
        return apply_at_most_once(batch);
    case RATING_DELIVERY_AT_LEAST_ONCE: {
        enum status status = apply_without_position(batch, false);
        return status == STATUS_OK ? move_position(batch) : status;
    }
    case RATING_DELIVERY_EXACTLY_ONCE:
    default:
        return apply_until_done(batch->ingester, &batch->call, &batch->changes, false);
    }
}

void rating_ingester_apply(void *argument)
{
    struct ingest_batch *batch = argument;
    struct rating_ingester *self = batch->ingester;
    struct ingest_partition *partition = rating_ingester_partition(self, batch->events.partition);
    int64_t began_ns = clock_monotonic_ns();
    batch->status = apply(batch);
    if (batch->status != STATUS_OK) {
        cancellation_request(&self->poll_unwanted);
        return;
    }
    if (self->options.applied != NULL) {
        self->options.applied(self->options.applied_state, batch->events.topic,
                              batch->events.partition, batch->events.next_offset);
    }
    self->consumer.ops->committed(self->consumer.state, &batch->events);
    partition->next_offset = batch->events.next_offset;
    atomic_store_explicit(&partition->applied_time_ms, batch->last_time_ms, memory_order_relaxed);
    rating_ingester_count(self, &batch->changes, clock_monotonic_ns() - began_ns);
}
