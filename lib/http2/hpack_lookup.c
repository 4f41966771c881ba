#include "http2/hpack_lookup.h"

/* Mixes eight bytes at a time. Collisions cost room on the wire, not time. */
uint32_t hpack_lookup_hash(uint32_t slot, struct text value)
{
    const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t hash = slot + value.length;
    uint64_t word;
    size_t at = 0;
    for (; at + sizeof(word) <= value.length; at += sizeof(word)) {
        memcpy(&word, value.data + at, sizeof(word));
        hash = (hash ^ word) * factor;
        hash ^= hash >> 32;
    }
    word = 0;
    for (; at < value.length; at++) {
        word = word << 8 | (unsigned char)value.data[at];
    }
    hash = (hash ^ word) * factor;
    return (uint32_t)(hash >> 32);
}

uint32_t hpack_lookup_slot(const struct hpack_field *field)
{
    return field->token != HPACK_TOKEN_NONE
               ? (uint32_t)field->token
               : HPACK_TOKEN_COUNT + hpack_lookup_hash(0, field->name) % HPACK_LOOKUP_OTHER_NAMES;
}

static bool has_other_name(const struct hpack_table *table, const struct hpack_entry *entry,
                           struct text name)
{
    return text_equal((struct text){hpack_table_bytes(table, entry), entry->name_length}, name);
}

static inline bool has_name(const struct hpack_table *table, const struct hpack_entry *entry,
                            const struct hpack_field *field)
{
    return entry->token == field->token &&
           (field->token != HPACK_TOKEN_NONE || has_other_name(table, entry, field->name));
}

static inline bool has_value(const struct hpack_table *table, const struct hpack_entry *entry,
                             struct text value)
{
    const char *bytes = hpack_table_bytes(table, entry) + entry->name_length;
    return text_equal((struct text){bytes, entry->value_length}, value);
}

uint32_t hpack_lookup_name(const struct hpack_lookup *lookup, const struct hpack_table *table,
                           const struct hpack_field *field, uint32_t slot)
{
    uint16_t number = lookup->names[slot];
    const struct hpack_entry *entry = hpack_lookup_entry(table, number);
    return entry != NULL && has_name(table, entry, field) ? hpack_lookup_index(table, number) : 0;
}

uint32_t hpack_lookup_newest(const struct hpack_lookup *lookup, const struct hpack_table *table,
                             const struct hpack_field *field, uint32_t slot)
{
    uint16_t number = lookup->names[slot];
    const struct hpack_entry *entry = hpack_lookup_entry(table, number);
    return entry != NULL && has_value(table, entry, field->value) && has_name(table, entry, field)
               ? hpack_lookup_index(table, number)
               : 0;
}

uint32_t hpack_lookup_field(const struct hpack_lookup *lookup, const struct hpack_table *table,
                            const struct hpack_field *field, uint32_t hash)
{
    const uint16_t *set = lookup->fields[hash % HPACK_LOOKUP_SETS];
    for (unsigned way = 0; way < HPACK_LOOKUP_WAYS; way++) {
        const struct hpack_entry *entry = hpack_lookup_entry(table, set[way]);
        if (entry != NULL && entry->hash == (uint16_t)hash &&
            has_value(table, entry, field->value) && has_name(table, entry, field)) {
            return hpack_lookup_index(table, set[way]);
        }
    }
    return 0;
}

void hpack_lookup_note(struct hpack_lookup *lookup, const struct hpack_table *table, uint32_t slot,
                       uint32_t hash)
{
    uint16_t number = (uint16_t)table->inserted;
    uint16_t *set = lookup->fields[hash % HPACK_LOOKUP_SETS];
    /* The oldest of the set makes room: what is gone is older than what is there. */
    unsigned oldest = 0;
    for (unsigned way = 1; way < HPACK_LOOKUP_WAYS; way++) {
        if ((uint16_t)(number - set[way]) > (uint16_t)(number - set[oldest])) {
            oldest = way;
        }
    }
    set[oldest] = number;
    lookup->names[slot] = number;
}
