#include "registry/handler/registry_fields.h"

#include "registry/model/registry_duration.h"

static char folded(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

static bool names_match(struct text given, const char *name)
{
    for (size_t i = 0; i < given.length; i++) {
        if (given.data[i] == '_') {
            continue;
        }
        if (*name == '\0' || folded(given.data[i]) != folded(*name)) {
            return false;
        }
        name++;
    }
    return *name == '\0';
}

bool registry_field_is_zero(const struct json *value)
{
    switch (json_kind(value)) {
    case JSON_ABSENT:
    case JSON_NULL:
        return true;
    case JSON_BOOLEAN:
        return !json_boolean(value);
    case JSON_INTEGER:
        return json_integer(value) == 0;
    case JSON_REAL:
        return json_number(value) == 0;
    case JSON_STRING:
        return json_string(value).length == 0;
    case JSON_ARRAY:
    case JSON_OBJECT:
        return json_length(value) == 0;
    }
    return false;
}

static enum status fail_kind(struct call *call, const char *name, const struct json *value,
                             const char *wanted)
{
    return call_fail(call, STATUS_INVALID_ARGUMENT, "\"%s\" is %s, not %s", name,
                     json_kind_name(json_kind(value)), wanted);
}

static enum status read_duration(struct call *call, const char *name, const struct json *value,
                                 int64_t *ret_duration_ns)
{
    if (json_kind(value) == JSON_INTEGER) {
        *ret_duration_ns = json_integer(value);
        return STATUS_OK;
    }
    if (json_kind(value) == JSON_REAL) {
        double ns = json_number(value);
        if (ns >= 9e18 || ns <= -9e18) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "\"%s\" is out of range", name);
        }
        *ret_duration_ns = (int64_t)ns;
        return STATUS_OK;
    }
    if (json_kind(value) != JSON_STRING) {
        return fail_kind(call, name, value, "a duration");
    }
    if (!registry_duration_parse(json_string(value), ret_duration_ns)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "time: invalid duration \"%.*s\"",
                         TEXT_ARGUMENTS(json_string(value)));
    }
    return STATUS_OK;
}

static enum status read_field(struct call *call, const struct registry_field *field,
                              const struct json *value, void *place)
{
    switch (field->kind) {
    case REGISTRY_FIELD_TEXT:
        if (json_kind(value) != JSON_STRING) {
            return fail_kind(call, field->name, value, "a string");
        }
        *(struct text *)place = json_string(value);
        return STATUS_OK;
    case REGISTRY_FIELD_DURATION:
        return read_duration(call, field->name, value, place);
    case REGISTRY_FIELD_INTEGER:
        if (json_kind(value) != JSON_INTEGER) {
            return fail_kind(call, field->name, value, "an integer");
        }
        *(int64_t *)place = json_integer(value);
        return STATUS_OK;
    case REGISTRY_FIELD_BOOLEAN:
        if (json_kind(value) != JSON_BOOLEAN) {
            return fail_kind(call, field->name, value, "a boolean");
        }
        *(bool *)place = json_boolean(value);
        return STATUS_OK;
    case REGISTRY_FIELD_VALUE:
        *(const struct json **)place = value;
        return STATUS_OK;
    case REGISTRY_FIELD_IGNORED:
        return STATUS_OK;
    case REGISTRY_FIELD_REFUSED:
        if (!registry_field_is_zero(value)) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "this registry does not support \"%s\"",
                             field->name);
        }
        return STATUS_OK;
    }
    return STATUS_INTERNAL;
}

static const struct registry_field *find_field(const struct registry_field *fields, size_t count,
                                               struct text name)
{
    for (size_t i = 0; i < count; i++) {
        if (names_match(name, fields[i].name)) {
            return &fields[i];
        }
    }
    return NULL;
}

enum status registry_fields_read(struct call *call, const struct json *object,
                                 const struct registry_field *fields, size_t count, void *target)
{
    size_t position = 0;
    struct text name;
    const struct json *value;
    if (json_kind(object) != JSON_OBJECT) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the body is %s, not an object",
                         json_kind_name(json_kind(object)));
    }
    while (json_next_member(object, &position, &name, &value)) {
        const struct registry_field *field = find_field(fields, count, name);
        if (field == NULL) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "json: unknown field \"%.*s\"",
                             TEXT_ARGUMENTS(name));
        }
        if (json_kind(value) == JSON_NULL) {
            continue;
        }
        enum status status = read_field(call, field, value, (char *)target + field->offset);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}
