#include "rating/model/rating_event.h"

#include "base/clock.h"
#include "rating/model/rating_value.h"
#include "json/json.h"

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

static enum status read_key(struct call *call, const struct json *event, struct vote_key *key)
{
    struct text type;
    enum status status = read_text(call, event, "userId", &key->user);
    if (status == STATUS_OK) {
        status = read_text(call, event, "recordId", &key->record.id);
    }
    if (status == STATUS_OK) {
        status = read_text(call, event, "providerId", &key->provider);
    }
    if (status == STATUS_OK) {
        status = read_text(call, event, "recordType", &type);
    }
    return status == STATUS_OK ? record_type_parse(call, type, &key->record.type) : status;
}

static enum status read_kind(struct call *call, const struct json *event,
                             enum rating_change_kind *ret_kind)
{
    struct text type;
    enum status status = read_text(call, event, "eventType", &type);
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

static enum status read_value(struct call *call, const struct json *event,
                              struct rating_change *change)
{
    const struct json *value = json_member(event, "value");
    if (change->kind == RATING_DELETE) {
        return STATUS_OK;
    }
    if (json_kind(value) != JSON_INTEGER && json_kind(value) != JSON_REAL) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "value must be a number, not %s",
                         json_kind_name(json_kind(value)));
    }
    return rating_value_from_points(call, json_number(value), &change->hundredths);
}

static enum status read_time(struct call *call, const struct json *event,
                             struct rating_change *change)
{
    struct text time;
    if (json_kind(json_member(event, "eventTime")) == JSON_ABSENT) {
        return STATUS_OK;
    }
    enum status status = read_text(call, event, "eventTime", &time);
    if (status != STATUS_OK) {
        return status;
    }
    if (!clock_parse(time, &change->time_ms)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "eventTime is not a time in RFC 3339");
    }
    change->has_time = true;
    return STATUS_OK;
}

enum status rating_event_decode(struct call *call, struct text json,
                                struct rating_change *ret_change)
{
    struct rating_change change = {.kind = RATING_PUT};
    const struct json *event;
    enum status status = json_parse(call, json, &event);
    if (status == STATUS_OK && json_kind(event) != JSON_OBJECT) {
        status = call_fail(call, STATUS_INVALID_ARGUMENT, "an event is an object, not %s",
                           json_kind_name(json_kind(event)));
    }
    if (status == STATUS_OK) {
        status = read_key(call, event, &change.key);
    }
    if (status == STATUS_OK) {
        status = read_kind(call, event, &change.kind);
    }
    if (status == STATUS_OK) {
        status = read_value(call, event, &change);
    }
    if (status == STATUS_OK) {
        status = read_time(call, event, &change);
    }
    if (status == STATUS_OK) {
        status = rating_change_validate(call, &change);
    }
    if (status == STATUS_OK) {
        *ret_change = change;
    }
    return status;
}
