#include "marquee/stream_transform.h"

#include "base/arena.h"
#include "json/json.h"

static enum status write_event(struct call *call, struct eventlog_outputs *outputs,
                               const struct stream_source *source, const struct stream_event *event,
                               struct text value, struct text topic, enum stream_key key)
{
    const struct text keys[] = {[STREAM_KEY_USER] = event->user,
                                [STREAM_KEY_RECORD] = event->record,
                                [STREAM_KEY_SAME] = source->record->key};
    struct eventlog_message message = {.key = keys[key], .time_ms = source->record->time_ms};
    if (message.key.length > EVENTLOG_KEY_BYTES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the key is longer than %d bytes",
                         EVENTLOG_KEY_BYTES_MAX);
    }
    enum status status = stream_event_write(call, source, event, value, &message.value);
    return status == STATUS_OK ? eventlog_outputs_add(outputs, call, topic, &message) : status;
}

/* "7", "7.5", "7.25". */
static struct text points_text(struct call *call, int32_t hundredths)
{
    int32_t points = hundredths / RATING_HUNDREDTHS_PER_POINT;
    int32_t rest = hundredths % RATING_HUNDREDTHS_PER_POINT;
    if (rest == 0) {
        return arena_format(call->arena, "%d", points);
    }
    return rest % 10 == 0 ? arena_format(call->arena, "%d.%d", points, rest / 10)
                          : arena_format(call->arena, "%d.%02d", points, rest);
}

static enum status transform(struct stream_transform *self, struct call *call,
                             const struct stream_source *source, struct eventlog_outputs *outputs)
{
    struct stream_event event;
    int32_t hundredths = 0;
    enum status status = stream_event_read(call, source, &event);
    if (status != STATUS_OK) {
        return status;
    }
    const struct stream_scale *scale = stream_scales_find(&self->scales, event.provider);
    if (scale == NULL) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "provider '%.*s' has no scale",
                         TEXT_ARGUMENTS(event.provider));
    }
    if (event.is_put) {
        status = stream_scale_apply(scale, call, event.value, &hundredths);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct text value = points_text(call, hundredths);
    if (value.data == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no room for an event");
    }
    return write_event(call, outputs, source, &event, value, self->to, self->key);
}

static enum status route(struct stream_route *self, struct call *call,
                         const struct stream_source *source, struct eventlog_outputs *outputs)
{
    struct stream_event event;
    struct text value = TEXT("");
    enum status status = stream_event_read(call, source, &event);
    if (status != STATUS_OK) {
        return status;
    }
    if (event.is_put) {
        enum json_kind kind = json_kind(event.value);
        if (kind != JSON_INTEGER && kind != JSON_REAL) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "value must be a number, not %s",
                             json_kind_name(kind));
        }
        value = json_number_text(event.value);
    }
    struct text topic = arena_format(call->arena, "%.*s.%s", TEXT_ARGUMENTS(self->prefix),
                                     record_type_name(event.record_type));
    if (topic.data == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no room for an event");
    }
    return write_event(call, outputs, source, &event, value, topic, self->key);
}

/* What is refused for what it is goes aside; any other failure ends the batch. */
static enum status settle(struct call *call, enum status status, struct eventlog_outputs *outputs,
                          struct text refused, const struct stream_source *source,
                          uint64_t *written, uint64_t *refused_count)
{
    if (status == STATUS_OK) {
        ++*written;
        return STATUS_OK;
    }
    if (status != STATUS_INVALID_ARGUMENT) {
        return status;
    }
    ++*refused_count;
    return stream_refuse(call, outputs, refused, source, call->error.message);
}

enum status stream_transform_process(void *state, struct call *call,
                                     const struct eventlog_batch *batch,
                                     struct eventlog_outputs *outputs)
{
    struct stream_transform *self = state;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
        const struct stream_source source = {batch->topic, batch->partition, &batch->records[i]};
        status = transform(self, call, &source, outputs);
        status = settle(call, status, outputs, self->refused, &source, &self->written,
                        &self->refused_count);
    }
    return status;
}

enum status stream_route_process(void *state, struct call *call, const struct eventlog_batch *batch,
                                 struct eventlog_outputs *outputs)
{
    struct stream_route *self = state;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
        const struct stream_source source = {batch->topic, batch->partition, &batch->records[i]};
        status = route(self, call, &source, outputs);
        status = settle(call, status, outputs, self->refused, &source, &self->written,
                        &self->refused_count);
    }
    return status;
}
