/* local_last_offsets.h: the last offset of each key, for compaction: a hash table of bounded size
 * that holds the keys themselves, so that no two are taken for one. */
#pragma once

#include "base/text.h"

struct local_last_offsets;

/* NULL: no memory. Owned by the caller. */
MUST_USE struct local_last_offsets *local_last_offsets_create(size_t keys_max,
                                                              size_t key_bytes_max);
void local_last_offsets_destroy(struct local_last_offsets *offsets);

/* Notes an offset, which is higher than all before. false: full, or no memory. */
MUST_USE bool local_last_offsets_put(struct local_last_offsets *offsets, struct text key,
                                     int64_t offset);

/* -1: the key is not known. */
int64_t local_last_offsets_get(const struct local_last_offsets *offsets, struct text key);
