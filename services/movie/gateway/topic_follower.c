#include "movie/gateway/topic_follower.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "loop/fiber.h"

#define PAUSE_FIRST_NS (50 * CLOCK_NS_PER_MS)
#define PAUSE_MAX_NS (TOPIC_FOLLOWER_PAUSE_MS_MAX * CLOCK_NS_PER_MS)
#define OPEN_TIMEOUT_MS INT64_C(10000)

struct topic_follower {
    struct topic_follower_options options;
    struct eventlog_consumer consumer;
    struct arena arena;
    struct arena record_arena;
    struct call call;
    struct cancellation stop;
    struct fiber_group fibers;
    size_t partitions;                             /* 0: not known yet */
    int64_t pause_ns;                              /* the last one; 0: all is well */
    int64_t next_offsets[EVENTLOG_PARTITIONS_MAX]; /* plus one; 0: from the beginning */
};

/* Where reading goes on, should the log ask again. */
static enum status read_position(void *state, struct call *call, struct text topic,
                                 int32_t partition, int64_t *ret_next_offset)
{
    const struct topic_follower *self = state;
    (void)call;
    (void)topic;
    if (partition < 0 || partition >= EVENTLOG_PARTITIONS_MAX ||
        self->next_offsets[partition] == 0) {
        return STATUS_NOT_FOUND;
    }
    *ret_next_offset = self->next_offsets[partition] - 1;
    return STATUS_OK;
}

static void begin_call(struct topic_follower *self, int64_t timeout_ms)
{
    arena_reset(&self->arena);
    call_init(&self->call, &self->arena, timeout_ms);
    self->call.cancellation = &self->stop;
}

static void survive(struct topic_follower *self, const char *what, enum status status)
{
    if (self->stop.requested) {
        return;
    }
    log_call(self->options.log, LOG_WARNING, &self->call, what,
             LOG_FIELDS(log_string("status", status_name(status))));
    int64_t pause_ns = self->pause_ns > 0 ? self->pause_ns * 2 : PAUSE_FIRST_NS;
    self->pause_ns = pause_ns < PAUSE_MAX_NS ? pause_ns : PAUSE_MAX_NS;
    begin_call(self, 0);
    status_ignore(fiber_sleep(&self->call, self->pause_ns)); /* or is being stopped */
}

static void take_batch(struct topic_follower *self, const struct eventlog_batch *batch)
{
    int64_t unreadable = 0;
    struct call call;
    for (size_t i = 0; i < batch->count; i++) {
        call_init(&call, &self->record_arena, 0);
        unreadable += self->options.take(self->options.receiver, &call, &batch->records[i]) ? 0 : 1;
        arena_reset(&self->record_arena);
    }
    if (unreadable > 0) {
        log_write(self->options.log, LOG_WARNING, "events that cannot be read were passed over",
                  LOG_FIELDS(log_text("topic", batch->topic), log_integer("events", unreadable)));
    }
    self->next_offsets[batch->partition] = batch->next_offset + 1;
    if (self->options.commits) {
        self->consumer.ops->committed(self->consumer.state, batch);
    }
    self->pause_ns = 0;
}

static enum status count_partitions(struct topic_follower *self,
                                    struct eventlog_partition_state *states)
{
    begin_call(self, OPEN_TIMEOUT_MS);
    enum status status = self->options.partitions(self->options.source, &self->call, states,
                                                  EVENTLOG_PARTITIONS_MAX, &self->partitions);
    if (status != STATUS_OK) {
        self->partitions = 0;
    }
    return status;
}

/* A partition that this consumer has not come to yet is not among those whose lag it tells. */
static void look(struct topic_follower *self)
{
    struct eventlog_lag lags[EVENTLOG_PARTITIONS_MAX];
    size_t count = self->consumer.ops->lag(self->consumer.state, lags, ARRAY_LENGTH(lags));
    if (count > 0 && self->partitions == 0) {
        struct eventlog_partition_state states[EVENTLOG_PARTITIONS_MAX];
        enum status status = count_partitions(self, states);
        if (status != STATUS_OK) {
            survive(self, "the topic cannot be looked at; trying again", status);
        }
    }
    if (count > 0 && count == self->partitions) {
        self->options.look(self->options.receiver, lags, count);
    }
}

/* From where reading begins. A topic that is not there yet has its end at its beginning. */
static enum status find_start(struct topic_follower *self)
{
    struct eventlog_partition_state states[EVENTLOG_PARTITIONS_MAX];
    memset(self->next_offsets, 0, sizeof(self->next_offsets));
    self->partitions = 0;
    enum status status = self->options.from_end ? count_partitions(self, states) : STATUS_OK;
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    for (size_t i = 0; i < self->partitions; i++) {
        self->next_offsets[i] = states[i].end_offset + 1;
    }
    self->options.restart(self->options.receiver);
    return STATUS_OK;
}

/* Until the records that come next are lost, or it is being stopped. */
static void read_records(struct topic_follower *self)
{
    enum status status = STATUS_OK;
    while (!self->stop.requested && status != STATUS_DATA_LOSS) {
        struct eventlog_batch batch;
        begin_call(self, TOPIC_FOLLOWER_LOOK_MS);
        status = self->consumer.ops->poll(self->consumer.state, &self->call,
                                          TOPIC_FOLLOWER_BATCH_MAX, &batch);
        if (status == STATUS_OK) {
            take_batch(self, &batch);
        }
        if (status == STATUS_OK || status == STATUS_DEADLINE_EXCEEDED) {
            look(self);
            fiber_give_way(); /* to being stopped, however much there is to read */
        } else if (status == STATUS_NOT_FOUND) {
            log_write(self->options.log, LOG_INFO, "the topic does not exist yet; waiting for it",
                      NULL);
        } else if (status != STATUS_DATA_LOSS && status != STATUS_CANCELLED) {
            survive(self, "the event log cannot be read; trying again", status);
        }
    }
}

static void follow(void *argument)
{
    struct topic_follower *self = argument;
    const struct eventlog_positions positions = {.get = read_position, .state = self};
    while (!self->stop.requested) {
        enum status status = find_start(self);
        if (status == STATUS_OK) {
            begin_call(self, OPEN_TIMEOUT_MS);
            status =
                self->options.open(self->options.source, &self->call, positions, &self->consumer);
        }
        if (status != STATUS_OK) {
            survive(self, "the event log cannot be opened; trying again", status);
            continue;
        }
        read_records(self);
        self->consumer.ops->close(self->consumer.state);
        if (!self->stop.requested) {
            survive(self, "events are lost; reading anew", STATUS_DATA_LOSS);
        }
    }
}

static void destroy(struct topic_follower *self)
{
    arena_deinit(&self->arena);
    arena_deinit(&self->record_arena);
    free(self);
}

enum status topic_follower_start(const struct topic_follower_options *options,
                                 struct topic_follower **ret_follower)
{
    struct topic_follower *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    self->options = *options;
    arena_init(&self->arena, TOPIC_FOLLOWER_ARENA_BYTES_MAX);
    arena_init(&self->record_arena, TOPIC_FOLLOWER_ARENA_BYTES_MAX);
    cancellation_init(&self->stop);
    fiber_group_init(&self->fibers);
    enum status status = fiber_group_start(&self->fibers, follow, self);
    if (status != STATUS_OK) {
        destroy(self);
        return status;
    }
    *ret_follower = self;
    return STATUS_OK;
}

void topic_follower_stop(struct topic_follower *follower)
{
    if (follower == NULL) {
        return;
    }
    cancellation_request(&follower->stop);
    fiber_group_join(&follower->fibers);
    destroy(follower);
}
