#include <stdlib.h>

#include "base/arena.h"
#include "rank/rank_private.h"

void rank_lock(struct rank_index *index)
{
    pthread_mutex_lock(&index->turn);
    pthread_mutex_lock(&index->lock);
    pthread_mutex_unlock(&index->turn);
}

void rank_unlock(struct rank_index *index)
{
    pthread_mutex_unlock(&index->lock);
}

static bool init_locks(struct rank_index *index)
{
    pthread_mutex_t *locks[] = {&index->turn, &index->lock, &index->resort_lock};
    for (size_t i = 0; i < ARRAY_LENGTH(locks); i++) {
        if (pthread_mutex_init(locks[i], NULL) != 0) {
            while (i-- > 0) {
                pthread_mutex_destroy(locks[i]);
            }
            return false;
        }
    }
    return true;
}

static void destroy_locks(struct rank_index *index)
{
    pthread_mutex_destroy(&index->turn);
    pthread_mutex_destroy(&index->lock);
    pthread_mutex_destroy(&index->resort_lock);
}

enum status rank_index_create(const struct rank_options *options, struct rank_index **ret_index)
{
    size_t entries_max = options->entries_max > 0 ? options->entries_max : RANK_ENTRIES_MAX;
    CHECK(entries_max <= RANK_ENTRIES_MAX);
    CHECK(options->listed_parts != 0 && (options->listed_parts & ~(unsigned)RANK_PARTS_ALL) == 0);
    CHECK(options->orders != 0 && options->orders < 1u << RANK_ORDER_COUNT);
    struct rank_index *index = calloc(1, sizeof(*index));
    if (index == NULL || !init_locks(index)) {
        free(index);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    if (!rank_entries_init(&index->entries, entries_max)) {
        destroy_locks(index);
        free(index);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    index->orders = options->orders;
    index->listed_parts = options->listed_parts;
    index->parameters = options->parameters;
    for (unsigned order = 0; order < RANK_ORDER_COUNT; order++) {
        rank_sequence_init(&index->sequences[order], &index->entries);
    }
    *ret_index = index;
    return STATUS_OK;
}

void rank_index_destroy(struct rank_index *index)
{
    if (index == NULL) {
        return;
    }
    for (unsigned order = 0; order < RANK_ORDER_COUNT; order++) {
        rank_sequence_deinit(&index->sequences[order]);
    }
    rank_entries_deinit(&index->entries);
    destroy_locks(index);
    free(index);
}

uint64_t rank_votes_key(uint64_t count)
{
    return RANK_KEY_LAST - 1 - count;
}

uint64_t rank_year_key(int32_t year)
{
    return year > 0 ? RANK_KEY_LAST - 1 - (uint64_t)year : RANK_KEY_LAST;
}

/* Doubles that are not negative stand in the order of their bits (IEEE 754). */
static uint64_t points_key(double points)
{
    uint64_t bits;
    memcpy(&bits, &points, sizeof(bits));
    return RANK_KEY_LAST - 1 - bits;
}

uint64_t rank_key(enum rank_order order, const struct rank_parameters *parameters,
                  const struct rank_values *values)
{
    switch (order) {
    case RANK_BY_SCORE:
        return values->count > 0
                   ? points_key(rank_score(parameters, values->count, values->sum_hundredths))
                   : RANK_KEY_LAST;
    case RANK_BY_MEAN:
        return values->count > 0 ? points_key(rank_mean(values->count, values->sum_hundredths))
                                 : RANK_KEY_LAST;
    case RANK_BY_VOTES:
        return rank_votes_key(values->count);
    case RANK_BY_YEAR:
        break;
    }
    return rank_year_key(values->year);
}

void rank_begin_refill(struct rank_index *index, enum rank_part part)
{
    bool is_done = false;
    for (uint32_t from = 0; !is_done; from += RANK_CHUNK) {
        rank_lock(index);
        index->refilling |= (unsigned)part;
        for (uint32_t slot = from; slot < from + RANK_CHUNK && slot < index->entries.slots;
             slot++) {
            struct rank_entry *entry = rank_entry_at(&index->entries, slot);
            entry->given = (uint8_t)(entry->given & ~(unsigned)part);
        }
        is_done = index->entries.slots - from <= RANK_CHUNK || index->entries.slots < from;
        rank_unlock(index);
    }
}

/* Under the lock. */
static void drop_if_not_given(struct rank_index *index, uint32_t slot, enum rank_part part)
{
    const struct rank_entry *entry = rank_entry_at(&index->entries, slot);
    if ((entry->values.parts & ~entry->given & (unsigned)part) != 0) {
        rank_drop_part(index, slot, part);
    }
}

void rank_end_refill(struct rank_index *index, enum rank_part part)
{
    bool is_done = false;
    for (uint32_t from = 0; !is_done; from += RANK_APPLY_CHUNK) {
        rank_lock(index);
        uint32_t slots = index->entries.slots;
        for (uint32_t slot = from; slot < from + RANK_APPLY_CHUNK && slot < slots; slot++) {
            drop_if_not_given(index, slot, part);
        }
        is_done = from + RANK_APPLY_CHUNK >= slots;
        if (is_done) {
            index->refilling &= ~(unsigned)part;
        }
        rank_unlock(index);
    }
}

struct rank_parameters rank_index_parameters(struct rank_index *index)
{
    rank_lock(index);
    struct rank_parameters parameters = index->parameters;
    rank_unlock(index);
    return parameters;
}

struct rank_row rank_row_of(const struct rank_parameters *parameters,
                            const struct rank_values *values)
{
    struct rank_row row = {
        .count = values->count, .sum_hundredths = values->sum_hundredths, .year = values->year};
    if (values->count > 0) {
        row.mean = rank_mean(values->count, values->sum_hundredths);
        row.score = rank_score(parameters, values->count, values->sum_hundredths);
    }
    return row;
}

bool rank_find(struct rank_index *index, struct arena *arena, struct text id,
               struct rank_row *ret_row)
{
    struct text copy = arena_copy(arena, id);
    bool is_found = false;
    if (copy.data == NULL || id.length == 0 || id.length > RANK_ID_BYTES_MAX) {
        return false;
    }
    rank_lock(index);
    uint32_t slot = rank_entries_find(&index->entries, id);
    const struct rank_values *values =
        slot != RANK_NO_SLOT ? &rank_entry_at(&index->entries, slot)->values : NULL;
    if (values != NULL && rank_is_listed(index, values)) {
        *ret_row = rank_row_of(&index->parameters, values);
        ret_row->id = copy;
        is_found = true;
    }
    rank_unlock(index);
    return is_found;
}

static int compare_genres(const void *a, const void *b)
{
    const struct rank_genre *left = a;
    const struct rank_genre *right = b;
    return text_compare(left->name, right->name);
}

enum status rank_list_genres(struct rank_index *index, struct call *call,
                             struct rank_genre **ret_genres, size_t *ret_count)
{
    struct rank_genre *genres = arena_calloc(call->arena, RANK_GENRES_MAX, sizeof(*genres));
    bool has_room = genres != NULL;
    size_t count = 0;
    rank_lock(index);
    for (size_t i = 0; i < RANK_GENRES_MAX && has_room; i++) {
        const struct rank_genre_name *name = &index->genres.names[i];
        if (name->listed > 0) {
            genres[count] = (struct rank_genre){
                .name = arena_copy(call->arena, (struct text){name->name, name->length}),
                .entries = name->listed};
            has_room = genres[count++].name.data != NULL;
        }
    }
    rank_unlock(index);
    if (!has_room) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the answer is too large");
    }
    qsort(genres, count, sizeof(*genres), compare_genres);
    *ret_genres = genres;
    *ret_count = count;
    return STATUS_OK;
}

struct rank_stats rank_index_stats(struct rank_index *index)
{
    rank_lock(index);
    struct rank_stats stats = {
        .entries = index->entries.count,
        .listed = index->listed,
        .bytes = rank_entries_bytes(&index->entries),
        .changes = index->changes,
        .resorts = index->resorts,
        .genres_left_out = index->genres.left_out,
        .totals = index->totals,
    };
    for (unsigned order = 0; order < RANK_ORDER_COUNT; order++) {
        stats.bytes += rank_sequence_bytes(&index->sequences[order]);
    }
    rank_unlock(index);
    return stats;
}
