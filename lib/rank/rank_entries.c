#include "rank/rank_entries.h"

#include <stdlib.h>

#include "base/random.h"

static uint32_t *bucket_at(const struct rank_entries *entries, uint32_t bucket)
{
    return &entries->buckets[bucket / RANK_SLAB_ENTRIES][bucket % RANK_SLAB_ENTRIES];
}

static uint32_t hash_of(const struct rank_entries *entries, struct text id)
{
    uint64_t hash = entries->secrets[0] + entries->secrets[1] * id.length;
    size_t word_at = 2;
    for (size_t at = 0; at < id.length; at += sizeof(uint32_t)) {
        size_t left = id.length - at;
        uint32_t word = 0;
        memcpy(&word, id.data + at, left < sizeof(word) ? left : sizeof(word));
        hash += entries->secrets[word_at++] * word;
    }
    return (uint32_t)(hash >> 32);
}

/* By linear hashing: as many bits as the buckets have, or one less where the bucket is not split
 * yet. */
static uint32_t bucket_of(const struct rank_entries *entries, uint32_t hash)
{
    uint32_t bucket = hash & entries->bucket_mask;
    return bucket < entries->bucket_count ? bucket : bucket & entries->bucket_mask >> 1;
}

static bool reserve_bucket(struct rank_entries *entries, uint32_t bucket)
{
    uint32_t **slab = &entries->buckets[bucket / RANK_SLAB_ENTRIES];
    if (*slab == NULL) {
        *slab = malloc(RANK_SLAB_ENTRIES * sizeof(**slab));
    }
    return *slab != NULL;
}

static bool reserve_slot(struct rank_entries *entries, uint32_t slot)
{
    struct rank_entry **slab = &entries->slabs[slot / RANK_SLAB_ENTRIES];
    if (*slab == NULL) {
        *slab = aligned_alloc(RANK_ENTRY_BYTES, RANK_SLAB_ENTRIES * sizeof(**slab));
    }
    return *slab != NULL;
}

bool rank_entries_init(struct rank_entries *entries, size_t count_max)
{
    *entries = (struct rank_entries){
        .count_max = count_max, .bucket_count = 1, .free = RANK_NO_SLOT, .limbo = RANK_NO_SLOT};
    random_secret(entries->secrets, sizeof(entries->secrets));
    if (!reserve_bucket(entries, 0)) {
        return false;
    }
    *bucket_at(entries, 0) = RANK_NO_SLOT;
    return true;
}

void rank_entries_deinit(struct rank_entries *entries)
{
    for (uint32_t slot = 0; slot < entries->slots; slot++) {
        struct rank_entry *entry = rank_entry_at(entries, slot);
        if (entry->id_length > RANK_INLINE_ID_BYTES) {
            free(entry->text.id);
        }
    }
    for (size_t i = 0; i < RANK_SLABS_MAX; i++) {
        free(entries->slabs[i]);
        free(entries->buckets[i]);
    }
}

uint32_t rank_entries_find(const struct rank_entries *entries, struct text id)
{
    uint32_t slot = *bucket_at(entries, bucket_of(entries, hash_of(entries, id)));
    while (slot != RANK_NO_SLOT && !text_equal(rank_entry_id(rank_entry_at(entries, slot)), id)) {
        slot = rank_entry_at(entries, slot)->next;
    }
    return slot;
}

static void link_entry(struct rank_entries *entries, uint32_t slot)
{
    struct rank_entry *entry = rank_entry_at(entries, slot);
    uint32_t *bucket =
        bucket_at(entries, bucket_of(entries, hash_of(entries, rank_entry_id(entry))));
    entry->next = *bucket;
    *bucket = slot;
}

/* Its place is reserved. What belongs there stands in the bucket of half the bits. */
static void add_bucket(struct rank_entries *entries)
{
    uint32_t added = entries->bucket_count++;
    if (added > entries->bucket_mask) {
        entries->bucket_mask = entries->bucket_mask << 1 | 1;
    }
    uint32_t *whole = bucket_at(entries, added & entries->bucket_mask >> 1);
    uint32_t slot = *whole;
    *whole = RANK_NO_SLOT;
    *bucket_at(entries, added) = RANK_NO_SLOT;
    while (slot != RANK_NO_SLOT) {
        uint32_t next = rank_entry_at(entries, slot)->next;
        link_entry(entries, slot);
        slot = next;
    }
}

/* A free slot, or one that never was used. */
static uint32_t take_slot(struct rank_entries *entries)
{
    uint32_t slot = entries->free;
    if (slot != RANK_NO_SLOT) {
        entries->free = rank_entry_at(entries, slot)->next;
        return slot;
    }
    bool is_split = entries->bucket_count < RANK_ENTRIES_MAX;
    if (entries->slots >= RANK_ENTRIES_MAX ||
        (is_split && !reserve_bucket(entries, entries->bucket_count))) {
        return RANK_NO_SLOT;
    }
    if (!reserve_slot(entries, entries->slots)) {
        return RANK_NO_SLOT;
    }
    if (is_split) {
        add_bucket(entries);
    }
    return entries->slots++;
}

uint32_t rank_entries_add(struct rank_entries *entries, struct text id)
{
    char *copy = NULL;
    CHECK(id.length > 0 && id.length <= RANK_ID_BYTES_MAX);
    if (entries->count >= entries->count_max) {
        return RANK_NO_SLOT;
    }
    if (id.length > RANK_INLINE_ID_BYTES && (copy = malloc(id.length)) == NULL) {
        return RANK_NO_SLOT;
    }
    uint32_t slot = take_slot(entries);
    if (slot == RANK_NO_SLOT) {
        free(copy);
        return RANK_NO_SLOT;
    }
    struct rank_entry *entry = rank_entry_at(entries, slot);
    *entry = (struct rank_entry){.id_length = (uint8_t)id.length};
    if (copy != NULL) {
        entry->text.id = copy;
        entries->id_bytes += id.length;
    }
    memcpy(copy != NULL ? copy : entry->text.inline_id, id.data, id.length);
    link_entry(entries, slot);
    entries->count++;
    return slot;
}

static void release_slot(struct rank_entries *entries, uint32_t slot)
{
    struct rank_entry *entry = rank_entry_at(entries, slot);
    if (entry->id_length > RANK_INLINE_ID_BYTES) {
        entries->id_bytes -= entry->id_length;
        free(entry->text.id);
    }
    *entry = (struct rank_entry){.next = entries->free};
    entries->free = slot;
}

void rank_entries_remove(struct rank_entries *entries, uint32_t slot)
{
    struct rank_entry *entry = rank_entry_at(entries, slot);
    uint32_t *link = bucket_at(entries, bucket_of(entries, hash_of(entries, rank_entry_id(entry))));
    while (*link != slot) {
        link = &rank_entry_at(entries, *link)->next;
    }
    *link = entry->next;
    entries->count--;
    if (entries->is_pinned) {
        entry->next = entries->limbo;
        entries->limbo = slot;
    } else {
        release_slot(entries, slot);
    }
}

void rank_entries_pin(struct rank_entries *entries)
{
    entries->is_pinned = true;
}

bool rank_entries_unpin(struct rank_entries *entries, size_t limit)
{
    entries->is_pinned = false;
    for (size_t i = 0; i < limit && entries->limbo != RANK_NO_SLOT; i++) {
        uint32_t slot = entries->limbo;
        entries->limbo = rank_entry_at(entries, slot)->next;
        release_slot(entries, slot);
    }
    return entries->limbo == RANK_NO_SLOT;
}

size_t rank_entries_bytes(const struct rank_entries *entries)
{
    size_t slabs = (entries->slots + RANK_SLAB_ENTRIES - 1) / RANK_SLAB_ENTRIES;
    return slabs * RANK_SLAB_ENTRIES * (sizeof(struct rank_entry) + sizeof(uint32_t)) +
           entries->id_bytes;
}
