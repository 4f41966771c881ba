/* hpack_table.h: the dynamic table of one direction of a connection (RFC 7541 sections 2.3.2, 4):
 * fields by number, the newest first, within a size in bytes.
 *
 * Fields are evicted in the order in which they came, so their bytes are one run that moves through
 * a buffer; when it reaches the end it is moved to the front, at most once for each time the table
 * has been filled anew. Buffers grow as they are needed and are kept. */
#pragma once

#include "http2/hpack_field.h"

enum {
    HPACK_STATIC_COUNT = 61,
    HPACK_ENTRY_OVERHEAD_BYTES = 32, /* RFC 7541 section 4.1 */
};

struct hpack_entry {
    uint32_t place; /* of the name, behind which the value lies; counts on and on */
    uint16_t name_length;
    uint16_t value_length;
    uint8_t token;
    bool is_valid;
    uint16_t hash; /* the encoder's */
};

struct hpack_table {
    /* read only */
    uint32_t count;    /* of entries */
    uint32_t inserted; /* in its life; the newest entry has this number */
    uint32_t bytes;    /* their sizes by section 4.1 */
    uint32_t bytes_max;
    /* private */
    struct hpack_entry *entries; /* a ring, by number */
    uint32_t entry_mask;         /* its length less 1 */
    char *data;
    uint32_t capacity;
    uint32_t base; /* the place of data[0] */
    uint32_t next; /* the place of the next entry */
};

/* Takes no memory. bytes_max: at most HPACK_TABLE_BYTES_MAX. */
void hpack_table_init(struct hpack_table *table, uint32_t bytes_max);
void hpack_table_deinit(struct hpack_table *table);

/* Evicts what no longer fits. */
void hpack_table_resize(struct hpack_table *table, uint32_t bytes_max);

/* Adds the field as the newest, evicting what it needs (section 4.4: if it is larger than the
 * table, all, and it is not added). Its name may lie in this very table. false: no memory; nothing
 * has changed. */
MUST_USE bool hpack_table_insert(struct hpack_table *table, const struct hpack_field *field,
                                 uint16_t hash);

/* Whether the entry of that number is still there. */
static inline bool hpack_table_has(const struct hpack_table *table, uint32_t number)
{
    return table->inserted - number < table->count;
}

/* The entry of that number, which must be there; borrowed until the table changes. */
static inline const struct hpack_entry *hpack_table_entry(const struct hpack_table *table,
                                                          uint32_t number)
{
    return &table->entries[number & table->entry_mask];
}

/* The entry's name, behind which lies its value; borrowed until the table changes. */
static inline const char *hpack_table_bytes(const struct hpack_table *table,
                                            const struct hpack_entry *entry)
{
    return table->data + (uint32_t)(entry->place - table->base);
}
