#include "registry/handler/registry_filter.h"

#include "base/arena.h"
#include "registry/handler/registry_filter_private.h"

/* One comparison with one entry. */
struct filter_comparison {
    struct registry_filter *filter;
    struct call *call;
    const struct filter_term *term;
    enum status status;
};

static bool compare(struct filter_comparison *comparison, const struct registry_filter_field *field,
                    const struct json *value, size_t depth);

enum status registry_filter_parse(struct call *call, struct text expression,
                                  const struct registry_filter_field *fields,
                                  struct registry_filter **ret_filter)
{
    struct registry_filter *filter = arena_calloc(call->arena, 1, sizeof(*filter));
    if (filter == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    filter->fields = fields;
    enum status status = filter_read(call, expression, &filter->root);
    if (status == STATUS_OK) {
        status = filter_check(call, filter->root, fields);
    }
    if (status == STATUS_OK) {
        *ret_filter = filter;
    }
    return status;
}

static struct text text_value(const struct json *value)
{
    return json_kind(value) == JSON_STRING ? json_string(value) : (struct text){NULL, 0};
}

static bool text_contains(struct text text, struct text part)
{
    return part.length == 0 || (text.length >= part.length &&
                                memmem(text.data, text.length, part.data, part.length) != NULL);
}

static bool is_equal(const struct filter_term *term, const struct json *value)
{
    if (term->kind == REGISTRY_FILTER_INTEGER) {
        return (json_kind(value) == JSON_INTEGER ? json_integer(value) : 0) == term->integer;
    }
    if (term->kind == REGISTRY_FILTER_BOOLEAN) {
        return (json_kind(value) == JSON_BOOLEAN && json_boolean(value)) == term->boolean;
    }
    return text_equal(text_value(value), term->value);
}

static bool is_in(const struct filter_term *term, const struct json *value)
{
    size_t position = 0;
    struct text key;
    const struct json *ignored;
    if (term->kind == REGISTRY_FILTER_TEXT) {
        return text_contains(text_value(value), term->value);
    }
    if (json_kind(value) == JSON_ARRAY) {
        for (size_t i = 0; i < json_length(value); i++) {
            if (text_equal(text_value(json_at(value, i)), term->value)) {
                return true;
            }
        }
        return false;
    }
    while (json_kind(value) == JSON_OBJECT && json_next_member(value, &position, &key, &ignored)) {
        if (text_equal(key, term->value)) {
            return true;
        }
    }
    return false;
}

static bool is_empty(const struct json *value)
{
    enum json_kind kind = json_kind(value);
    return (kind != JSON_ARRAY && kind != JSON_OBJECT) || json_length(value) == 0;
}

static bool matches_pattern(struct filter_comparison *comparison, const struct json *value)
{
    struct text text = text_value(value);
    bool matches = false;
    struct filter_pattern *pattern = comparison->term->pattern;
    comparison->filter->cost += (text.length + 1) * filter_pattern_bytes(pattern);
    if (comparison->filter->cost > REGISTRY_FILTER_COST_MAX) {
        comparison->status = call_fail(comparison->call, STATUS_INVALID_ARGUMENT,
                                       "the filter's regular expressions take too long");
    } else {
        comparison->status = filter_pattern_match(pattern, comparison->call, text, &matches);
    }
    return matches;
}

static bool compare_value(struct filter_comparison *comparison, const struct json *value)
{
    const struct filter_term *term = comparison->term;
    switch (term->operator) {
    case FILTER_EQUAL:
        return is_equal(term, value);
    case FILTER_NOT_EQUAL:
        return !is_equal(term, value);
    case FILTER_IN:
        return is_in(term, value);
    case FILTER_NOT_IN:
        return !is_in(term, value);
    case FILTER_EMPTY:
        return is_empty(value);
    case FILTER_NOT_EMPTY:
        return !is_empty(value);
    case FILTER_MATCHES:
        return matches_pattern(comparison, value);
    case FILTER_NOT_MATCHES:
        return !matches_pattern(comparison, value);
    }
    return false;
}

/* The member of that name; NULL: left out. */
static const struct json *find_member(const struct json *object, struct text name)
{
    size_t position = 0;
    struct text key;
    const struct json *value;
    while (json_kind(object) == JSON_OBJECT && json_next_member(object, &position, &key, &value)) {
        if (text_equal(key, name)) {
            return value;
        }
    }
    return NULL;
}

/* Goes one part of the selector further, from an object or a map. */
static bool compare_member(struct filter_comparison *comparison,
                           const struct registry_filter_field *fields, bool is_map,
                           const struct json *value, size_t depth)
{
    const struct filter_term *term = comparison->term;
    const struct registry_filter_field *field =
        filter_field_find(fields, is_map, term->parts[depth]);
    CHECK(field != NULL);
    const struct json *member = find_member(value, term->parts[depth]);
    if (is_map && member == NULL) {
        /* What Consul does for a key that is not there: "matches" is among those that hold. */
        return term->operator!= FILTER_EQUAL && term->operator!= FILTER_NOT_EMPTY && term->
        operator!= FILTER_IN;
    }
    return compare(comparison, field, member, depth + 1);
}

/* value: what the first `depth` parts of the selector lead to; NULL: left out. */
static bool compare(struct filter_comparison *comparison, const struct registry_filter_field *field,
                    const struct json *value, size_t depth)
{
    if (depth == comparison->term->part_count) {
        return compare_value(comparison, value);
    }
    if (field->kind != REGISTRY_FILTER_LIST) {
        return compare_member(comparison, field->fields, field->kind == REGISTRY_FILTER_MAP, value,
                              depth);
    }
    size_t count = json_kind(value) == JSON_ARRAY ? json_length(value) : 0;
    for (size_t i = 0; comparison->status == STATUS_OK && i < count; i++) {
        if (compare_member(comparison, field->fields, false, json_at(value, i), depth)) {
            return true;
        }
    }
    return false;
}

static bool evaluate(struct filter_comparison *comparison, const struct filter_node *node,
                     const struct json *entry)
{
    if (comparison->status != STATUS_OK) {
        return false;
    }
    switch (node->kind) {
    case FILTER_TERM:
        comparison->term = node->term;
        return compare_member(comparison, comparison->filter->fields, false, entry, 0);
    case FILTER_NOT:
        return !evaluate(comparison, node->left, entry);
    case FILTER_AND:
        return evaluate(comparison, node->left, entry) && evaluate(comparison, node->right, entry);
    case FILTER_OR:
        return evaluate(comparison, node->left, entry) || evaluate(comparison, node->right, entry);
    }
    return false;
}

enum status registry_filter_match(struct registry_filter *filter, struct call *call,
                                  const struct json *entry, bool *ret_matches)
{
    struct filter_comparison comparison = {.filter = filter, .call = call};
    bool matches = evaluate(&comparison, filter->root, entry);
    if (comparison.status == STATUS_OK) {
        *ret_matches = matches;
    }
    return comparison.status;
}
