#include "metadata/controller/metadata_controller.h"

#include "base/arena.h"

/* Of entries, from the repository: more than a usual page. */
enum { LIST_AT_ONCE_MAX = 128 };

static enum status get(struct metadata_controller *self, struct call *call, struct text id,
                       struct metadata *ret_metadata)
{
    return self->repository.ops->get(self->repository.state, call, id, ret_metadata);
}

static enum status not_found(struct call *call, struct text id)
{
    return call_fail(call, STATUS_NOT_FOUND, "there is no movie '%.*s'", TEXT_ARGUMENTS(id));
}

static void note_change(struct metadata_controller *self)
{
    if (self->search.ops != NULL) {
        self->search.ops->note_change(self->search.state);
    }
}

enum status metadata_controller_get(struct metadata_controller *self, struct call *call,
                                    struct text id, struct metadata *ret_metadata)
{
    enum status status = metadata_id_validate(call, id);
    if (status == STATUS_OK) {
        status = get(self, call, id, ret_metadata);
    }
    return status == STATUS_NOT_FOUND ? not_found(call, id) : status;
}

static enum status not_so(struct call *call, struct text id,
                          const struct metadata_condition *condition)
{
    return condition->must_be_absent
               ? call_fail(call, STATUS_ABORTED, "there is a movie '%.*s' already",
                           TEXT_ARGUMENTS(id))
               : call_fail(call, STATUS_ABORTED, "movie '%.*s' is not the one that is asked for",
                           TEXT_ARGUMENTS(id));
}

enum status metadata_controller_put(struct metadata_controller *self, struct call *call,
                                    const struct metadata *metadata,
                                    const struct metadata_condition *condition)
{
    enum status status = metadata_validate(call, metadata);
    if (status != STATUS_OK) {
        return status;
    }
    status = self->repository.ops->put(self->repository.state, call, metadata, condition);
    if (status == STATUS_OK) {
        note_change(self);
    }
    return status == STATUS_ABORTED ? not_so(call, metadata->id, condition) : status;
}

enum status metadata_controller_delete(struct metadata_controller *self, struct call *call,
                                       struct text id, const struct metadata_condition *condition)
{
    enum status status = metadata_id_validate(call, id);
    if (status == STATUS_OK) {
        status = self->repository.ops->remove(self->repository.state, call, id, condition);
    }
    if (status == STATUS_OK) {
        note_change(self);
    }
    if (status == STATUS_ABORTED) {
        return not_so(call, id, condition);
    }
    return status == STATUS_NOT_FOUND ? not_found(call, id) : status;
}

/* A page in the making. */
struct gathering {
    size_t wanted;
    struct metadata *entries;
    size_t count;
    size_t bytes;
    bool more; /* there is another page */
};

/* false: the page is full without it. */
static bool add(struct gathering *gathering, const struct metadata *entry)
{
    size_t bytes = metadata_bytes(entry);
    bool is_too_much = gathering->count > 0 && gathering->bytes + bytes > METADATA_REPLY_BYTES_MAX;
    if (gathering->count == gathering->wanted || is_too_much) {
        gathering->more = true;
        return false;
    }
    gathering->entries[gathering->count++] = *entry;
    gathering->bytes += bytes;
    return true;
}

/* Asks for little at a time: a page that is full early must not have been read whole. */
static enum status gather(struct metadata_controller *self, struct call *call, struct text after,
                          struct gathering *gathering)
{
    gathering->entries = arena_calloc(call->arena, gathering->wanted, sizeof(*gathering->entries));
    if (gathering->entries == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
    }
    for (;;) {
        struct metadata *entries;
        size_t count;
        /* One more than wanted tells whether there is another page. */
        size_t limit = gathering->wanted - gathering->count + 1;
        limit = limit < LIST_AT_ONCE_MAX ? limit : LIST_AT_ONCE_MAX;
        enum status status = self->repository.ops->list(self->repository.state, call, after, limit,
                                                        &entries, &count);
        if (status != STATUS_OK) {
            return status;
        }
        for (size_t i = 0; i < count; i++) {
            if (!add(gathering, &entries[i])) {
                return STATUS_OK;
            }
        }
        if (count < limit) {
            return STATUS_OK;
        }
        after = entries[count - 1].id;
    }
}

enum status metadata_controller_list(struct metadata_controller *self, struct call *call,
                                     int32_t page_size, struct text page_token,
                                     struct metadata_page *ret_page)
{
    if (page_size < 0 || page_size > METADATA_PAGE_SIZE_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the page size must be 0 to %d",
                         METADATA_PAGE_SIZE_MAX);
    }
    if (page_token.length > METADATA_ID_BYTES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the page token is not one of ours");
    }
    struct gathering gathering = {.wanted = page_size > 0 ? (size_t)page_size
                                                          : METADATA_PAGE_SIZE_DEFAULT};
    struct metadata_changes changes = {.last = 0};
    enum status status = STATUS_OK;
    if (page_token.length == 0) { /* before anything is read: what changes meanwhile is told */
        status = self->repository.ops->list_changes(self->repository.state, call, 0, 0, &changes);
    }
    if (status == STATUS_OK) {
        status = gather(self, call, page_token, &gathering);
    }
    if (status != STATUS_OK) {
        return status;
    }
    /* The token is the last id shown. */
    *ret_page = (struct metadata_page){
        .entries = gathering.entries,
        .count = gathering.count,
        .next_page_token = gathering.more ? gathering.entries[gathering.count - 1].id : TEXT(""),
        .sequence = changes.last,
    };
    return STATUS_OK;
}

static enum status select_one(struct metadata_controller *self, struct call *call, struct text id,
                              struct metadata_selection *selection)
{
    enum status status = metadata_id_validate(call, id);
    if (status == STATUS_OK) {
        status = get(self, call, id, &selection->entries[selection->count]);
    }
    if (status == STATUS_OK) {
        selection->bytes += metadata_bytes(&selection->entries[selection->count++]);
    } else if (status == STATUS_NOT_FOUND) {
        call_clear_error(call);
        selection->missing[selection->missing_count++] = id;
        status = STATUS_OK;
    }
    return status;
}

enum status metadata_controller_batch_get(struct metadata_controller *self, struct call *call,
                                          const struct text *ids, size_t count,
                                          struct metadata_selection *ret_selection)
{
    if (count > METADATA_BATCH_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "more than %d movie ids at once",
                         METADATA_BATCH_MAX);
    }
    struct metadata_selection selection = {
        .entries = arena_calloc(call->arena, count, sizeof(*selection.entries)),
        .missing = arena_calloc(call->arena, count, sizeof(*selection.missing)),
    };
    if (selection.entries == NULL || selection.missing == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
    }
    for (size_t i = 0; i < count; i++) {
        enum status status = select_one(self, call, ids[i], &selection);
        if (status != STATUS_OK) {
            return status;
        }
        if (selection.bytes > METADATA_REPLY_BYTES_MAX) {
            return call_fail(call, STATUS_RESOURCE_EXHAUSTED,
                             "these movies take more than %d bytes: ask for fewer at once",
                             METADATA_REPLY_BYTES_MAX);
        }
    }
    *ret_selection = selection;
    return STATUS_OK;
}

/* As many of the largest entries as are found at most fit a reply. */
enum {
    LARGEST_ENTRY_BYTES = METADATA_ID_BYTES_MAX + METADATA_TITLE_BYTES_MAX +
                          METADATA_DESCRIPTION_BYTES_MAX + METADATA_DIRECTOR_BYTES_MAX +
                          2 * METADATA_EXTERNAL_ID_BYTES_MAX +
                          METADATA_GENRES_MAX * (METADATA_GENRE_BYTES_MAX + 6) +
                          METADATA_EXTERNAL_SCORES_MAX * (METADATA_SOURCE_BYTES_MAX + 30) + 64,
};
_Static_assert((int)METADATA_MATCHES_MAX *(int)LARGEST_ENTRY_BYTES <= METADATA_REPLY_BYTES_MAX,
               "what is found fits a reply");

/* The entries of what was found. */
static enum status read_found(struct metadata_controller *self, struct call *call,
                              const struct metadata_match *matches, size_t count,
                              struct metadata_found *found, size_t *ret_count)
{
    size_t read = 0;
    for (size_t i = 0; i < count; i++) {
        enum status status = get(self, call, matches[i].id, &found[read].metadata);
        if (status == STATUS_NOT_FOUND) {
            continue; /* the index does not know yet */
        }
        if (status != STATUS_OK) {
            return status;
        }
        found[read++].score = matches[i].score;
    }
    *ret_count = read;
    return STATUS_OK;
}

static enum status validate_query(struct call *call, struct text query, int32_t page_size)
{
    if (query.length == 0) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the query is empty");
    }
    if (query.length > METADATA_QUERY_BYTES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the query is longer than %d bytes",
                         METADATA_QUERY_BYTES_MAX);
    }
    return page_size >= 0 && page_size <= METADATA_MATCHES_MAX
               ? STATUS_OK
               : call_fail(call, STATUS_INVALID_ARGUMENT, "the page size must be 0 to %d",
                           METADATA_MATCHES_MAX);
}

enum status metadata_controller_search(struct metadata_controller *self, struct call *call,
                                       struct text query, int32_t page_size,
                                       struct metadata_found **ret_found, size_t *ret_count)
{
    struct metadata_match *matches;
    size_t count;
    enum status status = validate_query(call, query, page_size);
    if (status != STATUS_OK) {
        return status;
    }
    if (self->search.ops == NULL) {
        return call_fail(call, STATUS_UNIMPLEMENTED, "this service has no search");
    }
    size_t limit = page_size > 0 ? (size_t)page_size : METADATA_MATCHES_DEFAULT;
    status = self->search.ops->search(self->search.state, call, query, limit, &matches, &count);
    if (status != STATUS_OK) {
        return status;
    }
    struct metadata_found *found = arena_calloc(call->arena, count + 1, sizeof(*found));
    if (found == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
    }
    status = read_found(self, call, matches, count, found, ret_count);
    if (status == STATUS_OK) {
        *ret_found = found;
    }
    return status;
}
