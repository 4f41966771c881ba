/* rank_sequence.h: entries in one order: blocks of sorted items, and a sorted array of the blocks.
 *
 * An item is a key, smaller for what comes first, and the slot of its entry, whose id decides
 * between equal keys. With a million items the array of blocks is some 150 KB and stays in the
 * cache; a change moves half a block. Each block knows what its entries have at most, so that a
 * filter passes over it with one look.
 *
 * Not locked: the index is. */
#pragma once

#include "rank/rank_entries.h"

enum {
    RANK_BLOCK_ITEMS = 256,
    RANK_BLOCK_ITEMS_FEW = RANK_BLOCK_ITEMS / 4, /* below that it is joined with a neighbour */
};

struct rank_block {
    uint32_t count;
    /* Of its entries, or wider. */
    int16_t year_first; /* of known years */
    int16_t year_last;
    unsigned votes_bits; /* counts are below 1 << votes_bits: few changes go beyond */
    uint64_t genres[RANK_GENRE_WORDS];
    uint64_t keys[RANK_BLOCK_ITEMS];
    uint32_t slots[RANK_BLOCK_ITEMS];
};

/* A block, and its first item. */
struct rank_span {
    uint64_t key;
    uint32_t slot;
    struct rank_block *block;
};

struct rank_sequence {
    const struct rank_entries *entries;
    struct rank_span *spans;
    size_t count;
    size_t capacity;
    struct rank_block *spare; /* for the next insertion */
};

/* Where something stands or would stand. An id can be there twice while a resort has not settled
 * that its entry was removed and came again, in another slot. */
struct rank_place {
    uint64_t key;
    struct text id;
    uint32_t slot; /* RANK_NO_SLOT: behind all of this id */
};

struct rank_item {
    uint64_t key;
    uint32_t slot;
};

/* An empty one. entries: borrowed for its life. */
void rank_sequence_init(struct rank_sequence *sequence, const struct rank_entries *entries);
void rank_sequence_deinit(struct rank_sequence *sequence);

/* Makes the next insertion sure. false: no memory. */
MUST_USE bool rank_sequence_reserve(struct rank_sequence *sequence);

/* The entry is not in it yet. Room was reserved. */
void rank_sequence_insert(struct rank_sequence *sequence, uint64_t key, uint32_t slot);

/* The entry is in it, with this key (CHECKed). */
void rank_sequence_remove(struct rank_sequence *sequence, uint64_t key, uint32_t slot);

/* The bits that a count has. */
unsigned rank_votes_bits(uint64_t count);

/* The entry, which stays where it is, has other facts, or votes of more bits. */
void rank_sequence_touch(struct rank_sequence *sequence, uint64_t key, uint32_t slot);

/* Fills an empty one with sorted items, whose entries may change meanwhile: their slots and ids do
 * not. The blocks' marks are as wide as can be until rank_sequence_measure(). false: no memory. */
MUST_USE bool rank_sequence_fill(struct rank_sequence *sequence, const struct rank_item *items,
                                 size_t count);

/* Narrows what a block says of its entries. */
void rank_sequence_measure(struct rank_sequence *sequence, size_t span);

/* The first item after the place. *ret_span may be the number of spans: there is none. */
void rank_sequence_seek(const struct rank_sequence *sequence, const struct rank_place *after,
                        size_t *ret_span, size_t *ret_at);

/* Of memory, for metrics. */
size_t rank_sequence_bytes(const struct rank_sequence *sequence);
