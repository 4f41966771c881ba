#include "http2/hpack_table.h"

#include <stdlib.h>

enum {
    ENTRIES_MIN = 16,
    DATA_BYTES_MIN = 512,
};

void hpack_table_init(struct hpack_table *table, uint32_t bytes_max)
{
    *table = (struct hpack_table){.bytes_max = bytes_max};
}

void hpack_table_deinit(struct hpack_table *table)
{
    free(table->entries);
    free(table->data);
    *table = (struct hpack_table){0};
}

static uint32_t size_of(const struct hpack_entry *entry)
{
    return (uint32_t)HPACK_ENTRY_OVERHEAD_BYTES + entry->name_length + entry->value_length;
}

static const struct hpack_entry *oldest(const struct hpack_table *table)
{
    return hpack_table_entry(table, table->inserted - table->count + 1);
}

static void evict(struct hpack_table *table, uint32_t bytes_max)
{
    while (table->bytes > bytes_max) {
        table->bytes -= size_of(oldest(table));
        table->count--;
    }
}

void hpack_table_resize(struct hpack_table *table, uint32_t bytes_max)
{
    table->bytes_max = bytes_max;
    evict(table, bytes_max);
}

static bool reserve_entry(struct hpack_table *table)
{
    uint32_t length = table->entries != NULL ? table->entry_mask + 1 : 0;
    if (table->count < length) {
        return true;
    }
    uint32_t longer = length > 0 ? 2 * length : (uint32_t)ENTRIES_MIN;
    struct hpack_entry *entries = malloc(longer * sizeof(*entries));
    if (entries == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < table->count; i++) {
        uint32_t number = table->inserted - i;
        entries[number & (longer - 1)] = *hpack_table_entry(table, number);
    }
    free(table->entries);
    table->entries = entries;
    table->entry_mask = longer - 1;
    return true;
}

/* What to make of the data for so many bytes: twice that, so that moving them to the front costs no
 * more than writing them did. Entries are as large as the table at most, the new one too. */
static uint32_t wanted_capacity(const struct hpack_table *table, uint32_t bytes)
{
    uint32_t capacity = DATA_BYTES_MIN;
    while (capacity < 2 * bytes) {
        capacity *= 2;
    }
    return capacity < 2 * table->bytes_max ? capacity : 2 * table->bytes_max;
}

/* Room for `length` bytes behind those in use. */
static bool reserve_data(struct hpack_table *table, uint32_t length)
{
    if (table->data != NULL && length <= table->capacity - (table->next - table->base)) {
        return true;
    }
    uint32_t first = table->count > 0 ? oldest(table)->place : table->next;
    uint32_t used = table->next - first;
    uint32_t capacity = wanted_capacity(table, used + length);
    char *data = table->data;
    if (capacity > table->capacity) {
        data = malloc(capacity);
        if (data == NULL) {
            return false;
        }
    }
    if (used > 0) {
        memmove(data, table->data + (uint32_t)(first - table->base), used);
    }
    if (data != table->data) {
        free(table->data);
        table->data = data;
        table->capacity = capacity;
    }
    table->base = first;
    return true;
}

/* A name in this very table moves with its entry. */
static bool is_own(const struct hpack_table *table, const char *data)
{
    return table->data != NULL && (uintptr_t)data - (uintptr_t)table->data < table->capacity;
}

static bool reserve(struct hpack_table *table, uint32_t length, struct text *name)
{
    bool own_name = is_own(table, name->data);
    uint32_t name_place = own_name ? table->base + (uint32_t)(name->data - table->data) : 0;
    if (!reserve_entry(table) || !reserve_data(table, length)) {
        return false;
    }
    if (own_name) {
        name->data = table->data + (uint32_t)(name_place - table->base);
    }
    return true;
}

bool hpack_table_insert(struct hpack_table *table, const struct hpack_field *field, uint16_t hash)
{
    struct text name = field->name;
    size_t length = name.length + field->value.length;
    if (length + HPACK_ENTRY_OVERHEAD_BYTES > table->bytes_max) {
        evict(table, 0);
        return true;
    }
    uint32_t size = (uint32_t)length + HPACK_ENTRY_OVERHEAD_BYTES;
    if (!reserve(table, (uint32_t)length, &name)) {
        return false;
    }
    char *to = table->data + (uint32_t)(table->next - table->base);
    if (name.length > 0) {
        memcpy(to, name.data, name.length);
    }
    if (field->value.length > 0) {
        memcpy(to + name.length, field->value.data, field->value.length);
    }
    evict(table, table->bytes_max - size);
    table->inserted++;
    table->count++;
    table->bytes += size;
    table->entries[table->inserted & table->entry_mask] = (struct hpack_entry){
        .place = table->next,
        .name_length = (uint16_t)name.length,
        .value_length = (uint16_t)field->value.length,
        .token = (uint8_t)field->token,
        .is_valid = field->is_valid,
        .hash = hash,
    };
    table->next += (uint32_t)length;
    return true;
}
