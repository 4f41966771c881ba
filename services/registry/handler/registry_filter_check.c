#include "base/arena.h"
#include "base/hex.h"
#include "registry/handler/registry_filter_private.h"
#include "registry/handler/registry_query.h"

static const char *const operator_names[] = {
    [FILTER_EQUAL] = "Equal",     [FILTER_NOT_EQUAL] = "Not Equal",
    [FILTER_IN] = "In",           [FILTER_NOT_IN] = "Not In",
    [FILTER_EMPTY] = "Is Empty",  [FILTER_NOT_EMPTY] = "Is Not Empty",
    [FILTER_MATCHES] = "Matches", [FILTER_NOT_MATCHES] = "Not Matches",
};

struct text filter_selector_text(struct call *call, const struct filter_term *term,
                                 size_t part_count)
{
    size_t length = 0;
    for (size_t i = 0; i < part_count; i++) {
        length += term->parts[i].length + 1;
    }
    char *joined = arena_alloc(call->arena, length + 1);
    if (joined == NULL) {
        return (struct text){NULL, 0};
    }
    length = 0;
    for (size_t i = 0; i < part_count; i++) {
        if (i > 0) {
            joined[length++] = '.';
        }
        if (term->parts[i].length > 0) {
            memcpy(joined + length, term->parts[i].data, term->parts[i].length);
            length += term->parts[i].length;
        }
    }
    return text_of_bytes(joined, length);
}

static struct text quoted_selector(struct call *call, const struct filter_term *term,
                                   size_t part_count)
{
    return filter_quote(call, filter_selector_text(call, term, part_count));
}

const struct registry_filter_field *filter_field_find(const struct registry_filter_field *fields,
                                                      bool is_map, struct text name)
{
    for (; fields != NULL && fields->name != NULL; fields++) {
        if (is_map || text_equal(name, text_of(fields->name))) {
            return fields;
        }
    }
    return NULL;
}

static bool has_operator(enum registry_filter_kind kind, enum filter_operator operator)
{
    switch (operator) {
    case FILTER_EQUAL:
    case FILTER_NOT_EQUAL:
        return kind == REGISTRY_FILTER_TEXT || kind == REGISTRY_FILTER_INTEGER ||
               kind == REGISTRY_FILTER_BOOLEAN;
    case FILTER_IN:
    case FILTER_NOT_IN:
        return kind == REGISTRY_FILTER_TEXT || kind == REGISTRY_FILTER_TEXTS ||
               kind == REGISTRY_FILTER_MAP;
    case FILTER_EMPTY:
    case FILTER_NOT_EMPTY:
        return kind == REGISTRY_FILTER_TEXTS || kind == REGISTRY_FILTER_MAP ||
               kind == REGISTRY_FILTER_LIST;
    case FILTER_MATCHES:
    case FILTER_NOT_MATCHES:
        return kind == REGISTRY_FILTER_TEXT;
    }
    return false;
}

static enum status fail_value(struct call *call, const struct filter_term *term,
                              const char *function, const char *reason)
{
    struct text value = filter_quote(call, term->value);
    return call_fail(call, STATUS_INVALID_ARGUMENT,
                     "Failed to coerce value %.*s for selector %.*s: strconv.%s: parsing %.*s: %s",
                     TEXT_ARGUMENTS(value),
                     TEXT_ARGUMENTS(quoted_selector(call, term, term->part_count)), function,
                     TEXT_ARGUMENTS(value), reason);
}

/* The digits' base by their prefix, as Go's: 0x, 0o, 0b, 0; *digits moves behind it. */
static unsigned base_of(struct text *digits)
{
    static const struct {
        char letter;
        unsigned base;
    } bases[] = {{'x', 16}, {'o', 8}, {'b', 2}};
    if (digits->length < 2 || digits->data[0] != '0') {
        return 10;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bases); i++) {
        if ((digits->data[1] | 0x20) == bases[i].letter) {
            *digits = text_slice(*digits, 2, digits->length);
            return bases[i].base;
        }
    }
    *digits = text_slice(*digits, 1, digits->length);
    return 8;
}

/* As Go's strconv.ParseInt with base 0, without underscores. */
static enum status convert_integer(struct call *call, struct filter_term *term)
{
    struct text digits = term->value;
    bool is_negative = text_starts_with(digits, TEXT("-"));
    bool fits = true;
    uint64_t value = 0;
    if (is_negative || text_starts_with(digits, TEXT("+"))) {
        digits = text_slice(digits, 1, digits.length);
    }
    unsigned base = base_of(&digits);
    uint64_t limit = (uint64_t)INT64_MAX + (is_negative ? 1 : 0);
    for (size_t i = 0; i < digits.length; i++) {
        int digit = hex_value(digits.data[i]);
        if (digit < 0 || (unsigned)digit >= base) {
            return fail_value(call, term, "ParseInt", "invalid syntax");
        }
        fits = fits && value <= (limit - (unsigned)digit) / base;
        value = value * base + (unsigned)digit;
    }
    if (digits.length == 0) {
        return fail_value(call, term, "ParseInt", "invalid syntax");
    }
    if (!fits) {
        return fail_value(call, term, "ParseInt", "value out of range");
    }
    term->integer = is_negative ? (int64_t)(0 - value) : (int64_t)value;
    return STATUS_OK;
}

static enum status convert_value(struct call *call, struct filter_term *term)
{
    if (term->kind == REGISTRY_FILTER_INTEGER) {
        return convert_integer(call, term);
    }
    if (term->kind == REGISTRY_FILTER_BOOLEAN &&
        !registry_boolean_parse(term->value, &term->boolean)) {
        return fail_value(call, term, "ParseBool", "invalid syntax");
    }
    if (term->operator!= FILTER_MATCHES && term->operator!= FILTER_NOT_MATCHES) {
        return STATUS_OK;
    }
    return filter_pattern_compile(call, term->value, &term->pattern);
}

static enum status check_term(struct call *call, struct filter_term *term,
                              const struct registry_filter_field *fields)
{
    bool is_map = false;
    for (size_t i = 0; i < term->part_count; i++) {
        const struct registry_filter_field *field =
            filter_field_find(fields, is_map, term->parts[i]);
        if (field == NULL) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "Selector %.*s is not valid",
                             TEXT_ARGUMENTS(quoted_selector(call, term, i + 1)));
        }
        term->kind = field->kind;
        is_map = field->kind == REGISTRY_FILTER_MAP;
        fields = field->fields;
    }
    if (!has_operator(term->kind, term->operator)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "Invalid match operator \"%s\" for selector %.*s",
                         operator_names[term->operator],
                         TEXT_ARGUMENTS(quoted_selector(call, term, term->part_count)));
    }
    return term->has_value ? convert_value(call, term) : STATUS_OK;
}

enum status filter_check(struct call *call, struct filter_node *node,
                         const struct registry_filter_field *fields)
{
    if (node->kind == FILTER_TERM) {
        return check_term(call, node->term, fields);
    }
    enum status status = filter_check(call, node->left, fields);
    if (status == STATUS_OK && node->right != NULL) {
        status = filter_check(call, node->right, fields);
    }
    return status;
}
