#include "rank/rank_sequence.h"

#include <limits.h>
#include <stdlib.h>

enum { SPANS_FIRST = 16, BLOCK_ITEMS_FILLED = RANK_BLOCK_ITEMS * 3 / 4 };

/* Negative: the item stands before the place. */
static int compare(const struct rank_sequence *sequence, uint64_t key, uint32_t slot,
                   const struct rank_place *place)
{
    if (key != place->key) {
        return key < place->key ? -1 : 1;
    }
    int order = text_compare(rank_entry_id(rank_entry_at(sequence->entries, slot)), place->id);
    return order != 0 || slot == place->slot ? order : slot < place->slot ? -1 : 1;
}

/* The last block that begins at or before the place; the first where none does. */
static size_t find_span(const struct rank_sequence *sequence, const struct rank_place *place)
{
    size_t low = 0; /* all below begin at or before it */
    size_t high = sequence->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct rank_span *span = &sequence->spans[middle];
        if (compare(sequence, span->key, span->slot, place) > 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low > 0 ? low - 1 : 0;
}

/* The first item in the block that is not before the place. */
static size_t find_in_block(const struct rank_sequence *sequence, const struct rank_block *block,
                            const struct rank_place *place)
{
    size_t low = 0;
    size_t high = block->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(sequence, block->keys[middle], block->slots[middle], place) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct rank_place place_of(const struct rank_sequence *sequence, uint64_t key, uint32_t slot)
{
    return (struct rank_place){
        .key = key, .id = rank_entry_id(rank_entry_at(sequence->entries, slot)), .slot = slot};
}

void rank_sequence_init(struct rank_sequence *sequence, const struct rank_entries *entries)
{
    *sequence = (struct rank_sequence){.entries = entries};
}

void rank_sequence_deinit(struct rank_sequence *sequence)
{
    for (size_t i = 0; i < sequence->count; i++) {
        free(sequence->spans[i].block);
    }
    free(sequence->spans);
    free(sequence->spare);
}

static bool reserve_spans(struct rank_sequence *sequence, size_t count)
{
    size_t capacity = sequence->capacity > 0 ? sequence->capacity : SPANS_FIRST;
    while (capacity < count) {
        capacity *= 2;
    }
    if (capacity == sequence->capacity) {
        return true;
    }
    struct rank_span *spans = realloc(sequence->spans, capacity * sizeof(*spans));
    if (spans == NULL) {
        return false;
    }
    sequence->spans = spans;
    sequence->capacity = capacity;
    return true;
}

bool rank_sequence_reserve(struct rank_sequence *sequence)
{
    if (sequence->spare == NULL) {
        sequence->spare = malloc(sizeof(*sequence->spare));
    }
    return sequence->spare != NULL && reserve_spans(sequence, sequence->count + 1);
}

/* Says nothing of entries yet. */
static void clear_marks(struct rank_block *block)
{
    block->year_first = INT16_MAX;
    block->year_last = 0;
    block->votes_bits = 0;
    memset(block->genres, 0, sizeof(block->genres));
}

unsigned rank_votes_bits(uint64_t count)
{
    unsigned bits = 0;
    for (; count > 0; count >>= 1) {
        bits++;
    }
    return bits;
}

static void widen(struct rank_block *block, const struct rank_values *values)
{
    unsigned bits = rank_votes_bits(values->count);
    if (bits > block->votes_bits) {
        block->votes_bits = bits;
    }
    if (values->year > 0 && values->year < block->year_first) {
        block->year_first = values->year;
    }
    if (values->year > block->year_last) {
        block->year_last = values->year;
    }
    for (size_t i = 0; i < RANK_GENRE_WORDS; i++) {
        block->genres[i] |= values->genres[i];
    }
}

static void take_marks(struct rank_block *block, const struct rank_block *other)
{
    block->votes_bits =
        other->votes_bits > block->votes_bits ? other->votes_bits : block->votes_bits;
    block->year_first =
        other->year_first < block->year_first ? other->year_first : block->year_first;
    block->year_last = other->year_last > block->year_last ? other->year_last : block->year_last;
    for (size_t i = 0; i < RANK_GENRE_WORDS; i++) {
        block->genres[i] |= other->genres[i];
    }
}

void rank_sequence_measure(struct rank_sequence *sequence, size_t span)
{
    struct rank_block *block = sequence->spans[span].block;
    clear_marks(block);
    for (size_t i = 0; i < block->count; i++) {
        widen(block, &rank_entry_at(sequence->entries, block->slots[i])->values);
    }
}

static void note_first(struct rank_span *span)
{
    span->key = span->block->keys[0];
    span->slot = span->block->slots[0];
}

/* Puts the spare block, emptied, behind the span. */
static void add_span(struct rank_sequence *sequence, size_t at)
{
    CHECK(sequence->spare != NULL && sequence->count < sequence->capacity);
    memmove(sequence->spans + at + 1, sequence->spans + at,
            (sequence->count - at) * sizeof(*sequence->spans));
    sequence->spans[at] = (struct rank_span){.block = sequence->spare};
    sequence->spare->count = 0;
    clear_marks(sequence->spare);
    sequence->spare = NULL;
    sequence->count++;
}

static void remove_span(struct rank_sequence *sequence, size_t at)
{
    free(sequence->spans[at].block);
    sequence->count--;
    memmove(sequence->spans + at, sequence->spans + at + 1,
            (sequence->count - at) * sizeof(*sequence->spans));
}

/* Copies items from `from` on to the end of the other block. */
static void append(struct rank_block *to, const struct rank_block *from, size_t at)
{
    size_t count = from->count - at;
    memcpy(to->keys + to->count, from->keys + at, count * sizeof(*to->keys));
    memcpy(to->slots + to->count, from->slots + at, count * sizeof(*to->slots));
    to->count += (uint32_t)count;
    take_marks(to, from);
}

/* Makes room in a full block for an item at `at`: half of it moves on, or nothing where the item
 * comes last, so that what is added in order fills its blocks. Returns where the item belongs. */
static size_t split(struct rank_sequence *sequence, size_t span, size_t *at)
{
    size_t kept = *at == RANK_BLOCK_ITEMS ? RANK_BLOCK_ITEMS : RANK_BLOCK_ITEMS / 2;
    add_span(sequence, span + 1);
    struct rank_block *block = sequence->spans[span].block;
    append(sequence->spans[span + 1].block, block, kept);
    block->count = (uint32_t)kept;
    if (kept < RANK_BLOCK_ITEMS) {
        note_first(&sequence->spans[span + 1]);
    }
    if (*at < kept || (*at == kept && kept < RANK_BLOCK_ITEMS)) {
        return span;
    }
    *at -= kept;
    return span + 1;
}

void rank_sequence_insert(struct rank_sequence *sequence, uint64_t key, uint32_t slot)
{
    const struct rank_place place = place_of(sequence, key, slot);
    size_t span = find_span(sequence, &place);
    if (sequence->count == 0) {
        add_span(sequence, 0);
    }
    size_t at = find_in_block(sequence, sequence->spans[span].block, &place);
    if (sequence->spans[span].block->count == RANK_BLOCK_ITEMS) {
        span = split(sequence, span, &at);
    }
    struct rank_block *block = sequence->spans[span].block;
    memmove(block->keys + at + 1, block->keys + at, (block->count - at) * sizeof(*block->keys));
    memmove(block->slots + at + 1, block->slots + at, (block->count - at) * sizeof(*block->slots));
    block->keys[at] = key;
    block->slots[at] = slot;
    block->count++;
    widen(block, &rank_entry_at(sequence->entries, slot)->values);
    note_first(&sequence->spans[span]);
}

/* Where the item stands. */
static struct rank_block *find_item(struct rank_sequence *sequence, uint64_t key, uint32_t slot,
                                    size_t *ret_span, size_t *ret_at)
{
    const struct rank_place place = place_of(sequence, key, slot);
    CHECK(sequence->count > 0);
    *ret_span = find_span(sequence, &place);
    struct rank_block *block = sequence->spans[*ret_span].block;
    *ret_at = find_in_block(sequence, block, &place);
    CHECK(*ret_at < block->count && block->slots[*ret_at] == slot && block->keys[*ret_at] == key);
    return block;
}

/* Joins a block of few items with the one behind it, where both fit well. */
static void join(struct rank_sequence *sequence, size_t span)
{
    if (span + 1 >= sequence->count) {
        return;
    }
    struct rank_block *block = sequence->spans[span].block;
    struct rank_block *next = sequence->spans[span + 1].block;
    if (block->count + next->count <= BLOCK_ITEMS_FILLED) {
        append(block, next, 0);
        remove_span(sequence, span + 1);
    }
}

void rank_sequence_remove(struct rank_sequence *sequence, uint64_t key, uint32_t slot)
{
    size_t span;
    size_t at;
    struct rank_block *block = find_item(sequence, key, slot, &span, &at);
    block->count--;
    memmove(block->keys + at, block->keys + at + 1, (block->count - at) * sizeof(*block->keys));
    memmove(block->slots + at, block->slots + at + 1, (block->count - at) * sizeof(*block->slots));
    if (block->count == 0) {
        remove_span(sequence, span);
        return;
    }
    note_first(&sequence->spans[span]);
    if (block->count < RANK_BLOCK_ITEMS_FEW) {
        join(sequence, span);
        if (span > 0) {
            join(sequence, span - 1);
        }
    }
}

void rank_sequence_touch(struct rank_sequence *sequence, uint64_t key, uint32_t slot)
{
    size_t span;
    size_t at;
    widen(find_item(sequence, key, slot, &span, &at),
          &rank_entry_at(sequence->entries, slot)->values);
}

static void widen_to_all(struct rank_block *block)
{
    block->year_first = 1;
    block->year_last = INT16_MAX;
    block->votes_bits = UINT_MAX;
    memset(block->genres, 0xff, sizeof(block->genres));
}

bool rank_sequence_fill(struct rank_sequence *sequence, const struct rank_item *items, size_t count)
{
    CHECK(sequence->count == 0);
    for (size_t from = 0; from < count; from += BLOCK_ITEMS_FILLED) {
        size_t taken = count - from < BLOCK_ITEMS_FILLED ? count - from : BLOCK_ITEMS_FILLED;
        if (!rank_sequence_reserve(sequence)) {
            return false;
        }
        add_span(sequence, sequence->count);
        struct rank_span *span = &sequence->spans[sequence->count - 1];
        for (size_t i = 0; i < taken; i++) {
            span->block->keys[i] = items[from + i].key;
            span->block->slots[i] = items[from + i].slot;
        }
        span->block->count = (uint32_t)taken;
        widen_to_all(span->block);
        note_first(span);
    }
    return true;
}

void rank_sequence_seek(const struct rank_sequence *sequence, const struct rank_place *after,
                        size_t *ret_span, size_t *ret_at)
{
    size_t span = 0;
    size_t at = 0;
    if (sequence->count > 0) {
        span = find_span(sequence, after);
        const struct rank_block *block = sequence->spans[span].block;
        at = find_in_block(sequence, block, after);
        if (at == block->count) {
            span++;
            at = 0;
        }
    }
    *ret_span = span;
    *ret_at = at;
}

size_t rank_sequence_bytes(const struct rank_sequence *sequence)
{
    return sequence->count * sizeof(struct rank_block) +
           sequence->capacity * sizeof(struct rank_span);
}
