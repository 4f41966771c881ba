/* hpack_lookup.h: where an encoder finds fields and names in its table: the newest of each name,
 * and fields by the hash of name and value.
 *
 * It keeps numbers of entries, of which the low 16 bits are enough to tell those that are there.
 * What is found is compared, so that an old number can do no harm; a lookup that is never told of
 * evictions finds a little less than there is, at worst. */
#pragma once

#include "http2/hpack_table.h"

enum {
    HPACK_LOOKUP_OTHER_NAMES = 32, /* slots for names without a token */
    HPACK_LOOKUP_SETS = 64,        /* of fields with the same hash */
    HPACK_LOOKUP_WAYS = 4,         /* fields of a set */
    HPACK_LOOKUP_SLOTS = HPACK_TOKEN_COUNT + HPACK_LOOKUP_OTHER_NAMES,
};

/* Zeroed: it finds nothing. */
struct hpack_lookup {
    uint16_t names[HPACK_LOOKUP_SLOTS];                    /* the newest entry; by token */
    uint16_t fields[HPACK_LOOKUP_SETS][HPACK_LOOKUP_WAYS]; /* by hash */
};

/* Where the field's name stands in `names`. */
uint32_t hpack_lookup_slot(const struct hpack_field *field);

/* Of a field whose name has that slot. */
uint32_t hpack_lookup_hash(uint32_t slot, struct text value);

/* Indexes in HPACK's terms, static table and all; 0: it is not there. By name; the newest of its
 * name, if it has that value too; by name and value. */
uint32_t hpack_lookup_name(const struct hpack_lookup *lookup, const struct hpack_table *table,
                           const struct hpack_field *field, uint32_t slot);
uint32_t hpack_lookup_newest(const struct hpack_lookup *lookup, const struct hpack_table *table,
                             const struct hpack_field *field, uint32_t slot);
uint32_t hpack_lookup_field(const struct hpack_lookup *lookup, const struct hpack_table *table,
                            const struct hpack_field *field, uint32_t hash);

/* The table's newest entry has that slot and hash. */
void hpack_lookup_note(struct hpack_lookup *lookup, const struct hpack_table *table, uint32_t slot,
                       uint32_t hash);

/* The entry of which these are the number's low bits; NULL: it is not there any more. */
static inline const struct hpack_entry *hpack_lookup_entry(const struct hpack_table *table,
                                                           uint16_t number)
{
    uint16_t age = (uint16_t)(table->inserted - number);
    return age < table->count ? hpack_table_entry(table, table->inserted - age) : NULL;
}

/* Its index; the entry is there. */
static inline uint32_t hpack_lookup_index(const struct hpack_table *table, uint16_t number)
{
    return HPACK_STATIC_COUNT + 1 + (uint16_t)(table->inserted - number);
}
