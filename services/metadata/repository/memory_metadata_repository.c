#include "metadata/repository/memory_metadata_repository.h"

#include <endian.h>
#include <stdlib.h>

#include "metadata/repository/memory_metadata_private.h"
#include "metadata/repository/metadata_title_key.h"

/* All texts of an entry together, with room for its struct and for folding its title. */
enum { ENTRY_BYTES_MAX = 128 * 1024 };

enum { SEQUENCE_BYTES = sizeof(uint64_t) };

static struct kept_entry *entry_of(const struct ordered_map_entry *entry)
{
    return *(struct kept_entry *const *)entry->value;
}

static void release_entry(void *argument)
{
    struct kept_entry *entry = argument;
    if (atomic_fetch_sub(&entry->holders, 1) == 1) {
        arena_deinit(&entry->arena);
        free(entry);
    }
}

/* Until the call's arena is reset. false: no room there. */
static bool hold_entry(struct call *call, struct kept_entry *entry)
{
    if (!arena_defer(call->arena, release_entry, entry)) {
        return false;
    }
    atomic_fetch_add(&entry->holders, 1);
    return true;
}

static enum status fail_room(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the answer is too large");
}

static enum status get(void *state, struct call *call, struct text id,
                       struct metadata *ret_metadata)
{
    struct memory_metadata_repository *self = state;
    pthread_mutex_lock(&self->lock);
    const struct ordered_map_entry *found = ordered_map_find(self->entries, id);
    struct kept_entry *entry = found != NULL ? entry_of(found) : NULL;
    bool is_held = entry != NULL && hold_entry(call, entry);
    pthread_mutex_unlock(&self->lock);
    if (entry == NULL) {
        return STATUS_NOT_FOUND;
    }
    if (!is_held) {
        return fail_room(call);
    }
    *ret_metadata = entry->metadata;
    return STATUS_OK;
}

/* In an arena of its own: what folding takes besides is not kept with the entry. */
static bool fold_title(struct kept_entry *entry)
{
    struct arena arena;
    struct metadata_title_key key;
    arena_init(&arena, ENTRY_BYTES_MAX);
    bool is_folded = metadata_title_key(&arena, entry->metadata.title, &key) == STATUS_OK;
    if (is_folded) {
        entry->title_key = arena_copy(&entry->arena, key.key);
        entry->whole_title = arena_copy(&entry->arena, key.whole);
        is_folded = entry->title_key.data != NULL && entry->whole_title.data != NULL;
    }
    arena_deinit(&arena);
    return is_folded;
}

static struct kept_entry *create_entry(const struct metadata *metadata)
{
    struct kept_entry *entry = calloc(1, sizeof(*entry));
    if (entry == NULL) {
        return NULL;
    }
    atomic_init(&entry->holders, 1);
    arena_init(&entry->arena, ENTRY_BYTES_MAX);
    if (metadata_copy(&entry->arena, metadata, &entry->metadata) != STATUS_OK ||
        !fold_title(entry)) {
        release_entry(entry);
        return NULL;
    }
    return entry;
}

static struct text sequence_key(int64_t sequence, uint64_t *big_endian)
{
    *big_endian = htobe64((uint64_t)sequence);
    return text_of_bytes(big_endian, SEQUENCE_BYTES);
}

/* With the lock. */
static void note_change(struct memory_metadata_repository *self, struct text id)
{
    uint64_t big_endian;
    const struct ordered_map_entry *before = ordered_map_find(self->latest, id);
    if (before != NULL) {
        ordered_map_remove(self->changes, text_of_bytes(before->value, SEQUENCE_BYTES));
    }
    ordered_map_put(self->changes, sequence_key(++self->last, &big_endian), id.data, id.length);
    ordered_map_put(self->latest, id, &big_endian, SEQUENCE_BYTES);
}

/* With the lock. entry: what is there; NULL: nothing. */
static enum status check_condition(const struct metadata_condition *condition,
                                   const struct kept_entry *entry)
{
    return condition == NULL
               ? STATUS_OK
               : metadata_condition_check(condition, entry != NULL ? &entry->metadata : NULL);
}

static enum status put(void *state, struct call *call, const struct metadata *metadata,
                       const struct metadata_condition *condition)
{
    struct memory_metadata_repository *self = state;
    enum status status = call_check(call);
    if (status != STATUS_OK) {
        return status;
    }
    struct kept_entry *entry = create_entry(metadata);
    if (entry == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the entry");
    }
    pthread_mutex_lock(&self->lock);
    const struct ordered_map_entry *old = ordered_map_find(self->entries, metadata->id);
    struct kept_entry *replaced = old != NULL ? entry_of(old) : NULL;
    status = check_condition(condition, replaced);
    if (status != STATUS_OK) {
        pthread_mutex_unlock(&self->lock);
        release_entry(entry);
        return status;
    }
    if (replaced != NULL) {
        memory_metadata_forget(self, replaced);
    }
    ordered_map_put(self->entries, metadata->id, &entry, sizeof(struct kept_entry *));
    memory_metadata_index(self, entry);
    note_change(self, metadata->id);
    pthread_mutex_unlock(&self->lock);
    if (replaced != NULL) {
        release_entry(replaced);
    }
    return STATUS_OK;
}

static enum status remove_entry(void *state, struct call *call, struct text id,
                                const struct metadata_condition *condition)
{
    struct memory_metadata_repository *self = state;
    enum status status = call_check(call);
    if (status != STATUS_OK) {
        return status;
    }
    pthread_mutex_lock(&self->lock);
    const struct ordered_map_entry *old = ordered_map_find(self->entries, id);
    struct kept_entry *removed = old != NULL ? entry_of(old) : NULL;
    status = check_condition(condition, removed);
    if (status != STATUS_OK) {
        pthread_mutex_unlock(&self->lock);
        return status;
    }
    ordered_map_remove(self->entries, id);
    if (removed != NULL) {
        memory_metadata_forget(self, removed);
        note_change(self, id);
    }
    pthread_mutex_unlock(&self->lock);
    if (removed == NULL) {
        return STATUS_NOT_FOUND;
    }
    release_entry(removed);
    return STATUS_OK;
}

static enum status list(void *state, struct call *call, struct text after, size_t limit,
                        struct metadata **ret_entries, size_t *ret_count)
{
    struct memory_metadata_repository *self = state;
    CHECK(limit <= METADATA_PAGE_SIZE_MAX + 1);
    struct metadata *entries = arena_calloc(call->arena, limit + 1, sizeof(*entries));
    if (entries == NULL) {
        return fail_room(call);
    }
    enum status status = STATUS_OK;
    size_t count = 0;
    pthread_mutex_lock(&self->lock);
    const struct ordered_map_entry *entry = ordered_map_seek(self->entries, after);
    if (entry != NULL && text_equal(entry->key, after)) {
        entry = ordered_map_next(entry);
    }
    while (entry != NULL && count < limit && status == STATUS_OK) {
        status = metadata_copy(call->arena, &entry_of(entry)->metadata, &entries[count++]);
        entry = ordered_map_next(entry);
    }
    pthread_mutex_unlock(&self->lock);
    if (status != STATUS_OK) {
        return fail_room(call);
    }
    *ret_entries = entries;
    *ret_count = count;
    return STATUS_OK;
}

/* With the lock. */
static enum status copy_changes(const struct memory_metadata_repository *self, struct call *call,
                                int64_t after, size_t limit, struct metadata_changes *changes)
{
    uint64_t big_endian;
    struct metadata_change *copies = arena_calloc(call->arena, limit + 1, sizeof(*copies));
    if (copies == NULL) {
        return fail_room(call);
    }
    const struct ordered_map_entry *change =
        ordered_map_seek(self->changes, sequence_key(after + 1, &big_endian));
    for (; change != NULL && changes->count < limit; change = ordered_map_next(change)) {
        struct metadata_change *copy = &copies[changes->count++];
        memcpy(&big_endian, change->key.data, SEQUENCE_BYTES);
        copy->sequence = (int64_t)be64toh(big_endian);
        copy->id = arena_copy(call->arena, text_of_bytes(change->value, change->value_size));
        if (copy->id.data == NULL) {
            return fail_room(call);
        }
    }
    changes->changes = copies;
    return STATUS_OK;
}

static enum status list_changes(void *state, struct call *call, int64_t after, size_t limit,
                                struct metadata_changes *ret_changes)
{
    struct memory_metadata_repository *self = state;
    CHECK(limit <= METADATA_PAGE_SIZE_MAX);
    pthread_mutex_lock(&self->lock);
    struct metadata_changes changes = {.last = self->last};
    enum status status = copy_changes(self, call, after, limit, &changes);
    pthread_mutex_unlock(&self->lock);
    if (status == STATUS_OK) {
        *ret_changes = changes;
    }
    return status;
}

static void close_repository(void *state)
{
    struct memory_metadata_repository *self = state;
    const struct ordered_map_entry *entry = ordered_map_seek(self->entries, TEXT(""));
    for (; entry != NULL; entry = ordered_map_next(entry)) {
        release_entry(entry_of(entry));
    }
    ordered_map_destroy(self->entries);
    ordered_map_destroy(self->lookups);
    ordered_map_destroy(self->changes);
    ordered_map_destroy(self->latest);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static const struct metadata_repository_ops memory_ops = {
    .get = get,
    .put = put,
    .remove = remove_entry,
    .list = list,
    .list_changes = list_changes,
    .find = memory_metadata_find,
    .close = close_repository,
};

enum status memory_metadata_repository_open(struct call *call,
                                            struct metadata_repository *ret_repository)
{
    struct memory_metadata_repository *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the store");
    }
    pthread_mutex_init(&self->lock, NULL);
    self->entries = ordered_map_create();
    self->lookups = ordered_map_create();
    self->changes = ordered_map_create();
    self->latest = ordered_map_create();
    *ret_repository = (struct metadata_repository){.ops = &memory_ops, .state = self};
    return STATUS_OK;
}
