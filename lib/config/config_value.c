/* What a value may look like, by the option's kind. */
#include "base/arena.h"
#include "config/config_private.h"

static const struct {
    struct text suffix;
    int64_t milliseconds;
} duration_units[] = {
    {TEXT_INIT("ms"), 1},
    {TEXT_INIT("s"), 1000},
    {TEXT_INIT("m"), 60 * 1000},
    {TEXT_INIT("h"), 60 * 60 * 1000},
    {TEXT_INIT("d"), 24 * 60 * 60 * 1000},
};

static bool parse_duration(struct text text, int64_t *ret_ms)
{
    for (size_t i = 0; i < ARRAY_LENGTH(duration_units); i++) {
        struct text suffix = duration_units[i].suffix;
        int64_t count;
        if (text_ends_with(text, suffix) &&
            text_to_i64(text_slice(text, 0, text.length - suffix.length), &count)) {
            return !__builtin_mul_overflow(count, duration_units[i].milliseconds, ret_ms);
        }
    }
    return false;
}

static bool parse_boolean(struct text text, int64_t *ret_value)
{
    bool is_true = text_equal(text, TEXT("true"));
    if (!is_true && !text_equal(text, TEXT("false"))) {
        return false;
    }
    *ret_value = is_true ? 1 : 0;
    return true;
}

static bool is_choice(struct text choices, struct text text)
{
    while (choices.data != NULL) {
        if (text_equal(text_next(&choices, '|'), text)) {
            return true;
        }
    }
    return false;
}

/* What the value should have been, or NULL when it is right. */
static const char *parse(struct config_value *value, struct text text)
{
    switch (value->option->kind) {
    case CONFIG_TEXT:
        return text_is_clean(text) ? NULL : "text in UTF-8";
    case CONFIG_INTEGER:
        return text_to_i64(text, &value->number) ? NULL : "a whole number";
    case CONFIG_DURATION:
        return parse_duration(text, &value->number) ? NULL
                                                    : "a time such as 250ms, 15s, 5m, 1h or 30d";
    case CONFIG_BOOLEAN:
        return parse_boolean(text, &value->number) ? NULL : "true or false";
    case CONFIG_CHOICE:
        return is_choice(text_of(value->option->argument), text) ? NULL : value->option->argument;
    }
    return "something else";
}

static bool within_bounds(const struct config_value *value)
{
    const struct config_option *option = value->option;
    if (option->kind != CONFIG_INTEGER && option->kind != CONFIG_DURATION) {
        return true;
    }
    return value->number >= option->minimum &&
           (option->maximum == 0 || value->number <= option->maximum);
}

enum status config_set(struct call *call, struct config_value *value, struct text text,
                       const char *place)
{
    if (text.length > CONFIG_VALUE_BYTES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "%s: the value is longer than %d bytes",
                         place, CONFIG_VALUE_BYTES_MAX);
    }
    const char *wanted = parse(value, text);
    if (wanted != NULL) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "%s: '%.*s' is not %s", place,
                         TEXT_ARGUMENTS(text), wanted);
    }
    if (!within_bounds(value)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "%s: '%.*s' is out of range", place,
                         TEXT_ARGUMENTS(text));
    }
    value->text = arena_copy(call->arena, text);
    value->given = true;
    return value->text.data != NULL
               ? STATUS_OK
               : call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the configuration");
}
