#include "rating/ingester/rating_ingester.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "loop/fiber.h"
#include "rating/ingester/rating_ingester_private.h"

enum { NO_PARTITION = -1 };

enum status rating_ingester_create(const struct rating_ingester_options *options,
                                   struct rating_ingester **ret_ingester)
{
    struct rating_ingester *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    CHECK(options->move_count <= RATING_INGESTER_MOVES_MAX);
    self->options = *options;
    if (options->move_count > 0) {
        memcpy(self->moves, options->moves, options->move_count * sizeof(*options->moves));
    }
    if (self->options.batch_max == 0) {
        self->options.batch_max = RATING_INGESTER_BATCH_DEFAULT;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(self->batches); i++) {
        self->batches[i].ingester = self;
        arena_init(&self->batches[i].arena, RATING_INGESTER_ARENA_BYTES_MAX);
    }
    cancellation_init(&self->stop);
    cancellation_init(&self->poll_unwanted);
    cancellation_init(&self->ended);
    fiber_group_init(&self->applier);
    fiber_group_init(&self->fibers);
    fiber_group_init(&self->watcher);
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

struct eventlog_positions rating_ingester_positions(struct rating_ingester *ingester)
{
    return (struct eventlog_positions){.get = rating_ingester_claim, .state = ingester};
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

enum outcome {
    OUTCOME_GOES_ON,
    OUTCOME_DROPPED, /* what was read follows a batch that was refused; it will be read anew */
    OUTCOME_ENDED,
};

/* Another instance has claimed the partition, or has moved its position: it is to be claimed and
 * read anew, if the log says that it is ours. */
static void give_way(struct rating_ingester *self, int32_t partition)
{
    rating_ingester_partition(self, partition)->refused = true;
    atomic_fetch_add_explicit(&self->counters.refused, 1, memory_order_relaxed);
    log_write(self->options.log, LOG_WARNING,
              "refused: another instance has claimed this partition; reading anew",
              LOG_FIELDS(log_integer("partition", partition)));
    self->consumer.ops->rewind(self->consumer.state, partition);
}

/* Waits for the batch that is being applied. partition: what was read since. */
static enum outcome finish_applying(struct rating_ingester *self, int32_t partition)
{
    struct ingest_batch *batch = self->applying;
    if (batch == NULL) {
        return OUTCOME_GOES_ON;
    }
    fiber_group_join(&self->applier);
    self->applying = NULL;
    if (batch->status == STATUS_ABORTED) {
        give_way(self, batch->events.partition);
        return batch->events.partition == partition ? OUTCOME_DROPPED : OUTCOME_GOES_ON;
    }
    if (batch->status != STATUS_OK && batch->status != STATUS_CANCELLED) {
        stop_for_good(self, &batch->call, batch->status);
    }
    return batch->status == STATUS_OK ? OUTCOME_GOES_ON : OUTCOME_ENDED;
}

/* Hands the batch to a fiber of its own when the one before it has been applied. */
static enum outcome start_applying(struct rating_ingester *self, struct ingest_batch *batch)
{
    enum outcome outcome = finish_applying(self, batch->events.partition);
    if (outcome != OUTCOME_GOES_ON) {
        return outcome;
    }
    self->applying = batch;
    self->turn++;
    if (fiber_group_start(&self->applier, rating_ingester_apply, batch) != STATUS_OK) {
        rating_ingester_apply(batch);
    }
    return OUTCOME_GOES_ON;
}

/* The one that is not being applied, empty. */
static struct ingest_batch *next_batch(struct rating_ingester *self,
                                       struct cancellation *cancellation)
{
    struct ingest_batch *batch = &self->batches[self->turn % ARRAY_LENGTH(self->batches)];
    arena_reset(&batch->arena);
    call_init(&batch->call, &batch->arena, 0);
    batch->call.cancellation = cancellation;
    return batch;
}

/* What the batch needs of where the records come from. */
static enum status describe(struct ingest_batch *batch, const struct eventlog_batch *events,
                            int64_t from_offset)
{
    struct text topic = arena_copy(&batch->arena, events->topic);
    if (topic.data == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    batch->events = (struct eventlog_batch){
        .topic = topic, .partition = events->partition, .from_offset = from_offset};
    batch->source = (struct rating_source){topic, events->partition};
    batch->position = (struct rating_position){
        .topic = topic,
        .partition = events->partition,
        .epoch = rating_ingester_partition(batch->ingester, events->partition)->epoch};
    batch->changes = (struct rating_batch){
        .source = &batch->source, .position = &batch->position, .from_offset = from_offset};
    return STATUS_OK;
}

/* Takes from the records what the batches need, and keeps none of them: in as many batches as they
 * need. false: ingestion ends. */
static bool take(struct rating_ingester *self, const struct eventlog_batch *events)
{
    struct ingest_partition *own = rating_ingester_partition(self, events->partition);
    int64_t from_offset = events->from_offset;
    enum outcome outcome = OUTCOME_GOES_ON;
    if (own->next_offset < 0) {
        own->next_offset = events->records[0].offset;
    }
    for (size_t at = 0; at < events->count && outcome == OUTCOME_GOES_ON;) {
        struct ingest_batch *batch = next_batch(self, &self->stop);
        enum status status = describe(batch, events, from_offset);
        if (status == STATUS_OK) {
            status = rating_ingester_decode(batch, events, &at);
        }
        if (status == STATUS_OK) {
            from_offset = batch->events.next_offset;
            outcome = start_applying(self, batch);
            continue;
        }
        outcome = finish_applying(self, events->partition);
        if (outcome == OUTCOME_GOES_ON) {
            stop_for_good(self, &batch->call, status);
            outcome = OUTCOME_ENDED;
        }
    }
    return outcome != OUTCOME_ENDED;
}

/* The log's words say what is missing where; here, what can be done about it. */
static void say_what_helps(struct call *call)
{
    struct text words = call->error.message;
    call_clear_error(call);
    (void)call_fail(call, STATUS_DATA_LOSS,
                    "%.*s; to go on without what is missing, start once with --move-position "
                    "PARTITION@FROM-TO",
                    TEXT_ARGUMENTS(words));
}

/* What a poll says that has given nothing. false: ingestion ends. */
static bool answer_poll(struct rating_ingester *self, struct call *call, enum status status)
{
    if (finish_applying(self, NO_PARTITION) == OUTCOME_ENDED) {
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
    if (status == STATUS_DATA_LOSS) {
        say_what_helps(call);
    }
    stop_for_good(self, call, status);
    return false;
}

/* One poll and what comes of it. false: ingestion ends. */
static bool step(struct rating_ingester *self)
{
    struct call *call = &next_batch(self, &self->poll_unwanted)->call;
    struct eventlog_batch events;
    enum status status =
        self->consumer.ops->poll(self->consumer.state, call, self->options.batch_max, &events);
    return status == STATUS_OK ? take(self, &events) : answer_poll(self, call, status);
}

static void ingest(void *argument)
{
    struct rating_ingester *self = argument;
    bool goes_on = true;
    if (fiber_group_start(&self->watcher, rating_ingester_watch_lag, self) != STATUS_OK) {
        log_write(self->options.log, LOG_WARNING, "no fiber to watch the lag", NULL);
    }
    while (goes_on) {
        if (self->poll_unwanted.requested && !self->stop.requested) {
            cancellation_init(&self->poll_unwanted);
        }
        goes_on = step(self);
    }
    fiber_group_join(&self->applier);
    cancellation_request(&self->ended);
    fiber_group_join(&self->watcher);
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
