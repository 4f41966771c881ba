/* rank_entries.h: the entries of an index, found by slot and by id.
 *
 * Slots are kept in slabs that never move, and the hash table grows by one bucket an entry (linear
 * hashing), so that no insertion takes long. Ids are an outsider's to choose: the hash is drawn
 * from a family that is strongly universal (multilinear, Carter and Wegman), by secret numbers.
 *
 * Not locked: the index is. */
#pragma once

#include "rank/rank.h"

enum {
    RANK_GENRE_WORDS = RANK_GENRES_MAX / 64,
    RANK_SLAB_ENTRIES = 4096,
    RANK_SLABS_MAX = RANK_ENTRIES_MAX / RANK_SLAB_ENTRIES,
    RANK_INLINE_ID_BYTES = 16,
    RANK_HASH_WORDS = RANK_ID_BYTES_MAX / 4 + 2, /* of an id, its length, and one more */
    RANK_PARTS_ALL = RANK_VOTES | RANK_FACTS,
};

#define RANK_NO_SLOT UINT32_MAX

/* What is known of an entry. */
struct rank_values {
    uint64_t count;
    uint64_t sum_hundredths;
    uint64_t genres[RANK_GENRE_WORDS];
    int16_t year;
    uint8_t parts; /* that it has */
};

/* The id is written once: whoever pins it reads it without the lock. */
struct rank_entry {
    union {
        char inline_id[RANK_INLINE_ID_BYTES];
        char *id; /* a longer one */
    } text;
    uint32_t next;     /* in its bucket, or among the free ones */
    uint8_t id_length; /* 0: the slot is free */
    uint8_t given;     /* parts that were given since rank_begin_refill() */
    bool changed;      /* noted by a resort */
    struct rank_values values;
};

/* One line of the cache: an order is walked through entries that lie anywhere. */
enum { RANK_ENTRY_BYTES = 64 };
_Static_assert(sizeof(struct rank_entry) == RANK_ENTRY_BYTES, "an entry is a line of the cache");

struct rank_entries {
    struct rank_entry *slabs[RANK_SLABS_MAX];
    uint32_t *buckets[RANK_SLABS_MAX]; /* slabs of RANK_SLAB_ENTRIES, each the first slot */
    uint64_t secrets[RANK_HASH_WORDS];
    size_t count;
    size_t count_max;
    uint32_t slots;        /* that were given out ever; free ones among them */
    uint32_t bucket_count; /* at least 1, one more than slots */
    uint32_t bucket_mask;  /* all ones, not below bucket_count - 1 */
    uint32_t free;         /* the first free slot */
    uint32_t limbo;        /* the first that is free once nobody sorts by the ids */
    bool is_pinned;        /* somebody does */
    size_t id_bytes;       /* of longer ones */
};

/* false: no memory. */
MUST_USE bool rank_entries_init(struct rank_entries *entries, size_t count_max);
void rank_entries_deinit(struct rank_entries *entries);

static inline struct rank_entry *rank_entry_at(const struct rank_entries *entries, uint32_t slot)
{
    return &entries->slabs[slot / RANK_SLAB_ENTRIES][slot % RANK_SLAB_ENTRIES];
}

static inline struct text rank_entry_id(const struct rank_entry *entry)
{
    return (struct text){entry->id_length > RANK_INLINE_ID_BYTES ? entry->text.id
                                                                 : entry->text.inline_id,
                         entry->id_length};
}

/* RANK_NO_SLOT: there is none. */
uint32_t rank_entries_find(const struct rank_entries *entries, struct text id);

/* A new one without parts; there is none of this id yet. RANK_NO_SLOT: no memory, or count_max. */
MUST_USE uint32_t rank_entries_add(struct rank_entries *entries, struct text id);
void rank_entries_remove(struct rank_entries *entries, uint32_t slot);

/* While pinned, ids of removed entries stay where they are, and their slots are not used again. */
void rank_entries_pin(struct rank_entries *entries);

/* Ends that; releases at most `limit` of what was kept. false: there is more, call again. */
MUST_USE bool rank_entries_unpin(struct rank_entries *entries, size_t limit);

size_t rank_entries_bytes(const struct rank_entries *entries);
