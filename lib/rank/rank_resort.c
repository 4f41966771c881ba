#include <stdlib.h>

#include "rank/rank_private.h"

enum { RANK_SPANS_MEASURED = RANK_CHUNK / RANK_BLOCK_ITEMS };

struct rank_reading {
    struct rank_item *items;
    size_t count;
    size_t capacity;
};

/* false: no memory. */
static bool reserve_note(struct rank_resorting *resorting)
{
    if (resorting->note_count < resorting->note_capacity) {
        return true;
    }
    size_t capacity = resorting->note_capacity > 0 ? resorting->note_capacity * 2 : RANK_CHUNK;
    struct rank_note *notes = realloc(resorting->notes, capacity * sizeof(*notes));
    if (notes == NULL) {
        return false;
    }
    resorting->notes = notes;
    resorting->note_capacity = capacity;
    return true;
}

void rank_note_change(struct rank_index *index, uint32_t slot)
{
    struct rank_resorting *resorting = &index->resorting;
    struct rank_entry *entry = rank_entry_at(&index->entries, slot);
    if (!resorting->is_running || slot >= resorting->read || entry->changed ||
        resorting->has_failed) {
        return;
    }
    if (!reserve_note(resorting)) {
        resorting->has_failed = true;
        return;
    }
    entry->changed = true;
    resorting->notes[resorting->note_count++] = (struct rank_note){
        .key = rank_key(RANK_BY_SCORE, &resorting->parameters, &entry->values),
        .slot = slot,
        .is_listed = rank_is_listed(index, &entry->values),
    };
}

/* Under the lock. false: there is nothing to do but this. */
static bool begin(struct rank_index *index, const struct rank_parameters *parameters)
{
    if (rank_parameters_equal(&index->parameters, parameters)) {
        return false;
    }
    if (!rank_has_order(index, RANK_BY_SCORE)) {
        index->parameters = *parameters;
        index->resorts++;
        return false;
    }
    index->resorting = (struct rank_resorting){.is_running = true, .parameters = *parameters};
    rank_entries_pin(&index->entries);
    return true;
}

static bool reserve_items(struct rank_reading *reading)
{
    if (reading->capacity - reading->count >= RANK_CHUNK) {
        return true;
    }
    size_t capacity = reading->capacity > 0 ? reading->capacity * 2 : RANK_CHUNK;
    struct rank_item *items = realloc(reading->items, capacity * sizeof(*items));
    if (items == NULL) {
        return false;
    }
    reading->items = items;
    reading->capacity = capacity;
    return true;
}

/* Under the lock: reads a chunk. What comes after the last is noted. */
static void read_chunk(struct rank_index *index, struct rank_reading *reading)
{
    struct rank_resorting *resorting = &index->resorting;
    uint32_t end = index->entries.slots - resorting->read < RANK_CHUNK
                       ? index->entries.slots
                       : resorting->read + RANK_CHUNK;
    for (uint32_t slot = resorting->read; slot < end; slot++) {
        const struct rank_entry *entry = rank_entry_at(&index->entries, slot);
        if (rank_is_listed(index, &entry->values)) {
            reading->items[reading->count++] = (struct rank_item){
                .key = rank_key(RANK_BY_SCORE, &resorting->parameters, &entry->values),
                .slot = slot};
        }
    }
    resorting->read = end == index->entries.slots ? RANK_NO_SLOT : end;
}

static bool read_all(struct rank_index *index, struct rank_reading *reading)
{
    bool is_done = false;
    while (!is_done) {
        if (!reserve_items(reading)) {
            return false;
        }
        rank_lock(index);
        read_chunk(index, reading);
        is_done = index->resorting.read == RANK_NO_SLOT;
        rank_unlock(index);
    }
    return true;
}

/* Ids are pinned: they are read without the lock. */
static int compare_items(const void *a, const void *b, void *entries)
{
    const struct rank_item *left = a;
    const struct rank_item *right = b;
    if (left->key != right->key) {
        return left->key < right->key ? -1 : 1;
    }
    int order = text_compare(rank_entry_id(rank_entry_at(entries, left->slot)),
                             rank_entry_id(rank_entry_at(entries, right->slot)));
    return order != 0 ? order : left->slot < right->slot ? -1 : 1;
}

static void measure_all(struct rank_index *index, struct rank_sequence *sequence)
{
    for (size_t from = 0; from < sequence->count; from += RANK_SPANS_MEASURED) {
        rank_lock(index);
        for (size_t i = from; i < from + RANK_SPANS_MEASURED && i < sequence->count; i++) {
            rank_sequence_measure(sequence, i);
        }
        rank_unlock(index);
    }
}

/* Under the lock: puts what has changed where it belongs now. false: no memory. */
static bool settle_notes(struct rank_index *index, struct rank_sequence *sequence)
{
    struct rank_resorting *resorting = &index->resorting;
    for (int i = 0; i < RANK_APPLY_CHUNK && resorting->note_count > 0; i++) {
        if (!rank_sequence_reserve(sequence)) {
            return false;
        }
        const struct rank_note note = resorting->notes[--resorting->note_count];
        struct rank_entry *entry = rank_entry_at(&index->entries, note.slot);
        entry->changed = false;
        if (note.is_listed) {
            rank_sequence_remove(sequence, note.key, note.slot);
        }
        if (rank_is_listed(index, &entry->values)) {
            uint64_t key = rank_key(RANK_BY_SCORE, &resorting->parameters, &entry->values);
            rank_sequence_insert(sequence, key, note.slot);
        }
    }
    return !resorting->has_failed;
}

/* Under the lock. *sequence becomes the old one. */
static void swap(struct rank_index *index, struct rank_sequence *sequence)
{
    struct rank_sequence old = index->sequences[RANK_BY_SCORE];
    index->sequences[RANK_BY_SCORE] = *sequence;
    *sequence = old;
    index->parameters = index->resorting.parameters;
    index->resorting.is_running = false;
    index->resorts++;
}

/* Until there are no notes left, which is quicker than they come; then it is swapped in. */
static bool settle(struct rank_index *index, struct rank_sequence *sequence)
{
    bool settled = true;
    bool swapped = false;
    while (settled && !swapped) {
        rank_lock(index);
        settled = settle_notes(index, sequence);
        if (settled && index->resorting.note_count == 0) {
            swap(index, sequence);
            swapped = true;
        }
        rank_unlock(index);
    }
    return swapped;
}

/* Whether it was swapped in or not. */
static void end(struct rank_index *index)
{
    bool is_clean = false;
    while (!is_clean) {
        rank_lock(index);
        struct rank_resorting *resorting = &index->resorting;
        resorting->is_running = false;
        for (int i = 0; i < RANK_CHUNK && resorting->note_count > 0; i++) {
            const struct rank_note note = resorting->notes[--resorting->note_count];
            rank_entry_at(&index->entries, note.slot)->changed = false;
        }
        is_clean = rank_entries_unpin(&index->entries, RANK_CHUNK) && resorting->note_count == 0;
        rank_unlock(index);
    }
    free(index->resorting.notes);
    index->resorting.notes = NULL;
}

static bool sort_anew(struct rank_index *index)
{
    struct rank_reading reading = {.items = NULL};
    struct rank_sequence sequence;
    rank_sequence_init(&sequence, &index->entries);
    bool sorted = read_all(index, &reading);
    if (sorted) {
        qsort_r(reading.items, reading.count, sizeof(*reading.items), compare_items,
                &index->entries);
        sorted = rank_sequence_fill(&sequence, reading.items, reading.count);
    }
    free(reading.items);
    if (sorted) {
        measure_all(index, &sequence);
        sorted = settle(index, &sequence);
    }
    end(index);
    rank_sequence_deinit(&sequence);
    return sorted;
}

enum status rank_resort(struct rank_index *index, const struct rank_parameters *parameters)
{
    pthread_mutex_lock(&index->resort_lock);
    rank_lock(index);
    bool has_work = begin(index, parameters);
    rank_unlock(index);
    bool sorted = !has_work || sort_anew(index);
    pthread_mutex_unlock(&index->resort_lock);
    return sorted ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}
