#include "grpc/grpc_config_reader.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/clock.h"
#include "grpc/grpc_retry.h"

enum {
    WORDS_BYTES = 200,
    FRACTION_DIGITS_MAX = 9,
};

/* protobuf's longest duration, some 10,000 years. */
#define DURATION_SECONDS_MAX UINT64_C(315576000000)

enum status grpc_config_fail(const struct grpc_config_object *object, const char *name,
                             const char *format, ...)
{
    char words[WORDS_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(words, sizeof(words), format, arguments); /* may be cut */
    va_end(arguments);
    return call_fail(object->call, STATUS_INVALID_ARGUMENT, "%s%s %s", object->place, name, words);
}

enum status grpc_config_member(const struct grpc_config_object *object, const char *name,
                               enum json_kind kind, const struct json **ret_value)
{
    const struct json *value = json_member(object->value, name);
    enum json_kind found = json_kind(value);
    *ret_value = NULL;
    if (found == JSON_ABSENT || found == JSON_NULL) {
        return STATUS_OK;
    }
    if (found != kind && !(kind == JSON_REAL && found == JSON_INTEGER)) {
        return grpc_config_fail(object, name, "is %s, but must be %s", json_kind_name(found),
                                kind == JSON_INTEGER ? "an integer" : json_kind_name(kind));
    }
    *ret_value = value;
    return STATUS_OK;
}

/* The same for one that must be there. */
static enum status required_member(const struct grpc_config_object *object, const char *name,
                                   enum json_kind kind, const struct json **ret_value)
{
    enum status status = grpc_config_member(object, name, kind, ret_value);
    return status == STATUS_OK && *ret_value == NULL ? grpc_config_fail(object, name, "is missing")
                                                     : status;
}

static enum status no_memory(const struct grpc_config_object *object)
{
    return call_fail(object->call, STATUS_RESOURCE_EXHAUSTED, "no memory for the service config");
}

enum status grpc_config_open(const struct grpc_config_object *object, const char *name,
                             struct grpc_config_object *ret_member)
{
    struct grpc_config_object member = {.call = object->call};
    enum status status = grpc_config_member(object, name, JSON_OBJECT, &member.value);
    if (status != STATUS_OK) {
        return status;
    }
    struct text place = arena_format(object->call->arena, "%s%s.", object->place, name);
    if (place.data == NULL) {
        return no_memory(object);
    }
    member.place = place.data;
    *ret_member = member;
    return STATUS_OK;
}

enum status grpc_config_element(const struct grpc_config_object *object, const char *name,
                                const struct json *array, size_t index,
                                struct grpc_config_object *ret_element)
{
    const struct json *value = json_at(array, index);
    struct text place = arena_format(object->call->arena, "%s%s[%zu].", object->place, name, index);
    if (place.data == NULL) {
        return no_memory(object);
    }
    if (json_kind(value) != JSON_OBJECT) {
        return call_fail(object->call, STATUS_INVALID_ARGUMENT,
                         "%s%s[%zu] is %s, but must be an object", object->place, name, index,
                         json_kind_name(json_kind(value)));
    }
    *ret_element = (struct grpc_config_object){object->call, value, place.data};
    return STATUS_OK;
}

static bool parse_duration(struct text text, int64_t *ret_ns)
{
    uint64_t seconds;
    uint64_t fraction = 0;
    if (!text_ends_with(text, TEXT("s"))) {
        return false;
    }
    struct text rest = text_slice(text, 0, text.length - 1);
    if (!text_to_u64(text_next(&rest, '.'), &seconds) || seconds > DURATION_SECONDS_MAX) {
        return false;
    }
    if (rest.data != NULL) {
        if (rest.length > FRACTION_DIGITS_MAX || !text_to_u64(rest, &fraction)) {
            return false;
        }
        for (size_t i = rest.length; i < FRACTION_DIGITS_MAX; i++) {
            fraction *= 10;
        }
    }
    *ret_ns = seconds >= (uint64_t)(INT64_MAX / CLOCK_NS_PER_S)
                  ? INT64_MAX
                  : (int64_t)seconds * CLOCK_NS_PER_S + (int64_t)fraction;
    return true;
}

enum status grpc_config_duration_if_said(const struct grpc_config_object *object, const char *name,
                                         int64_t least_ns, int64_t *ret_ns)
{
    const struct json *value;
    int64_t duration_ns;
    enum status status = grpc_config_member(object, name, JSON_STRING, &value);
    if (status != STATUS_OK || value == NULL) {
        return status;
    }
    struct text text = json_string(value);
    if (!parse_duration(text, &duration_ns) || duration_ns < least_ns) {
        return grpc_config_fail(object, name, "is '%.*s', but must be a duration%s, as '1.5s'",
                                TEXT_ARGUMENTS(text_slice(text, 0, WORDS_BYTES / 4)),
                                least_ns > 0 ? " of more than nothing" : "");
    }
    *ret_ns = duration_ns;
    return STATUS_OK;
}

enum status grpc_config_duration(const struct grpc_config_object *object, const char *name,
                                 int64_t *ret_ns)
{
    const struct json *value;
    enum status status = required_member(object, name, JSON_STRING, &value);
    return status == STATUS_OK ? grpc_config_duration_if_said(object, name, 1, ret_ns) : status;
}

enum status grpc_config_integer(const struct grpc_config_object *object, const char *name,
                                int64_t least, int64_t most, int64_t *ret_value)
{
    const struct json *value;
    enum status status = required_member(object, name, JSON_INTEGER, &value);
    if (status != STATUS_OK) {
        return status;
    }
    int64_t number = json_integer(value);
    if (number < least) {
        return grpc_config_fail(object, name, "is %lld, but must be at least %lld",
                                (long long)number, (long long)least);
    }
    if (number > most) {
        return grpc_config_fail(object, name, "is %lld, but must be at most %lld",
                                (long long)number, (long long)most);
    }
    *ret_value = number;
    return STATUS_OK;
}

enum status grpc_config_number(const struct grpc_config_object *object, const char *name,
                               double *ret_value)
{
    const struct json *value;
    enum status status = required_member(object, name, JSON_REAL, &value);
    if (status != STATUS_OK) {
        return status;
    }
    double number = json_number(value);
    if (!(number > 0)) {
        return grpc_config_fail(object, name, "is %g, but must be more than 0", number);
    }
    *ret_value = number;
    return STATUS_OK;
}

enum status grpc_config_boolean(const struct grpc_config_object *object, const char *name,
                                bool *ret_value)
{
    const struct json *value;
    enum status status = grpc_config_member(object, name, JSON_BOOLEAN, &value);
    if (status == STATUS_OK && value != NULL) {
        *ret_value = json_boolean(value);
    }
    return status;
}

/* false: none such. */
static bool parse_status(const struct json *value, unsigned *ret_status)
{
    if (json_kind(value) == JSON_INTEGER) {
        int64_t number = json_integer(value);
        *ret_status = (unsigned)number;
        return number >= 0 && number < STATUS_COUNT;
    }
    for (unsigned i = 0; json_kind(value) == JSON_STRING && i < STATUS_COUNT; i++) {
        if (text_equal_ignoring_case(json_string(value), text_of(status_name((enum status)i)))) {
            *ret_status = i;
            return true;
        }
    }
    return false;
}

enum status grpc_config_statuses(const struct grpc_config_object *object, const char *name,
                                 uint32_t *ret_statuses)
{
    const struct json *value;
    uint32_t statuses = 0;
    enum status status = grpc_config_member(object, name, JSON_ARRAY, &value);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; value != NULL && i < json_length(value); i++) {
        unsigned code;
        if (!parse_status(json_at(value, i), &code)) {
            return call_fail(object->call, STATUS_INVALID_ARGUMENT,
                             "%s%s[%zu] is no status of gRPC", object->place, name, i);
        }
        statuses |= GRPC_STATUS_BIT(code);
    }
    *ret_statuses = statuses;
    return STATUS_OK;
}
