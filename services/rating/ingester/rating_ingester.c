#include "rating/ingester/rating_ingester.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "loop/fiber.h"
#include "rating/ingester/rating_ingester_private.h"

enum status rating_ingester_create(const struct rating_ingester_options *options,
                                   struct rating_ingester **ret_ingester)
{
    struct rating_ingester *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    self->options = *options;
    if (self->options.batch_max == 0) {
        self->options.batch_max = RATING_INGESTER_BATCH_DEFAULT;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(self->batches); i++) {
        self->batches[i].ingester = self;
        arena_init(&self->batches[i].arena, RATING_INGESTER_ARENA_BYTES_MAX);
    }
    cancellation_init(&self->stop);
    cancellation_init(&self->poll_unwanted);
    fiber_group_init(&self->applier);
    fiber_group_init(&self->fibers);
    *ret_ingester = self;
    return STATUS_OK;
}

void rating_ingester_destroy(struct rating_ingester *ingester)
{
    if (ingester == NULL) {
        return;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(ingester->batches); i++) {
        arena_deinit(&ingester->batches[i].arena);
    }
    free(ingester);
}

static enum status stored_position(void *state, struct call *call, struct text topic,
                                   int32_t partition, int64_t *ret_next_offset)
{
    struct rating_ingester *self = state;
    struct rating_repository repository = self->options.repository;
    return repository.ops->get_position(repository.state, call, topic, partition, ret_next_offset);
}

struct eventlog_positions rating_ingester_positions(struct rating_ingester *ingester)
{
    return (struct eventlog_positions){.get = stored_position, .state = ingester};
}

static void stop_for_good(struct rating_ingester *self, const struct call *call, enum status status)
{
    struct text message = call->error.message;
    struct text why = message.length > 0 ? message : text_of(status_name(status));
    self->reason_length = why.length < sizeof(self->reason) ? why.length : sizeof(self->reason);
    memcpy(self->reason, why.data, self->reason_length);
    atomic_store_explicit(&self->failed, true, memory_order_release);
    log_call(self->options.log, LOG_ERROR, call, "ingestion has stopped; restart to try again",
             LOG_FIELDS(log_string("status", status_name(status))));
}

/* Waits for the batch that is being applied. What it was refused for: another instance has moved
 * on, so reading goes back to the stored position. false: ingestion ends. */
static bool finish_applying(struct rating_ingester *self)
{
    struct ingest_batch *batch = self->applying;
    if (batch == NULL) {
        return true;
    }
    fiber_group_join(&self->applier);
    self->applying = NULL;
    if (batch->status == STATUS_ABORTED) {
        log_write(self->options.log, LOG_INFO, "another instance has ingested this; reading anew",
                  LOG_FIELDS(log_integer("partition", batch->events.partition)));
        self->consumer.ops->rewind(self->consumer.state, batch->events.partition);
    } else if (batch->status != STATUS_OK && batch->status != STATUS_CANCELLED) {
        stop_for_good(self, &batch->call, batch->status);
    }
    return batch->status == STATUS_OK || batch->status == STATUS_ABORTED;
}

/* Hands the batch to a fiber of its own when the one before it has been applied. */
static bool start_applying(struct rating_ingester *self, struct ingest_batch *batch)
{
    const struct ingest_batch *before = self->applying;
    bool goes_on = finish_applying(self);
    if (!goes_on) {
        return false;
    }
    if (before != NULL && before->status == STATUS_ABORTED) {
        /* It may follow what was refused. Reading anew brings it again. */
        self->consumer.ops->rewind(self->consumer.state, batch->events.partition);
        return true;
    }
    self->applying = batch;
    enum status status = fiber_group_start(&self->applier, rating_ingester_apply, batch);
    if (status != STATUS_OK) {
        rating_ingester_apply(batch);
    }
    return true;
}

/* Takes from the records what the batch needs, and keeps none of them. */
static enum status decode(struct ingest_batch *batch, const struct eventlog_batch *events)
{
    batch->events = *events;
    batch->events.records = NULL;
    batch->events.topic = arena_copy(&batch->arena, events->topic);
    batch->position = (struct rating_position){.topic = batch->events.topic,
                                               .partition = events->partition,
                                               .next_offset = events->next_offset};
    batch->changes =
        (struct rating_batch){.position = &batch->position, .from_offset = events->from_offset};
    return batch->events.topic.data != NULL
               ? rating_ingester_decode(&batch->call, events, &batch->changes)
               : STATUS_RESOURCE_EXHAUSTED;
}

static bool take(struct rating_ingester *self, struct ingest_batch *batch,
                 const struct eventlog_batch *events)
{
    enum status status = decode(batch, events);
    batch->call.cancellation = &self->stop;
    if (status != STATUS_OK) {
        bool goes_on = finish_applying(self);
        if (goes_on) {
            stop_for_good(self, &batch->call, status);
        }
        return false;
    }
    return start_applying(self, batch);
}

/* One poll and what comes of it. false: ingestion ends. */
static bool step(struct rating_ingester *self, struct ingest_batch *batch)
{
    struct call *call = &batch->call;
    struct eventlog_batch events;
    arena_reset(&batch->arena);
    call_init(call, &batch->arena, 0);
    call->cancellation = &self->poll_unwanted;
    enum status status =
        self->consumer.ops->poll(self->consumer.state, call, self->options.batch_max, &events);
    if (status == STATUS_OK) {
        return take(self, batch, &events);
    }
    if (!finish_applying(self)) {
        return false;
    }
    if (status == STATUS_CANCELLED) {
        return !self->stop.requested;
    }
    if (status == STATUS_NOT_FOUND) {
        log_write(self->options.log, LOG_INFO, "the topic does not exist yet; waiting for it",
                  NULL);
        return true;
    }
    if (status == STATUS_UNAVAILABLE) {
        log_call(self->options.log, LOG_WARNING, call, "the event log cannot be read; trying again",
                 NULL);
        call->cancellation = &self->stop;
        return rating_ingester_pause(self, call);
    }
    stop_for_good(self, call, status);
    return false;
}

static void ingest(void *argument)
{
    struct rating_ingester *self = argument;
    bool goes_on = true;
    for (size_t turn = 0; goes_on; turn++) {
        if (self->poll_unwanted.requested && !self->stop.requested) {
            cancellation_init(&self->poll_unwanted);
        }
        goes_on = step(self, &self->batches[turn % ARRAY_LENGTH(self->batches)]);
    }
    fiber_group_join(&self->applier);
    self->consumer.ops->close(self->consumer.state);
    rating_ingester_forget_lag(self); /* the partitions are others' now */
}

enum status rating_ingester_start(struct rating_ingester *ingester,
                                  struct eventlog_consumer consumer)
{
    ingester->consumer = consumer;
    enum status status = fiber_group_start(&ingester->fibers, ingest, ingester);
    if (status != STATUS_OK) {
        consumer.ops->close(consumer.state);
    }
    return status;
}

void rating_ingester_stop(struct rating_ingester *ingester)
{
    cancellation_request(&ingester->stop);
    cancellation_request(&ingester->poll_unwanted);
    fiber_group_join(&ingester->fibers);
}

bool rating_ingester_is_running(const struct rating_ingester *ingester, struct text *ret_reason)
{
    if (!atomic_load_explicit(&ingester->failed, memory_order_acquire)) {
        return true;
    }
    *ret_reason = text_of_bytes(ingester->reason, ingester->reason_length);
    return false;
}
