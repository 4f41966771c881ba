#include "registry/repository/registry_table.h"

#include <stdlib.h>

enum { CAPACITY_FIRST = 64 };

void registry_table_deinit(struct registry_table *table)
{
    free(table->entries);
    *table = (struct registry_table){.entries = NULL};
}

/* The place of the first entry that is not before the key. */
static size_t place_of(const struct registry_table *table, struct text key)
{
    size_t low = 0;
    size_t high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (text_compare(table->entries[middle].key, key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_at(const struct registry_table *table, size_t place, struct text key)
{
    return place < table->count && text_equal(table->entries[place].key, key);
}

void *registry_table_find(const struct registry_table *table, struct text key)
{
    size_t place = place_of(table, key);
    return is_at(table, place, key) ? table->entries[place].value : NULL;
}

static bool grow(struct registry_table *table)
{
    size_t capacity = table->capacity > 0 ? table->capacity * 2 : CAPACITY_FIRST;
    struct registry_entry *entries =
        reallocarray(table->entries, capacity, sizeof(*table->entries));
    if (entries == NULL) {
        return false;
    }
    table->entries = entries;
    table->capacity = capacity;
    return true;
}

bool registry_table_set(struct registry_table *table, struct text key, void *value)
{
    size_t place = place_of(table, key);
    if (!is_at(table, place, key)) {
        if (table->count == table->capacity && !grow(table)) {
            return false;
        }
        memmove(&table->entries[place + 1], &table->entries[place],
                (table->count - place) * sizeof(*table->entries));
        table->count++;
    }
    table->entries[place] = (struct registry_entry){.key = key, .value = value};
    return true;
}

void registry_table_remove(struct registry_table *table, struct text key)
{
    size_t place = place_of(table, key);
    if (!is_at(table, place, key)) {
        return;
    }
    memmove(&table->entries[place], &table->entries[place + 1],
            (table->count - place - 1) * sizeof(*table->entries));
    table->count--;
}
