#include "marquee/snapshot_walk.h"

static size_t size_of_entry(enum snapshot_walk_kind kind)
{
    switch (kind) {
    case SNAPSHOT_WALK_VOTES:
        return sizeof(struct rating_stored_vote);
    case SNAPSHOT_WALK_AGGREGATES:
        return sizeof(struct rating_stored_aggregate);
    case SNAPSHOT_WALK_DEAD_LETTERS:
        return sizeof(struct rating_dead_letter);
    case SNAPSHOT_WALK_USER_VOTES:
        return sizeof(struct vote);
    case SNAPSHOT_WALK_CHANGES:
        return sizeof(struct rating_change_record);
    }
    return 0;
}

/* The entry that was given last; NULL: none was. */
static const void *last_entry(const struct snapshot_walk *walk)
{
    return walk->count > 0 ? walk->entries + (walk->count - 1) * size_of_entry(walk->kind) : NULL;
}

static enum status list_votes(struct snapshot_walk *walk, struct call *call, size_t *ret_count)
{
    const struct rating_repository *repository = walk->repository;
    const struct rating_stored_vote *last = last_entry(walk);
    const struct vote_key *after = last != NULL ? &last->vote.key : walk->after;
    struct rating_stored_vote *votes;
    enum status status = repository->ops->list_votes(repository->state, call, after,
                                                     SNAPSHOT_WALK_PAGE, &votes, ret_count);
    walk->entries = status == STATUS_OK ? (const char *)votes : walk->entries;
    return status;
}

static enum status list_user_votes(struct snapshot_walk *walk, struct call *call, size_t *ret_count)
{
    const struct rating_repository *repository = walk->repository;
    const struct vote *last = last_entry(walk);
    const struct vote_key *after = last != NULL ? &last->key : walk->after;
    struct vote *votes;
    enum status status = repository->ops->list_user_votes(
        repository->state, call, walk->user, after, SNAPSHOT_WALK_PAGE, &votes, ret_count);
    walk->entries = status == STATUS_OK ? (const char *)votes : walk->entries;
    return status;
}

static enum status list_aggregates(struct snapshot_walk *walk, struct call *call, size_t *ret_count)
{
    const struct rating_repository *repository = walk->repository;
    const struct rating_stored_aggregate *last = last_entry(walk);
    struct rating_stored_aggregate *aggregates;
    enum status status = repository->ops->list_aggregates(
        repository->state, call, last != NULL ? &last->record : NULL, SNAPSHOT_WALK_PAGE,
        &aggregates, ret_count);
    walk->entries = status == STATUS_OK ? (const char *)aggregates : walk->entries;
    return status;
}

static enum status list_dead_letters(struct snapshot_walk *walk, struct call *call,
                                     size_t *ret_count)
{
    const struct rating_repository *repository = walk->repository;
    const struct rating_dead_letter *last = last_entry(walk);
    struct rating_dead_letter_key after = {.offset = 0};
    struct rating_dead_letter *letters;
    if (last != NULL) {
        after = (struct rating_dead_letter_key){last->topic, last->partition, last->offset};
    }
    enum status status =
        repository->ops->list_dead_letters(repository->state, call, last != NULL ? &after : NULL,
                                           SNAPSHOT_WALK_LETTERS, &letters, ret_count);
    walk->entries = status == STATUS_OK ? (const char *)letters : walk->entries;
    return status;
}

static enum status list_changes(struct snapshot_walk *walk, struct call *call, size_t *ret_count)
{
    const struct rating_repository *repository = walk->repository;
    struct rating_change_record *records;
    enum status status = repository->ops->list_changes(repository->state, call, walk->sequence,
                                                       SNAPSHOT_WALK_PAGE, &records, ret_count);
    walk->entries = status == STATUS_OK ? (const char *)records : walk->entries;
    return status;
}

static enum status list(struct snapshot_walk *walk, struct call *call, size_t *ret_count)
{
    switch (walk->kind) {
    case SNAPSHOT_WALK_VOTES:
        return list_votes(walk, call, ret_count);
    case SNAPSHOT_WALK_AGGREGATES:
        return list_aggregates(walk, call, ret_count);
    case SNAPSHOT_WALK_DEAD_LETTERS:
        return list_dead_letters(walk, call, ret_count);
    case SNAPSHOT_WALK_USER_VOTES:
        return list_user_votes(walk, call, ret_count);
    case SNAPSHOT_WALK_CHANGES:
        return list_changes(walk, call, ret_count);
    }
    return STATUS_INTERNAL;
}

/* The page before stays until the one behind is read: its last entry is the cursor. */
static enum status read_page(struct snapshot_walk *walk, struct call *call)
{
    struct call page_call;
    size_t count = 0;
    if (!walk->started) {
        arena_init(&walk->arenas[0], SNAPSHOT_WALK_ARENA_BYTES_MAX);
        arena_init(&walk->arenas[1], SNAPSHOT_WALK_ARENA_BYTES_MAX);
        walk->started = true;
    }
    walk->turn = 1 - walk->turn;
    arena_reset(&walk->arenas[walk->turn]);
    call_init(&page_call, &walk->arenas[walk->turn], SNAPSHOT_WALK_TIMEOUT_MS);
    enum status status = list(walk, &page_call, &count);
    if (status != STATUS_OK) {
        return call_fail(call, status, "%.*s%s%.*s", TEXT_ARGUMENTS(page_call.error.message),
                         page_call.error.detail.length > 0 ? ": " : "",
                         TEXT_ARGUMENTS(page_call.error.detail));
    }
    walk->count = count;
    walk->at = 0;
    return STATUS_OK;
}

enum status snapshot_walk_next(struct snapshot_walk *walk, struct call *call,
                               const void **ret_entry)
{
    bool is_first = !walk->started;
    *ret_entry = NULL;
    if (walk->at == walk->count) {
        if (!is_first && walk->count == 0) {
            return STATUS_OK; /* the end was seen */
        }
        enum status status = read_page(walk, call);
        if (status != STATUS_OK || walk->count == 0) {
            return status;
        }
    }
    *ret_entry = walk->entries + walk->at++ * size_of_entry(walk->kind);
    if (walk->kind == SNAPSHOT_WALK_CHANGES) {
        walk->sequence = ((const struct rating_change_record *)*ret_entry)->sequence;
    }
    return STATUS_OK;
}

void snapshot_walk_end(struct snapshot_walk *walk)
{
    if (walk->started) {
        arena_deinit(&walk->arenas[0]);
        arena_deinit(&walk->arenas[1]);
        walk->started = false;
    }
}
