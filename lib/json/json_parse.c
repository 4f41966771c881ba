/* The JSON reader: one pass with a stack of its own over a copy of the text, in which strings stay.
 */
#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "json/json_private.h"

/* Up to this many members, each is compared with each for duplicates; above, they are sorted. */
enum { COMPARE_ALL_MAX = 8 };

/* An array or object whose end has not come. */
struct container {
    bool is_object;
    size_t first;     /* of its entries so far, in the parser's */
    struct text name; /* of the member that is being read */
};

struct parser {
    struct call *call;
    char *start; /* the copy; ends in NUL */
    char *end;
    char *at;
    size_t depth;
    struct container open[JSON_DEPTH_MAX];
    struct json_entry *entries; /* complete children of open containers */
    size_t entry_count;
    size_t entry_capacity;
};

static enum status fail(struct parser *parser, const char *what)
{
    size_t line = 1;
    size_t column = 1;
    for (const char *at = parser->start; at < parser->at; at++) {
        column++;
        if (*at == '\n') {
            line++;
            column = 1;
        }
    }
    return call_fail(parser->call, STATUS_INVALID_ARGUMENT,
                     "malformed JSON at line %zu, column %zu: %s", line, column, what);
}

static enum status fail_memory(struct parser *parser)
{
    return call_fail(parser->call, STATUS_RESOURCE_EXHAUSTED,
                     "the JSON needs more memory than a call may use");
}

static void skip_space(struct parser *parser)
{
    while (*parser->at == ' ' || *parser->at == '\n' || *parser->at == '\r' ||
           *parser->at == '\t') {
        parser->at++;
    }
}

static const char *skip_digits(const char *at)
{
    while (*at >= '0' && *at <= '9') {
        at++;
    }
    return at;
}

/* The end of the number that starts here (RFC 8259 section 6), or NULL; *ret_integer: it is one. */
static const char *find_number_end(const char *at, bool *ret_integer)
{
    *ret_integer = true;
    at += *at == '-';
    const char *digits = at;
    at = skip_digits(at);
    if (at == digits || (*digits == '0' && at - digits > 1)) {
        return NULL;
    }
    if (*at == '.') {
        *ret_integer = false;
        digits = ++at;
        at = skip_digits(at);
        if (at == digits) {
            return NULL;
        }
    }
    if (*at == 'e' || *at == 'E') {
        *ret_integer = false;
        at++;
        at += *at == '-' || *at == '+';
        digits = at;
        at = skip_digits(at);
        if (at == digits) {
            return NULL;
        }
    }
    return at;
}

static enum status read_number(struct parser *parser, struct json *value)
{
    bool is_integer;
    const char *end = find_number_end(parser->at, &is_integer);
    if (end == NULL) {
        return fail(parser, "not a number");
    }
    value->text = text_of_bytes(parser->at, (size_t)(end - parser->at));
    if (is_integer && text_to_i64(value->text, &value->integer)) {
        value->kind = JSON_INTEGER;
    } else {
        /* What follows a number in JSON never goes on with it, so that strtod() stops where it
         * ends. */
        value->kind = JSON_REAL;
        value->real = strtod(parser->at, NULL);
        if (!isfinite(value->real)) {
            return fail(parser, "a number too large");
        }
    }
    parser->at += value->text.length;
    return STATUS_OK;
}

static enum status read_word(struct parser *parser, struct json *value)
{
    static const struct {
        struct text word;
        enum json_kind kind;
        bool boolean;
    } words[] = {
        {TEXT_INIT("null"), JSON_NULL, false},
        {TEXT_INIT("true"), JSON_BOOLEAN, true},
        {TEXT_INIT("false"), JSON_BOOLEAN, false},
    };
    struct text rest = text_of_bytes(parser->at, (size_t)(parser->end - parser->at));
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (text_starts_with(rest, words[i].word)) {
            parser->at += words[i].word.length;
            value->kind = words[i].kind;
            value->boolean = words[i].boolean;
            return STATUS_OK;
        }
    }
    return fail(parser, parser->at == parser->end ? "it ends too early" : "not a value");
}

/* A value that is no container. */
static enum status read_scalar(struct parser *parser, struct json *value)
{
    char byte = *parser->at;
    *value = (struct json){.kind = JSON_STRING};
    if (byte == '"') {
        const char *wrong = json_read_string(&parser->at, &value->text);
        return wrong != NULL ? fail(parser, wrong) : STATUS_OK;
    }
    if (byte == '-' || (byte >= '0' && byte <= '9')) {
        return read_number(parser, value);
    }
    return read_word(parser, value);
}

/* In an object, reads what stands before a member's value. */
static enum status read_name(struct parser *parser)
{
    struct container *container = &parser->open[parser->depth - 1];
    skip_space(parser);
    if (!container->is_object) {
        return STATUS_OK;
    }
    if (*parser->at != '"') {
        return fail(parser, "a member's name must be a string");
    }
    const char *wrong = json_read_string(&parser->at, &container->name);
    if (wrong != NULL) {
        return fail(parser, wrong);
    }
    skip_space(parser);
    if (*parser->at != ':') {
        return fail(parser, "':' must follow a member's name");
    }
    parser->at++;
    return STATUS_OK;
}

/* Adds a complete value to the innermost open container. */
static enum status add_entry(struct parser *parser, const struct json *value)
{
    if (parser->entry_count == parser->entry_capacity) {
        size_t capacity = parser->entry_capacity > 0 ? parser->entry_capacity * 2 : 32;
        struct json_entry *entries = realloc(parser->entries, capacity * sizeof(*entries));
        if (entries == NULL) {
            return fail_memory(parser);
        }
        parser->entries = entries;
        parser->entry_capacity = capacity;
    }
    parser->entries[parser->entry_count++] =
        (struct json_entry){parser->open[parser->depth - 1].name, *value};
    return STATUS_OK;
}

static int compare_names(const void *a, const void *b)
{
    const struct json_entry *const *left = a;
    const struct json_entry *const *right = b;
    return text_compare((*left)->name, (*right)->name);
}

static bool has_equal_pair(const struct json_entry *entries, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (text_equal(entries[i].name, entries[j].name)) {
                return true;
            }
        }
    }
    return false;
}

static enum status check_duplicates(struct parser *parser, const struct json_entry *entries,
                                    size_t count)
{
    bool found = false;
    if (count <= COMPARE_ALL_MAX) {
        found = has_equal_pair(entries, count);
    } else {
        const struct json_entry **sorted = malloc(count * sizeof(struct json_entry *));
        if (sorted == NULL) {
            return fail_memory(parser);
        }
        for (size_t i = 0; i < count; i++) {
            sorted[i] = &entries[i];
        }
        qsort(sorted, count, sizeof(struct json_entry *), compare_names);
        for (size_t i = 1; i < count && !found; i++) {
            found = text_equal(sorted[i - 1]->name, sorted[i]->name);
        }
        free(sorted);
    }
    return found ? fail(parser, "an object with the same name twice") : STATUS_OK;
}

static enum status close_object(struct parser *parser, const struct json_entry *from,
                                struct json *value)
{
    struct json_entry *entries = arena_calloc(parser->call->arena, value->length, sizeof(*entries));
    if (entries == NULL) {
        return fail_memory(parser);
    }
    if (value->length > 0) {
        memcpy(entries, from, value->length * sizeof(*entries));
    }
    value->entries = entries;
    return check_duplicates(parser, entries, value->length);
}

static enum status close_array(struct parser *parser, const struct json_entry *from,
                               struct json *value)
{
    struct json *items = arena_calloc(parser->call->arena, value->length, sizeof(*items));
    if (items == NULL) {
        return fail_memory(parser);
    }
    for (size_t i = 0; i < value->length; i++) {
        items[i] = from[i].value;
    }
    value->items = items;
    return STATUS_OK;
}

/* Makes a value of the innermost open container. */
static enum status close_container(struct parser *parser, struct json *value)
{
    struct container *container = &parser->open[parser->depth - 1];
    const struct json_entry *from =
        parser->entries != NULL ? parser->entries + container->first : NULL;
    *value = (struct json){.kind = container->is_object ? JSON_OBJECT : JSON_ARRAY,
                           .length = parser->entry_count - container->first};
    parser->at++;
    parser->entry_count = container->first;
    parser->depth--;
    return container->is_object ? close_object(parser, from, value)
                                : close_array(parser, from, value);
}

static bool at_close(const struct parser *parser)
{
    return *parser->at == (parser->open[parser->depth - 1].is_object ? '}' : ']');
}

/* Opens a container; an empty one is closed at once. */
static enum status open_container(struct parser *parser, struct json *value, bool *ret_complete)
{
    if (parser->depth == JSON_DEPTH_MAX) {
        return fail(parser, "it nests too deep");
    }
    parser->open[parser->depth++] =
        (struct container){.is_object = *parser->at == '{', .first = parser->entry_count};
    parser->at++;
    skip_space(parser);
    *ret_complete = at_close(parser);
    return *ret_complete ? close_container(parser, value) : read_name(parser);
}

/* Puts a complete value into its container, and that into its own where it is complete by this.
 * *ret_done: the value is the root. */
static enum status put_value(struct parser *parser, struct json *value, bool *ret_done)
{
    while (parser->depth > 0) {
        enum status status = add_entry(parser, value);
        if (status != STATUS_OK) {
            return status;
        }
        skip_space(parser);
        if (*parser->at == ',') {
            parser->at++;
            *ret_done = false;
            return read_name(parser);
        }
        if (!at_close(parser)) {
            return fail(parser, parser->at == parser->end ? "it ends too early"
                                                          : "',' or an end is missing");
        }
        status = close_container(parser, value);
        if (status != STATUS_OK) {
            return status;
        }
    }
    *ret_done = true;
    return STATUS_OK;
}

static enum status parse_root(struct parser *parser, struct json *root)
{
    bool done = false;
    while (!done) {
        bool complete = true;
        skip_space(parser);
        bool opens = *parser->at == '{' || *parser->at == '[';
        enum status status =
            opens ? open_container(parser, root, &complete) : read_scalar(parser, root);
        if (status == STATUS_OK && complete) {
            status = put_value(parser, root, &done);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    skip_space(parser);
    return parser->at == parser->end ? STATUS_OK : fail(parser, "text after the value");
}

enum status json_parse(struct call *call, struct text text, const struct json **ret_value)
{
    struct parser parser; /* the containers are set as they are opened */
    char *copy = arena_alloc(call->arena, text.length + 1);
    struct json *root = arena_calloc(call->arena, 1, sizeof(*root));
    parser.call = call;
    if (copy == NULL || root == NULL) {
        return fail_memory(&parser);
    }
    if (!text_is_utf8(text)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "malformed JSON: not UTF-8");
    }
    if (text.length > 0) {
        memcpy(copy, text.data, text.length);
    }
    copy[text.length] = '\0';
    parser.start = copy;
    parser.end = copy + text.length;
    parser.at = copy;
    parser.depth = 0;
    parser.entries = NULL;
    parser.entry_count = 0;
    parser.entry_capacity = 0;
    enum status status = parse_root(&parser, root);
    free(parser.entries);
    if (status == STATUS_OK) {
        *ret_value = root;
    }
    return status;
}
