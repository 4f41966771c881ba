#include <stdlib.h>

#include "base/arena.h"
#include "rank/rank_private.h"

/* One of the best so far. Its id is copied: the entry may go before the page is made. */
struct rank_best {
    uint64_t key;
    struct rank_row row;
    char id[RANK_ID_BYTES_MAX];
};

/* A heap with the worst on top. */
struct rank_heap {
    struct rank_best **places;
    size_t count;
    size_t room; /* one more than a page has */
};

static struct rank_place place_of(const struct rank_best *best)
{
    return (struct rank_place){.key = best->key, .id = best->row.id};
}

static int compare(struct rank_place a, struct rank_place b)
{
    if (a.key != b.key) {
        return a.key < b.key ? -1 : 1;
    }
    return text_compare(a.id, b.id);
}

static bool is_worse(const struct rank_heap *heap, size_t a, size_t b)
{
    return compare(place_of(heap->places[a]), place_of(heap->places[b])) > 0;
}

static void exchange(struct rank_heap *heap, size_t a, size_t b)
{
    struct rank_best *best = heap->places[a];
    heap->places[a] = heap->places[b];
    heap->places[b] = best;
}

static void rise(struct rank_heap *heap, size_t at)
{
    while (at > 0 && is_worse(heap, at, (at - 1) / 2)) {
        exchange(heap, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

static void sink(struct rank_heap *heap)
{
    size_t at = 0;
    for (size_t child = 1; child < heap->count; child = 2 * at + 1) {
        if (child + 1 < heap->count && is_worse(heap, child + 1, child)) {
            child++;
        }
        if (!is_worse(heap, child, at)) {
            return;
        }
        exchange(heap, at, child);
        at = child;
    }
}

static void write_best(struct rank_best *best, const struct rank_search *search, uint64_t key,
                       const struct rank_entry *entry)
{
    struct text id = rank_entry_id(entry);
    best->key = key;
    best->row = rank_row_of(&search->parameters, &entry->values);
    memcpy(best->id, id.data, id.length);
    best->row.id = (struct text){best->id, id.length};
}

static void consider(struct rank_heap *heap, const struct rank_search *search,
                     const struct rank_entry *entry)
{
    const struct rank_place place = {
        .key = rank_key(RANK_BY_SCORE, &search->parameters, &entry->values),
        .id = rank_entry_id(entry)};
    if (search->is_continued && compare(place, search->after) <= 0) {
        return;
    }
    if (heap->count < heap->room) {
        write_best(heap->places[heap->count], search, place.key, entry);
        rise(heap, heap->count++);
    } else if (compare(place, place_of(heap->places[0])) < 0) {
        write_best(heap->places[0], search, place.key, entry);
        sink(heap);
    }
}

/* Under the lock. false: that was all. */
static bool scan_chunk(struct rank_index *index, const struct rank_search *search,
                       struct rank_heap *heap, uint32_t *from)
{
    uint64_t genres[RANK_GENRE_WORDS];
    uint32_t slots = index->entries.slots;
    uint32_t end = slots - *from < RANK_CHUNK ? slots : *from + RANK_CHUNK;
    rank_genres_match(&index->genres, search->genre, genres);
    for (uint32_t slot = *from; slot < end; slot++) {
        const struct rank_entry *entry = rank_entry_at(&index->entries, slot);
        if (rank_is_listed(index, &entry->values) && rank_passes(search, genres, &entry->values)) {
            consider(heap, search, entry);
        }
    }
    *from = end;
    return end < slots;
}

static bool make_heap(struct arena *arena, size_t room, struct rank_heap *ret_heap)
{
    struct rank_best *bests = arena_calloc(arena, room, sizeof(*bests));
    struct rank_best **places = arena_calloc(arena, room, sizeof(struct rank_best *));
    if (bests == NULL || places == NULL) {
        return false;
    }
    for (size_t i = 0; i < room; i++) {
        places[i] = &bests[i];
    }
    *ret_heap = (struct rank_heap){.places = places, .room = room};
    return true;
}

static int compare_bests(const void *a, const void *b)
{
    struct rank_best *const *left = a;
    struct rank_best *const *right = b;
    return compare(place_of(*left), place_of(*right));
}

static enum status make_page(struct call *call, const struct rank_search *search,
                             struct rank_heap *heap, struct rank_page *ret_page)
{
    size_t count = heap->count < search->page_size ? heap->count : search->page_size;
    struct rank_row *rows = arena_calloc(call->arena, count + 1, sizeof(*rows));
    struct rank_page page = {
        .finished = true, .rows = rows, .count = count, .parameters = search->parameters};
    enum status status = STATUS_OK;
    if (rows == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the answer is too large");
    }
    qsort(heap->places, heap->count, sizeof(struct rank_best *), compare_bests);
    for (size_t i = 0; i < count; i++) {
        rows[i] = heap->places[i]->row;
    }
    if (heap->count > count) {
        const struct rank_place last = place_of(heap->places[count - 1]);
        status = rank_token_write(call, search, &last, &page.next_page_token);
    }
    if (status == STATUS_OK) {
        *ret_page = page;
    }
    return status;
}

enum status rank_select(struct rank_index *index, struct call *call,
                        const struct rank_search *search, struct rank_page *ret_page)
{
    struct rank_heap heap;
    uint32_t from = 0;
    bool has_more = true;
    if (!make_heap(call->arena, search->page_size + 1, &heap)) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the answer is too large");
    }
    while (has_more) {
        enum status status = call_check(call);
        if (status != STATUS_OK) {
            return status;
        }
        rank_lock(index);
        has_more = scan_chunk(index, search, &heap, &from);
        rank_unlock(index);
    }
    return make_page(call, search, &heap, ret_page);
}
