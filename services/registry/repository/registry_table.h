/* registry_table.h: values by name, sorted by it.
 *
 * A sorted array: lookups are binary searches whatever names outsiders choose (no hash that they
 * could aim at), and lists come out in order; an insertion moves 24 bytes a later entry, at most
 * some hundred kilobytes. */
#pragma once

#include <stddef.h>

#include "base/text.h"

struct registry_entry {
    struct text key; /* borrowed: lives with the value */
    void *value;
};

/* Zeroed before first use. */
struct registry_table {
    struct registry_entry *entries; /* read only */
    size_t count;                   /* read only */
    size_t capacity;                /* private */
};

void registry_table_deinit(struct registry_table *table);

/* NULL: no such entry. */
void *registry_table_find(const struct registry_table *table, struct text key);

/* Adds or replaces, the key too. false: no memory; nothing has changed (never for a replacement).
 */
MUST_USE bool registry_table_set(struct registry_table *table, struct text key, void *value);

/* An absent key is no error. */
void registry_table_remove(struct registry_table *table, struct text key);
