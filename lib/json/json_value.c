#include "json/json_private.h"

enum json_kind json_kind(const struct json *value)
{
    return value != NULL ? value->kind : JSON_ABSENT;
}

const char *json_kind_name(enum json_kind kind)
{
    static const char *const names[] = {
        [JSON_ABSENT] = "nothing",   [JSON_NULL] = "null",        [JSON_BOOLEAN] = "a boolean",
        [JSON_INTEGER] = "a number", [JSON_REAL] = "a number",    [JSON_STRING] = "a string",
        [JSON_ARRAY] = "an array",   [JSON_OBJECT] = "an object",
    };
    return names[kind];
}

struct text json_string(const struct json *value)
{
    CHECK(json_kind(value) == JSON_STRING);
    return value->text;
}

int64_t json_integer(const struct json *value)
{
    CHECK(json_kind(value) == JSON_INTEGER);
    return value->integer;
}

double json_number(const struct json *value)
{
    if (json_kind(value) == JSON_INTEGER) {
        return (double)value->integer;
    }
    CHECK(json_kind(value) == JSON_REAL);
    return value->real;
}

struct text json_number_text(const struct json *value)
{
    CHECK(json_kind(value) == JSON_INTEGER || json_kind(value) == JSON_REAL);
    return value->text;
}

bool json_boolean(const struct json *value)
{
    CHECK(json_kind(value) == JSON_BOOLEAN);
    return value->boolean;
}

size_t json_length(const struct json *array_or_object)
{
    enum json_kind kind = json_kind(array_or_object);
    CHECK(kind == JSON_ARRAY || kind == JSON_OBJECT);
    return array_or_object->length;
}

const struct json *json_at(const struct json *array, size_t index)
{
    CHECK(json_kind(array) == JSON_ARRAY && index < array->length);
    return &array->items[index];
}

const struct json *json_member(const struct json *object, const char *name)
{
    struct text wanted = text_of(name);
    if (json_kind(object) != JSON_OBJECT) {
        return NULL;
    }
    for (size_t i = 0; i < object->length; i++) {
        if (text_equal(object->entries[i].name, wanted)) {
            return &object->entries[i].value;
        }
    }
    return NULL;
}

bool json_next_member(const struct json *object, size_t *position, struct text *ret_name,
                      const struct json **ret_value)
{
    CHECK(json_kind(object) == JSON_OBJECT);
    if (*position >= object->length) {
        return false;
    }
    const struct json_entry *entry = &object->entries[(*position)++];
    *ret_name = entry->name;
    *ret_value = &entry->value;
    return true;
}
