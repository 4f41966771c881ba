#include "rank/rank_private.h"

static bool part_is_there(const struct rank_change *change)
{
    return !change->removed && (change->part != RANK_VOTES || change->count > 0);
}

static void check_change(const struct rank_change *change)
{
    CHECK(change->id.length > 0 && change->id.length <= RANK_ID_BYTES_MAX);
    CHECK(change->part == RANK_VOTES || change->part == RANK_FACTS);
    CHECK(change->removed || change->part == RANK_VOTES ||
          (change->year >= 0 && change->year <= INT16_MAX));
}

/* The values with the part as the change says. */
static void write_part(struct rank_index *index, struct rank_values *values,
                       const struct rank_change *change)
{
    bool is_there = part_is_there(change);
    unsigned part = change->part;
    values->parts = (uint8_t)(is_there ? values->parts | part : values->parts & ~part);
    if (change->part == RANK_VOTES) {
        values->count = is_there ? change->count : 0;
        values->sum_hundredths = is_there ? change->sum_hundredths : 0;
        return;
    }
    values->year = (int16_t)(is_there ? change->year : 0);
    memset(values->genres, 0, sizeof(values->genres));
    if (is_there) {
        rank_genres_intern(&index->genres, change->genres, change->genre_count, values->genres);
    }
}

static bool is_same(const struct rank_values *a, const struct rank_values *b)
{
    return a->parts == b->parts && a->count == b->count && a->sum_hundredths == b->sum_hundredths &&
           a->year == b->year && memcmp(a->genres, b->genres, sizeof(a->genres)) == 0;
}

static bool reserve(struct rank_index *index)
{
    for (unsigned order = 0; order < RANK_ORDER_COUNT; order++) {
        if (rank_has_order(index, order) && !rank_sequence_reserve(&index->sequences[order])) {
            return false;
        }
    }
    return true;
}

/* Whether a block must be told, in an order where the entry stays where it is. */
static bool is_wider(const struct rank_values *before, const struct rank_values *after)
{
    return rank_votes_bits(after->count) > rank_votes_bits(before->count) ||
           after->year != before->year ||
           memcmp(after->genres, before->genres, sizeof(after->genres)) != 0;
}

/* Moves the entry in each order from where `before` stood. */
static void move(struct rank_index *index, uint32_t slot, const struct rank_values *before,
                 const struct rank_values *after)
{
    bool was_listed = rank_is_listed(index, before);
    bool is_listed = rank_is_listed(index, after);
    uint64_t from[RANK_ORDER_COUNT];
    uint64_t to[RANK_ORDER_COUNT];
    for (unsigned order = 0; order < RANK_ORDER_COUNT; order++) {
        from[order] = rank_key(order, &index->parameters, before);
        to[order] = rank_key(order, &index->parameters, after);
        bool stays = is_listed && from[order] == to[order];
        if (rank_has_order(index, order) && was_listed && !stays) {
            rank_sequence_remove(&index->sequences[order], from[order], slot);
        }
    }
    rank_entry_at(&index->entries, slot)->values = *after;
    for (unsigned order = 0; order < RANK_ORDER_COUNT; order++) {
        bool stays = was_listed && from[order] == to[order];
        if (!rank_has_order(index, order) || !is_listed) {
            continue;
        }
        if (stays && is_wider(before, after)) {
            rank_sequence_touch(&index->sequences[order], to[order], slot);
        } else if (!stays) {
            rank_sequence_insert(&index->sequences[order], to[order], slot);
        }
    }
}

/* What is counted of all entries. */
static void count(struct rank_index *index, const struct rank_values *before,
                  const struct rank_values *after)
{
    bool was_listed = rank_is_listed(index, before);
    bool is_listed = rank_is_listed(index, after);
    bool is_other_set = memcmp(before->genres, after->genres, sizeof(after->genres)) != 0;
    index->totals.count += after->count - before->count;
    index->totals.sum_hundredths += after->sum_hundredths - before->sum_hundredths;
    index->listed = index->listed + is_listed - was_listed;
    if (was_listed && (!is_listed || is_other_set)) {
        rank_genres_count_listed(&index->genres, before->genres, -1);
    }
    if (is_listed && (!was_listed || is_other_set)) {
        rank_genres_count_listed(&index->genres, after->genres, 1);
    }
    if (is_other_set) {
        rank_genres_count(&index->genres, after->genres, 1);
        rank_genres_count(&index->genres, before->genres, -1);
    }
}

/* false: no memory, and nothing has changed. */
static bool change_part(struct rank_index *index, uint32_t slot, const struct rank_change *change)
{
    const struct rank_values before = rank_entry_at(&index->entries, slot)->values;
    struct rank_values after = before;
    write_part(index, &after, change);
    if (is_same(&before, &after)) {
        return true;
    }
    if (!reserve(index)) {
        return false;
    }
    rank_note_change(index, slot);
    move(index, slot, &before, &after);
    count(index, &before, &after);
    index->changes++;
    return true;
}

void rank_drop_part(struct rank_index *index, uint32_t slot, enum rank_part part)
{
    const struct rank_change change = {.part = part, .removed = true};
    (void)change_part(index, slot, &change); /* without memory it stays until the next time */
    if (rank_entry_at(&index->entries, slot)->values.parts == 0) {
        rank_entries_remove(&index->entries, slot);
    }
}

static bool apply_one(struct rank_index *index, const struct rank_change *change)
{
    check_change(change);
    uint32_t slot = rank_entries_find(&index->entries, change->id);
    if (slot == RANK_NO_SLOT) {
        if (!part_is_there(change)) {
            return true;
        }
        slot = rank_entries_add(&index->entries, change->id);
        if (slot == RANK_NO_SLOT) {
            return false;
        }
    }
    bool applied = change_part(index, slot, change);
    struct rank_entry *entry = rank_entry_at(&index->entries, slot);
    if (applied && (index->refilling & (unsigned)change->part) != 0) {
        entry->given = (uint8_t)(entry->given | (unsigned)change->part);
    }
    if (entry->values.parts == 0) {
        rank_entries_remove(&index->entries, slot);
    }
    return applied;
}

enum status rank_apply(struct rank_index *index, const struct rank_change *changes, size_t count)
{
    bool applied = true;
    for (size_t from = 0; from < count && applied; from += RANK_APPLY_CHUNK) {
        size_t to = count - from < RANK_APPLY_CHUNK ? count : from + RANK_APPLY_CHUNK;
        rank_lock(index);
        for (size_t i = from; i < to && applied; i++) {
            applied = apply_one(index, &changes[i]);
        }
        rank_unlock(index);
    }
    return applied ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}
