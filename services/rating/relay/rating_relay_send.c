/* From events to messages, and from messages to the log. */
#include "base/clock.h"
#include "rating/relay/rating_relay_private.h"

enum status rating_relay_produce(struct rating_relay *self, struct text topic,
                                 const struct eventlog_message *messages, size_t count)
{
    size_t delivered;
    if (count == 0 || topic.length == 0) {
        return STATUS_OK;
    }
    if (self->unconfirmed < 0) {
        self->unconfirmed = self->position.next_offset;
    }
    return self->producer.ops->produce(self->producer.state, &self->call, topic, messages, count,
                                       &delivered);
}

static enum status finish_message(struct rating_relay *self, bool encoded, struct text key,
                                  int64_t time_ms, struct eventlog_message *ret_message)
{
    struct eventlog_message message = {
        .key = arena_copy(&self->arena, key),
        .value = arena_copy(&self->arena, buffer_text(&self->buffer)),
        .time_ms = time_ms,
    };
    if (!encoded || message.key.data == NULL || message.value.data == NULL) {
        return call_fail(&self->call, STATUS_RESOURCE_EXHAUSTED, "no memory for an event");
    }
    *ret_message = message;
    return STATUS_OK;
}

enum status rating_relay_encode_change(struct rating_relay *self,
                                       const struct rating_change_event *event,
                                       struct eventlog_message *ret_message)
{
    char key[RATING_OUTBOX_KEY_BYTES_MAX];
    buffer_clear(&self->buffer);
    bool encoded = rating_change_event_encode(event, &self->buffer);
    return finish_message(self, encoded, rating_change_event_key(event, key), event->time_ms,
                          ret_message);
}

enum status rating_relay_encode_aggregate(struct rating_relay *self,
                                          const struct rating_aggregate_event *event,
                                          struct eventlog_message *ret_message)
{
    char key[RATING_OUTBOX_KEY_BYTES_MAX];
    buffer_clear(&self->buffer);
    bool encoded = rating_aggregate_event_encode(event, &self->buffer);
    return finish_message(self, encoded, rating_aggregate_event_key(event, key), event->time_ms,
                          ret_message);
}

enum status rating_relay_confirm(struct rating_relay *self, int64_t sequence)
{
    struct rating_repository repository = self->options.repository;
    struct rating_position moved = self->position;
    moved.next_offset = sequence;
    const struct rating_batch batch = {.position = &moved,
                                       .from_offset = self->position.next_offset};
    enum status status = repository.ops->apply(repository.state, &self->call, &batch);
    self->position_known = status == STATUS_OK;
    if (status == STATUS_OK) {
        self->position = moved;
        self->unconfirmed = -1;
    } else if (status == STATUS_ABORTED) {
        rating_relay_add(&self->figures.fenced, 1);
    }
    return status;
}

bool rating_relay_mark_is_due(struct rating_relay *self)
{
    int64_t now_ns = clock_monotonic_ns();
    if (now_ns < self->mark_due_ns) {
        return false;
    }
    self->mark_due_ns = now_ns + RATING_RELAY_MARK_MS * CLOCK_NS_PER_MS;
    return true;
}

void rating_relay_add(_Atomic uint64_t *figure, size_t count)
{
    atomic_fetch_add_explicit(figure, count, memory_order_relaxed);
}
