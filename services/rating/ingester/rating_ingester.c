#include "rating/ingester/rating_ingester.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "loop/fiber.h"
#include "rating/ingester/rating_ingester_private.h"

/* How long to leave a store or log alone that could not be used: doubled each time, with a cap. */
#define PAUSE_FIRST_NS (50 * CLOCK_NS_PER_MS)
#define PAUSE_MAX_NS (2 * CLOCK_NS_PER_S)

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
    arena_init(&self->arena, RATING_INGESTER_ARENA_BYTES_MAX);
    cancellation_init(&self->stop);
    fiber_group_init(&self->fibers);
    *ret_ingester = self;
    return STATUS_OK;
}

void rating_ingester_destroy(struct rating_ingester *ingester)
{
    if (ingester != NULL) {
        arena_deinit(&ingester->arena);
        free(ingester);
    }
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

/* false: ingestion is being stopped. */
static bool pause_before_retry(struct rating_ingester *self, struct call *call)
{
    int64_t pause_ns = self->pause_ns > 0 ? self->pause_ns * 2 : PAUSE_FIRST_NS;
    self->pause_ns = pause_ns < PAUSE_MAX_NS ? pause_ns : PAUSE_MAX_NS;
    return fiber_sleep(call, self->pause_ns) == STATUS_OK;
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

/* What no waiting mends: a damaged store, or a batch that it will never take. */
static bool is_lasting(enum status status)
{
    return status == STATUS_DATA_LOSS || status == STATUS_INVALID_ARGUMENT ||
           status == STATUS_FAILED_PRECONDITION || status == STATUS_UNIMPLEMENTED;
}

/* Tries until the batch is in the store, is refused for good, or ingestion is stopped: nothing is
 * skipped. */
static enum status apply(struct rating_ingester *self, struct call *call,
                         const struct rating_batch *batch)
{
    struct rating_repository repository = self->options.repository;
    for (;;) {
        enum status status = repository.ops->apply(repository.state, call, batch);
        if (status == STATUS_OK || status == STATUS_ABORTED || status == STATUS_CANCELLED ||
            is_lasting(status)) {
            self->pause_ns = 0;
            return status;
        }
        log_call(self->options.log, LOG_WARNING, call, "events not stored; trying again",
                 LOG_FIELDS(log_string("status", status_name(status))));
        call_clear_error(call);
        if (!pause_before_retry(self, call)) {
            return STATUS_CANCELLED;
        }
    }
}

static void forget_lag(struct rating_ingester *self)
{
    for (size_t i = 0; i < RATING_INGESTER_PARTITIONS_MAX; i++) {
        atomic_store_explicit(&self->lags[i], 0, memory_order_relaxed);
    }
}

static void note_lag(struct rating_ingester *self)
{
    struct eventlog_lag lags[RATING_INGESTER_PARTITIONS_MAX];
    size_t count = self->consumer.ops->lag(self->consumer.state, lags, ARRAY_LENGTH(lags));
    forget_lag(self);
    for (size_t i = 0; i < count; i++) {
        if (lags[i].partition >= 0 && lags[i].partition < RATING_INGESTER_PARTITIONS_MAX) {
            atomic_store_explicit(&self->lags[lags[i].partition],
                                  lags[i].end_offset - lags[i].next_offset + 1,
                                  memory_order_relaxed);
        }
    }
}

static enum status ingest_batch(struct rating_ingester *self, struct call *call,
                                const struct eventlog_batch *events)
{
    const struct rating_position position = {
        .topic = events->topic, .partition = events->partition, .next_offset = events->next_offset};
    struct rating_batch batch = {.position = &position, .from_offset = events->from_offset};
    enum status status = rating_ingester_decode(call, events, &batch);
    if (status == STATUS_OK) {
        status = apply(self, call, &batch);
    }
    if (status == STATUS_OK) {
        self->consumer.ops->committed(self->consumer.state, events);
        atomic_fetch_add_explicit(&self->applied, batch.change_count, memory_order_relaxed);
        atomic_fetch_add_explicit(&self->set_aside, batch.dead_letter_count, memory_order_relaxed);
        note_lag(self);
    } else if (status == STATUS_ABORTED) {
        log_write(self->options.log, LOG_INFO, "another instance has ingested this; reading anew",
                  LOG_FIELDS(log_integer("partition", events->partition)));
        call_clear_error(call);
        self->consumer.ops->rewind(self->consumer.state, events->partition);
        status = STATUS_OK;
    }
    return status;
}

/* One poll and what comes of it. false: ingestion ends. */
static bool step(struct rating_ingester *self, struct call *call)
{
    struct eventlog_batch events;
    enum status status =
        self->consumer.ops->poll(self->consumer.state, call, self->options.batch_max, &events);
    if (status == STATUS_OK) {
        status = ingest_batch(self, call, &events);
        if (status != STATUS_OK && status != STATUS_CANCELLED) {
            stop_for_good(self, call, status);
        }
        return status == STATUS_OK;
    }
    if (status == STATUS_NOT_FOUND) {
        log_write(self->options.log, LOG_INFO, "the topic does not exist yet; waiting for it",
                  NULL);
        return true;
    }
    if (status == STATUS_UNAVAILABLE) {
        log_call(self->options.log, LOG_WARNING, call, "the event log cannot be read; trying again",
                 NULL);
        return pause_before_retry(self, call);
    }
    if (status != STATUS_CANCELLED) {
        stop_for_good(self, call, status);
    }
    return false;
}

static void ingest(void *argument)
{
    struct rating_ingester *self = argument;
    struct call call;
    bool goes_on = true;
    while (goes_on) {
        arena_reset(&self->arena);
        call_init(&call, &self->arena, 0);
        call.cancellation = &self->stop;
        goes_on = step(self, &call);
    }
    self->consumer.ops->close(self->consumer.state);
    forget_lag(self); /* the partitions are others' now */
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
