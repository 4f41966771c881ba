#include "rating/model/rating_outbox_event.h"

#include "base/clock.h"
#include "json/json.h"

static const char *const marks[] = {
    [RATING_EVENT_AGGREGATE] = NULL,
    [RATING_EVENT_CURRENT] = "current",
    [RATING_EVENT_COMPLETE] = "complete",
};

/* Keys */

static struct text write_key(struct text key, char room[static RATING_OUTBOX_KEY_BYTES_MAX])
{
    CHECK(key.length <= RATING_OUTBOX_KEY_BYTES_MAX);
    memcpy(room, key.data, key.length);
    return text_of_bytes(room, key.length);
}

/* No mark has a '/' in it. */
static struct text write_record_key(struct record_key record,
                                    char room[static RATING_OUTBOX_KEY_BYTES_MAX])
{
    struct text type = text_of(record_type_name(record.type));
    CHECK(type.length + 1 + record.id.length <= RATING_OUTBOX_KEY_BYTES_MAX);
    memcpy(room, type.data, type.length);
    room[type.length] = '/';
    if (record.id.length > 0) {
        memcpy(room + type.length + 1, record.id.data, record.id.length);
    }
    return text_of_bytes(room, type.length + 1 + record.id.length);
}

struct text rating_change_event_key(const struct rating_change_event *event,
                                    char key[static RATING_OUTBOX_KEY_BYTES_MAX])
{
    return event->all ? write_key(TEXT("*"), key) : write_record_key(event->record, key);
}

struct text rating_aggregate_event_key(const struct rating_aggregate_event *event,
                                       char key[static RATING_OUTBOX_KEY_BYTES_MAX])
{
    return event->kind == RATING_EVENT_AGGREGATE ? write_record_key(event->record, key)
                                                 : write_key(text_of(marks[event->kind]), key);
}

/* Writing */

static void write_record(struct json_writer *writer, struct record_key record)
{
    json_member_string(writer, "recordType", text_of(record_type_name(record.type)));
    json_member_string(writer, "recordId", record.id);
}

static void write_moment(struct json_writer *writer, int64_t sequence, int64_t time_ms)
{
    char time[CLOCK_TIME_TEXT_BYTES];
    json_member_integer(writer, "sequence", sequence);
    json_member_string(writer, "time", clock_format(time_ms, time));
}

bool rating_change_event_encode(const struct rating_change_event *event, struct buffer *buffer)
{
    struct json_writer writer;
    json_writer_init(&writer, buffer);
    json_open_object(&writer);
    if (event->all) {
        json_member_boolean(&writer, "all", true);
    } else {
        write_record(&writer, event->record);
    }
    write_moment(&writer, event->sequence, event->time_ms);
    json_close_object(&writer);
    return json_writer_end(&writer);
}

static void write_aggregate(struct json_writer *writer, const struct rating_aggregate *aggregate)
{
    json_member_integer(writer, "count", (int64_t)aggregate->count);
    json_member_integer(writer, "sumHundredths", (int64_t)aggregate->sum_hundredths);
    if (aggregate->count > 0) {
        json_member_number(writer, "mean", rating_aggregate_mean(aggregate));
    }
    json_write_name(writer, TEXT("histogram"));
    json_open_array(writer);
    for (size_t i = 0; i < RATING_BIN_COUNT; i++) {
        json_write_integer(writer, aggregate->histogram[i]);
    }
    json_close_array(writer);
}

bool rating_aggregate_event_encode(const struct rating_aggregate_event *event,
                                   struct buffer *buffer)
{
    struct json_writer writer;
    json_writer_init(&writer, buffer);
    json_open_object(&writer);
    if (event->kind == RATING_EVENT_AGGREGATE) {
        write_record(&writer, event->record);
        write_aggregate(&writer, &event->aggregate);
    } else {
        json_member_string(&writer, "mark", text_of(marks[event->kind]));
    }
    write_moment(&writer, event->sequence, event->time_ms);
    json_close_object(&writer);
    return json_writer_end(&writer);
}

/* Reading */

static enum status read_object(struct call *call, struct text json, const struct json **ret_event)
{
    const struct json *event;
    enum status status = json_parse(call, json, &event);
    if (status == STATUS_OK && json_kind(event) != JSON_OBJECT) {
        status = call_fail(call, STATUS_INVALID_ARGUMENT, "an event is an object, not %s",
                           json_kind_name(json_kind(event)));
    }
    if (status == STATUS_OK) {
        *ret_event = event;
    }
    return status;
}

static enum status read_text(struct call *call, const struct json *event, const char *name,
                             struct text *ret_text)
{
    const struct json *value = json_member(event, name);
    if (json_kind(value) != JSON_STRING) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "%s must be a string, not %s", name,
                         json_kind_name(json_kind(value)));
    }
    *ret_text = json_string(value);
    return STATUS_OK;
}

static enum status read_count(struct call *call, const struct json *value, const char *name,
                              int64_t maximum, int64_t *ret_count)
{
    if (json_kind(value) != JSON_INTEGER || json_integer(value) < 0 ||
        json_integer(value) > maximum) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "%s must be an integer of 0 to %lld", name,
                         (long long)maximum);
    }
    *ret_count = json_integer(value);
    return STATUS_OK;
}

static enum status read_moment(struct call *call, const struct json *event, int64_t *sequence,
                               int64_t *time_ms)
{
    struct text time;
    enum status status =
        read_count(call, json_member(event, "sequence"), "sequence", INT64_MAX, sequence);
    if (status == STATUS_OK) {
        status = read_text(call, event, "time", &time);
    }
    if (status == STATUS_OK && !clock_parse(time, time_ms)) {
        status = call_fail(call, STATUS_INVALID_ARGUMENT, "time is not a time in RFC 3339");
    }
    return status;
}

static enum status read_record(struct call *call, const struct json *event,
                               struct record_key *record)
{
    struct text type;
    enum status status = read_text(call, event, "recordType", &type);
    if (status == STATUS_OK) {
        status = record_type_parse(call, type, &record->type);
    }
    if (status == STATUS_OK) {
        status = read_text(call, event, "recordId", &record->id);
    }
    return status == STATUS_OK ? record_key_validate(call, *record) : status;
}

enum status rating_change_event_decode(struct call *call, struct text json,
                                       struct rating_change_event *ret_event)
{
    struct rating_change_event event = {.all = false};
    const struct json *object;
    enum status status = read_object(call, json, &object);
    if (status != STATUS_OK) {
        return status;
    }
    const struct json *all = json_member(object, "all");
    event.all = json_kind(all) == JSON_BOOLEAN && json_boolean(all);
    if (!event.all) {
        status = read_record(call, object, &event.record);
    }
    if (status == STATUS_OK) {
        status = read_moment(call, object, &event.sequence, &event.time_ms);
    }
    if (status == STATUS_OK) {
        *ret_event = event;
    }
    return status;
}

static enum status read_histogram(struct call *call, const struct json *event,
                                  struct rating_aggregate *aggregate)
{
    const struct json *histogram = json_member(event, "histogram");
    if (json_kind(histogram) != JSON_ARRAY || json_length(histogram) != RATING_BIN_COUNT) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "histogram must be an array of %d counts",
                         RATING_BIN_COUNT);
    }
    enum status status = STATUS_OK;
    for (size_t i = 0; i < RATING_BIN_COUNT && status == STATUS_OK; i++) {
        int64_t count = 0;
        status = read_count(call, json_at(histogram, i), "histogram", UINT32_MAX, &count);
        aggregate->histogram[i] = (uint32_t)count;
    }
    return status;
}

static enum status read_aggregate(struct call *call, const struct json *event,
                                  struct rating_aggregate *aggregate)
{
    int64_t count = 0;
    int64_t sum = 0;
    enum status status = read_count(call, json_member(event, "count"), "count", UINT32_MAX, &count);
    if (status == STATUS_OK) {
        status = read_count(call, json_member(event, "sumHundredths"), "sumHundredths",
                            count * RATING_HUNDREDTHS_MAX, &sum);
    }
    if (status == STATUS_OK) {
        status = read_histogram(call, event, aggregate);
    }
    aggregate->count = (uint64_t)count;
    aggregate->sum_hundredths = (uint64_t)sum;
    return status;
}

/* By its mark; without one it is an aggregate. A mark that is not known is not taken for one. */
static enum status read_kind(struct call *call, const struct json *event,
                             enum rating_aggregate_event_kind *ret_kind)
{
    struct text mark;
    *ret_kind = RATING_EVENT_AGGREGATE;
    if (json_kind(json_member(event, "mark")) == JSON_ABSENT) {
        return STATUS_OK;
    }
    enum status status = read_text(call, event, "mark", &mark);
    for (size_t i = 0; i < ARRAY_LENGTH(marks) && status == STATUS_OK; i++) {
        if (marks[i] != NULL && text_equal(mark, text_of(marks[i]))) {
            *ret_kind = (enum rating_aggregate_event_kind)i;
            return STATUS_OK;
        }
    }
    return status == STATUS_OK
               ? call_fail(call, STATUS_INVALID_ARGUMENT, "mark must be current or complete")
               : status;
}

enum status rating_aggregate_event_decode(struct call *call, struct text json,
                                          struct rating_aggregate_event *ret_event)
{
    struct rating_aggregate_event event = {.kind = RATING_EVENT_AGGREGATE};
    const struct json *object;
    enum status status = read_object(call, json, &object);
    if (status == STATUS_OK) {
        status = read_kind(call, object, &event.kind);
    }
    if (status == STATUS_OK && event.kind == RATING_EVENT_AGGREGATE) {
        status = read_record(call, object, &event.record);
        if (status == STATUS_OK) {
            status = read_aggregate(call, object, &event.aggregate);
        }
    }
    if (status == STATUS_OK) {
        status = read_moment(call, object, &event.sequence, &event.time_ms);
    }
    if (status == STATUS_OK) {
        *ret_event = event;
    }
    return status;
}
