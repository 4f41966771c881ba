/* ordered_map.h: bytes by bytes, in byte order, in memory: what the memory implementations of the
 * stores are made of.
 *
 * A skip list. It copies keys and values. One thread at a time; heap exhaustion ends the process
 * (CHECK), since a store that lives in memory has nothing to fall back on. */
#pragma once

#include "base/text.h"

struct ordered_map;

/* Borrowed until the entry is removed or replaced. */
struct ordered_map_entry {
    struct text key;
    void *value;
    size_t value_size;
};

struct ordered_map *ordered_map_create(void);
void ordered_map_destroy(struct ordered_map *map);

/* NULL: there is no such key. */
const struct ordered_map_entry *ordered_map_find(const struct ordered_map *map, struct text key);

/* The first entry with a key at or after `key`, or after the entry. NULL: there is none. */
const struct ordered_map_entry *ordered_map_seek(const struct ordered_map *map, struct text key);
const struct ordered_map_entry *ordered_map_next(const struct ordered_map_entry *entry);

/* Adds or replaces. The value is aligned for any type. */
void ordered_map_put(struct ordered_map *map, struct text key, const void *value,
                     size_t value_size);

/* A key that is not there is left as it is. */
void ordered_map_remove(struct ordered_map *map, struct text key);
