#include "marquee/stream_event.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/clock.h"
#include "json/json.h"

/* An optional string is empty where it is not there. */
static enum status read_text(struct call *call, const struct json *event, const char *name,
                             bool is_optional, struct text *ret_text)
{
    const struct json *value = json_member(event, name);
    if (is_optional && json_kind(value) == JSON_ABSENT) {
        *ret_text = TEXT("");
        return STATUS_OK;
    }
    if (json_kind(value) != JSON_STRING) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "%s must be a string, not %s", name,
                         json_kind_name(json_kind(value)));
    }
    *ret_text = json_string(value);
    return STATUS_OK;
}

static enum status read_texts(struct call *call, const struct json *json,
                              struct stream_event *event)
{
    const struct {
        const char *name;
        bool is_optional;
        struct text *text;
    } rows[] = {{"userId", false, &event->user},        {"recordId", false, &event->record},
                {"recordType", false, &event->type},    {"providerId", false, &event->provider},
                {"eventType", false, &event->kind},     {"eventId", true, &event->event_id},
                {"eventTime", true, &event->event_time}};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < ARRAY_LENGTH(rows) && status == STATUS_OK; i++) {
        status = read_text(call, json, rows[i].name, rows[i].is_optional, rows[i].text);
    }
    return status;
}

enum status stream_event_read(struct call *call, const struct stream_source *source,
                              struct stream_event *ret_event)
{
    struct stream_event event = {.time_ms = source->record->time_ms};
    const struct json *json;
    enum status status = json_parse(call, source->record->value, &json);
    if (status == STATUS_OK && json_kind(json) != JSON_OBJECT) {
        status = call_fail(call, STATUS_INVALID_ARGUMENT, "an event is an object, not %s",
                           json_kind_name(json_kind(json)));
    }
    if (status == STATUS_OK) {
        status = read_texts(call, json, &event);
    }
    if (status == STATUS_OK) {
        status = record_type_parse(call, event.type, &event.record_type);
    }
    if (status != STATUS_OK) {
        return status;
    }
    event.is_put = text_equal(event.kind, TEXT("put"));
    if (!event.is_put && !text_equal(event.kind, TEXT("delete"))) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "eventType must be put or delete");
    }
    if (event.event_time.length > 0 && !clock_parse(event.event_time, &event.time_ms)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "eventTime is not a time in RFC 3339");
    }
    if (event.event_id.length > STREAM_ID_BYTES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "eventId is longer than %d bytes",
                         STREAM_ID_BYTES_MAX);
    }
    event.value = json_member(json, "value");
    *ret_event = event;
    return STATUS_OK;
}

/* The id that follows from the place: "TOPIC/PARTITION/OFFSET"; data is NULL when there is no room.
 */
static struct text source_id(struct call *call, const struct stream_source *source)
{
    return arena_format(call->arena, "%.*s/%" PRId32 "/%" PRId64, TEXT_ARGUMENTS(source->topic),
                        source->partition, source->record->offset);
}

static enum status no_room(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no room for an event");
}

enum status stream_event_write(struct call *call, const struct stream_source *source,
                               const struct stream_event *event, struct text value,
                               struct text *ret_json)
{
    char time[CLOCK_TIME_TEXT_BYTES];
    struct buffer buffer;
    struct json_writer writer;
    struct text id = event->event_id.length > 0 ? event->event_id : source_id(call, source);
    if (id.data == NULL) {
        return no_room(call);
    }
    buffer_init(&buffer, EVENTLOG_VALUE_BYTES_MAX);
    json_writer_init(&writer, &buffer);
    json_open_object(&writer);
    json_member_string(&writer, "userId", event->user);
    json_member_string(&writer, "recordId", event->record);
    json_member_string(&writer, "recordType", event->type);
    if (event->is_put) {
        json_write_name(&writer, TEXT("value"));
        json_write_raw(&writer, value);
    }
    json_member_string(&writer, "providerId", event->provider);
    json_member_string(&writer, "eventType", event->kind);
    json_member_string(&writer, "eventId", id);
    json_member_string(&writer, "eventTime", clock_format(event->time_ms, time));
    json_close_object(&writer);
    struct text json = json_writer_end(&writer) ? arena_copy(call->arena, buffer_text(&buffer))
                                                : (struct text){NULL, 0};
    buffer_deinit(&buffer);
    if (json.data == NULL) {
        return no_room(call);
    }
    *ret_json = json;
    return STATUS_OK;
}

enum status stream_refuse(struct call *call, struct eventlog_outputs *outputs, struct text topic,
                          const struct stream_source *source, struct text reason)
{
    const struct text rows[][2] = {
        {TEXT_INIT("__connect.errors.topic"), source->topic},
        {TEXT_INIT("__connect.errors.partition"),
         arena_format(call->arena, "%" PRId32, source->partition)},
        {TEXT_INIT("__connect.errors.offset"),
         arena_format(call->arena, "%" PRId64, source->record->offset)},
        {TEXT_INIT("__connect.errors.exception.message"), arena_copy(call->arena, reason)},
    };
    struct eventlog_header *headers =
        arena_calloc(call->arena, ARRAY_LENGTH(rows), sizeof(*headers));
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        if (headers == NULL || rows[i][1].data == NULL) {
            return no_room(call);
        }
        headers[i] = (struct eventlog_header){rows[i][0], rows[i][1]};
    }
    call_clear_error(call);
    return eventlog_outputs_add(outputs, call, topic,
                                &(struct eventlog_message){.key = source->record->key,
                                                           .value = source->record->value,
                                                           .headers = headers,
                                                           .header_count = ARRAY_LENGTH(rows)});
}
