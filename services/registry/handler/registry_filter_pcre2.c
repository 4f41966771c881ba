#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/arena.h"
#include "registry/handler/registry_filter_private.h"
#include "registry/handler/registry_filter_regexp.h"

enum {
    PATTERN_BYTES_MAX = 4 * REGISTRY_FILTER_BYTES_MAX, /* translated */
    MESSAGE_BYTES = 128,
    WORKSPACE_INTEGERS = 2000, /* what bounds how many ways to match are followed at once */
    HEAP_KIBIBYTES_MAX = 64,
};

/* Everything is of the call's arena. */
struct filter_pattern {
    pcre2_code *code;
    pcre2_match_data *match_data;
    pcre2_match_context *match_context;
    size_t bytes;
    int workspace[WORKSPACE_INTEGERS];
};

static void *allocate(PCRE2_SIZE size, void *arena)
{
    return arena_alloc(arena, size);
}

static void release(void *memory, void *arena)
{
    (void)memory; /* with the arena */
    (void)arena;
}

static enum status compile(struct call *call, struct text source, struct text translated,
                           pcre2_compile_context *context, struct filter_pattern *pattern)
{
    int code;
    PCRE2_SIZE offset;
    PCRE2_UCHAR message[MESSAGE_BYTES] = "";
    pattern->code =
        pcre2_compile((PCRE2_SPTR)translated.data, translated.length,
                      PCRE2_UTF | PCRE2_ANCHORED | PCRE2_NO_AUTO_CAPTURE | PCRE2_NEVER_BACKSLASH_C,
                      &code, &offset, context);
    if (pattern->code != NULL) {
        return STATUS_OK;
    }
    (void)pcre2_get_error_message(code, message, sizeof(message));
    return call_fail(call, STATUS_INVALID_ARGUMENT, "error parsing regexp: %s: `%.*s`", message,
                     TEXT_ARGUMENTS(source));
}

static enum status create(struct call *call, struct text source, struct text translated,
                          struct filter_pattern **ret_pattern)
{
    struct filter_pattern *pattern = arena_alloc(call->arena, sizeof(*pattern));
    pcre2_general_context *general = pcre2_general_context_create(allocate, release, call->arena);
    pcre2_compile_context *context = general != NULL ? pcre2_compile_context_create(general) : NULL;
    if (pattern == NULL || context == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    (void)pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    enum status status = compile(call, source, translated, context, pattern);
    if (status != STATUS_OK) {
        return status;
    }
    pattern->bytes = translated.length;
    pattern->match_data = pcre2_match_data_create(1, general);
    pattern->match_context = pcre2_match_context_create(general);
    if (pattern->match_data == NULL || pattern->match_context == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    (void)pcre2_set_heap_limit(pattern->match_context, HEAP_KIBIBYTES_MAX);
    *ret_pattern = pattern;
    return STATUS_OK;
}

/* Anchored behind anything at all, so that one pass over a text tells. */
static bool write_pattern(struct call *call, struct text source, struct buffer *buffer,
                          enum status *status)
{
    if (!buffer_append(buffer, TEXT("(?s:.*?)(?:"))) {
        return false;
    }
    *status = registry_regexp_translate(call, source, buffer);
    return *status != STATUS_OK || buffer_append(buffer, TEXT(")"));
}

enum status filter_pattern_compile(struct call *call, struct text source,
                                   struct filter_pattern **ret_pattern)
{
    struct call step = call_within(call, 0);
    struct buffer buffer;
    enum status status = STATUS_OK;
    buffer_init(&buffer, PATTERN_BYTES_MAX);
    if (!write_pattern(&step, source, &buffer, &status)) {
        status = STATUS_RESOURCE_EXHAUSTED;
    }
    if (status == STATUS_OK) {
        status = create(&step, source, buffer_text(&buffer), ret_pattern);
    }
    buffer_deinit(&buffer);
    if (status == STATUS_INVALID_ARGUMENT) {
        return call_fail(call, status, "Failed to compile regular expression %.*s: %.*s",
                         TEXT_ARGUMENTS(filter_quote(call, source)),
                         TEXT_ARGUMENTS(step.error.message));
    }
    return status;
}

enum status filter_pattern_match(struct filter_pattern *pattern, struct call *call,
                                 struct text text, bool *ret_matches)
{
    const char *data = text.data != NULL ? text.data : "";
    int result = pcre2_dfa_match(pattern->code, (PCRE2_SPTR)data, text.length, 0,
                                 PCRE2_DFA_SHORTEST, pattern->match_data, pattern->match_context,
                                 pattern->workspace, WORKSPACE_INTEGERS);
    if (result < 0 && result != PCRE2_ERROR_NOMATCH) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "a regular expression of the filter has too many ways to match");
    }
    *ret_matches = result >= 0;
    return STATUS_OK;
}

size_t filter_pattern_bytes(const struct filter_pattern *pattern)
{
    return pattern->bytes;
}
