#include "registry/handler/registry_entries.h"

#include "base/arena.h"
#include "registry/handler/registry_query.h"

struct registry_entries {
    struct call *call;
    struct registry_filter *filter; /* NULL: all are kept */
    struct arena arena;             /* of one entry */
};

static void release_arena(void *argument)
{
    arena_deinit(argument);
}

bool registry_entries_open(struct registry_request *request,
                           const struct registry_filter_field *fields,
                           struct registry_entries **ret_entries)
{
    struct text expression = {NULL, 0};
    struct registry_entries *entries = arena_calloc(request->call->arena, 1, sizeof(*entries));
    if (entries == NULL) {
        registry_reply_error(request, 500, TEXT("no memory"));
        return false;
    }
    entries->call = request->call;
    arena_init(&entries->arena, REGISTRY_ENTRY_ARENA_BYTES_MAX);
    if (!arena_defer(request->call->arena, release_arena, &entries->arena)) {
        registry_reply_error(request, 500, TEXT("no memory"));
        return false;
    }
    enum status status = registry_query_text(request, "filter", &expression);
    if (status == STATUS_OK && expression.length > 0) {
        status = registry_filter_parse(request->call, expression, fields, &entries->filter);
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        registry_reply_format(request, 500, "Failed to create boolean expression evaluator: %.*s",
                              TEXT_ARGUMENTS(request->call->error.message));
        return false;
    }
    *ret_entries = entries;
    return true;
}

bool registry_entries_have_filter(const struct registry_entries *entries)
{
    return entries->filter != NULL;
}

struct registry_entry registry_entry_begin(struct registry_json *json, const struct text *name)
{
    struct registry_entry entry = {.start = json->buffer.length, .comma = json->writer.comma};
    if (name != NULL) {
        json_write_name(&json->writer, *name);
    }
    entry.value = json->buffer.length;
    return entry;
}

/* Whether the entry is wanted. */
static enum status look(struct registry_entries *entries, struct text text, bool *ret_matches)
{
    struct call step = *entries->call;
    const struct json *value;
    step.arena = &entries->arena;
    arena_reset(&entries->arena);
    enum status status = json_parse(&step, text, &value);
    if (status == STATUS_OK) {
        status = registry_filter_match(entries->filter, entries->call, value, ret_matches);
    }
    return status;
}

bool registry_entry_end(struct registry_entries *entries, struct registry_json *json,
                        struct registry_entry entry)
{
    bool matches = true;
    if (entries->filter == NULL || json->status != STATUS_OK || json->writer.failed) {
        return true;
    }
    struct text text = text_slice(buffer_text(&json->buffer), entry.value, json->buffer.length);
    if (text_starts_with(text, TEXT(","))) {
        text = text_slice(text, 1, text.length);
    }
    json->status = look(entries, text, &matches);
    if (!matches) {
        json->buffer.length = entry.start;
        json->writer.comma = entry.comma;
    }
    return matches;
}

bool registry_list_begin(struct registry_request *request, const char *missing,
                         const struct registry_filter_field *fields,
                         const struct registry_subject *subject, struct registry_list *ret_list)
{
    if (missing != NULL && request->rest.length == 0) {
        registry_reply_error(request, 400, text_of(missing));
        return false;
    }
    if (!registry_query_accept(request) ||
        !registry_entries_open(request, fields, &ret_list->entries) ||
        !registry_query_wait(request, subject, &ret_list->index)) {
        return false;
    }
    ret_list->json = registry_json_begin(request);
    if (ret_list->json == NULL) {
        return false;
    }
    json_open_array(&ret_list->json->writer);
    return true;
}

void registry_list_end(struct registry_request *request, const struct registry_list *list)
{
    json_close_array(&list->json->writer);
    registry_json_send(request, list->json, list->index);
}
