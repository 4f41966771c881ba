#include "unit/metadata/canned_metadata_search.h"

#include "base/arena.h"

static enum status search(void *state, struct call *call, struct text query, size_t limit,
                          struct metadata_match **ret_matches, size_t *ret_count)
{
    struct canned_metadata_search *self = state;
    self->query = query;
    self->limit = limit;
    if (self->status != STATUS_OK) {
        return call_fail(call, self->status, "canned");
    }
    size_t count = limit < self->count ? limit : self->count;
    struct metadata_match *matches = arena_calloc(call->arena, count + 1, sizeof(*matches));
    if (matches == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    if (count > 0) {
        memcpy(matches, self->matches, count * sizeof(*matches));
    }
    *ret_matches = matches;
    *ret_count = count;
    return STATUS_OK;
}

static void note_change(void *state)
{
    struct canned_metadata_search *self = state;
    self->changes++;
}

static const struct metadata_search_ops canned_ops = {.search = search, .note_change = note_change};

struct metadata_search canned_metadata_search_port(struct canned_metadata_search *canned)
{
    return (struct metadata_search){.ops = &canned_ops, .state = canned};
}
