#include "rating/model/rating_event.h"

#include "base/clock.h"
#include "rating/model/rating_event_private.h"
#include "rating/model/rating_value.h"

const struct text rating_event_field_names[EVENT_FIELD_COUNT] = {
    [EVENT_USER_ID] = TEXT_INIT("userId"),         [EVENT_RECORD_ID] = TEXT_INIT("recordId"),
    [EVENT_RECORD_TYPE] = TEXT_INIT("recordType"), [EVENT_VALUE] = TEXT_INIT("value"),
    [EVENT_PROVIDER_ID] = TEXT_INIT("providerId"), [EVENT_EVENT_TYPE] = TEXT_INIT("eventType"),
    [EVENT_EVENT_ID] = TEXT_INIT("eventId"),       [EVENT_EVENT_TIME] = TEXT_INIT("eventTime"),
};

static enum status read_text(struct call *call, const struct rating_event_fields *event,
                             enum rating_event_field field, struct text *ret_text)
{
    const struct rating_event_value *value = &event->values[field];
    if (value->kind != JSON_STRING) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "%s must be a string, not %s",
                         rating_event_field_names[field].data, json_kind_name(value->kind));
    }
    *ret_text = value->text;
    return STATUS_OK;
}

static enum status read_key(struct call *call, const struct rating_event_fields *event,
                            struct vote_key *key)
{
    struct text type = {NULL, 0};
    enum status status = read_text(call, event, EVENT_USER_ID, &key->user);
    if (status == STATUS_OK) {
        status = read_text(call, event, EVENT_RECORD_ID, &key->record.id);
    }
    if (status == STATUS_OK) {
        status = read_text(call, event, EVENT_PROVIDER_ID, &key->provider);
    }
    if (status == STATUS_OK) {
        status = read_text(call, event, EVENT_RECORD_TYPE, &type);
    }
    return status == STATUS_OK ? record_type_parse(call, type, &key->record.type) : status;
}

static enum status read_kind(struct call *call, const struct rating_event_fields *event,
                             enum rating_change_kind *ret_kind)
{
    struct text type = {NULL, 0};
    enum status status = read_text(call, event, EVENT_EVENT_TYPE, &type);
    if (status != STATUS_OK) {
        return status;
    }
    bool is_put = text_equal(type, TEXT("put"));
    if (!is_put && !text_equal(type, TEXT("delete"))) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "eventType must be put or delete");
    }
    *ret_kind = is_put ? RATING_PUT : RATING_DELETE;
    return STATUS_OK;
}

static enum status read_value(struct call *call, const struct rating_event_fields *event,
                              struct rating_change *change)
{
    const struct rating_event_value *value = &event->values[EVENT_VALUE];
    if (change->kind == RATING_DELETE) {
        return STATUS_OK;
    }
    if (value->kind != JSON_INTEGER && value->kind != JSON_REAL) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "value must be a number, not %s",
                         json_kind_name(value->kind));
    }
    return rating_value_from_points(call, value->number, &change->hundredths);
}

static enum status read_event_id(struct call *call, const struct rating_event_fields *event,
                                 struct rating_change *change)
{
    struct text id;
    if (event->values[EVENT_EVENT_ID].kind == JSON_ABSENT) {
        return STATUS_OK;
    }
    enum status status = read_text(call, event, EVENT_EVENT_ID, &id);
    if (status != STATUS_OK) {
        return status;
    }
    if (id.length == 0 || id.length > RATING_EVENT_ID_BYTES_MAX || !text_is_clean(id)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "eventId must be 1 to %d bytes",
                         RATING_EVENT_ID_BYTES_MAX);
    }
    change->event_id = id;
    return STATUS_OK;
}

static enum status read_time(struct call *call, const struct rating_event_fields *event,
                             struct rating_change *change)
{
    struct text time;
    if (event->values[EVENT_EVENT_TIME].kind == JSON_ABSENT) {
        return STATUS_OK;
    }
    enum status status = read_text(call, event, EVENT_EVENT_TIME, &time);
    if (status != STATUS_OK) {
        return status;
    }
    if (!clock_parse(time, &change->time_ms)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "eventTime is not a time in RFC 3339");
    }
    change->has_time = true;
    return STATUS_OK;
}

static enum status read_fields(struct call *call, struct text json,
                               struct rating_event_fields *ret_fields)
{
    const struct json *event;
    if (rating_event_read_plain(json, ret_fields)) {
        return STATUS_OK;
    }
    enum status status = json_parse(call, json, &event);
    if (status != STATUS_OK) {
        return status;
    }
    if (json_kind(event) != JSON_OBJECT) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "an event is an object, not %s",
                         json_kind_name(json_kind(event)));
    }
    for (size_t i = 0; i < EVENT_FIELD_COUNT; i++) {
        const struct json *value = json_member(event, rating_event_field_names[i].data);
        enum json_kind kind = json_kind(value);
        ret_fields->values[i] = (struct rating_event_value){
            .kind = kind,
            .text = kind == JSON_STRING ? json_string(value) : (struct text){NULL, 0},
            .number = kind == JSON_INTEGER || kind == JSON_REAL ? json_number(value) : 0,
        };
    }
    return STATUS_OK;
}

enum status rating_event_decode(struct call *call, struct text json,
                                struct rating_change *ret_change)
{
    struct rating_change change = {.kind = RATING_PUT};
    struct rating_event_fields event;
    enum status status = read_fields(call, json, &event);
    if (status == STATUS_OK) {
        status = read_key(call, &event, &change.key);
    }
    if (status == STATUS_OK) {
        status = read_kind(call, &event, &change.kind);
    }
    if (status == STATUS_OK) {
        status = read_value(call, &event, &change);
    }
    if (status == STATUS_OK) {
        status = read_event_id(call, &event, &change);
    }
    if (status == STATUS_OK) {
        status = read_time(call, &event, &change);
    }
    if (status == STATUS_OK) {
        status = rating_change_validate(call, &change);
    }
    if (status == STATUS_OK) {
        *ret_change = change;
    }
    return status;
}
