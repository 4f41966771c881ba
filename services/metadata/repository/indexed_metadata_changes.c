/* Changes gathered until they are taken into the index together. */
#include <stdlib.h>

#include "metadata/repository/indexed_metadata_private.h"

struct search_document index_document_of(const struct metadata *metadata)
{
    return (struct search_document){
        .id = metadata->id,
        .title = metadata->title,
        .people = metadata->director,
        .year = metadata->year,
        .popularity = metadata->popularity,
    };
}

void index_change_set_init(struct index_change_set *set, struct indexed_metadata_search *self)
{
    *set = (struct index_change_set){.self = self, .sequence = self->sequence};
    arena_init(&set->arena, INDEXED_SEARCH_GATHERED_BYTES_MAX);
}

void index_change_set_deinit(struct index_change_set *set)
{
    arena_deinit(&set->arena);
    free(set->changes);
}

static bool grow(struct index_change_set *set)
{
    if (set->count < set->capacity) {
        return true;
    }
    size_t capacity = set->capacity > 0 ? set->capacity * 2 : 64;
    struct index_change *changes = realloc(set->changes, capacity * sizeof(*changes));
    if (changes == NULL) {
        return false;
    }
    set->changes = changes;
    set->capacity = capacity;
    return true;
}

static bool copy(struct arena *arena, const struct metadata *metadata, struct text id,
                 struct index_change *change)
{
    change->is_there = metadata != NULL;
    if (metadata != NULL) {
        change->document = index_document_of(metadata);
        change->document.title = arena_copy(arena, metadata->title);
        change->document.people = arena_copy(arena, metadata->director);
    }
    change->document.id = arena_copy(arena, id);
    return change->document.id.data != NULL &&
           (metadata == NULL ||
            (change->document.title.data != NULL && change->document.people.data != NULL));
}

bool index_change_set_add(struct index_change_set *set, const struct metadata_change *change,
                          const struct metadata *metadata)
{
    struct index_change added = {.sequence = change->sequence};
    set->is_full = set->count == INDEXED_SEARCH_GATHERED_MAX || !grow(set) ||
                   !copy(&set->arena, metadata, change->id, &added);
    if (!set->is_full) {
        set->changes[set->count++] = added;
        set->sequence = change->sequence;
    }
    return !set->is_full;
}

static int compare(const void *left, const void *right)
{
    const struct index_change *a = left;
    const struct index_change *b = right;
    int order = text_compare(a->document.id, b->document.id);
    if (order != 0) {
        return order;
    }
    return a->sequence < b->sequence ? -1 : a->sequence > b->sequence;
}

void index_change_set_settle(struct index_change_set *set)
{
    size_t kept = 0;
    qsort(set->changes, set->count, sizeof(*set->changes), compare);
    for (size_t i = 0; i < set->count; i++) {
        bool is_last = i + 1 == set->count ||
                       !text_equal(set->changes[i].document.id, set->changes[i + 1].document.id);
        if (is_last) {
            set->changes[kept++] = set->changes[i];
        }
    }
    set->count = kept;
}
