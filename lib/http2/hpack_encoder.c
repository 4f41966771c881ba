#include "http2/hpack_encoder.h"

#include <stdlib.h>

#include "http2/hpack_lookup.h"
#include "http2/hpack_private.h"

void hpack_encoder_init(struct hpack_encoder *encoder)
{
    *encoder = (struct hpack_encoder){.lookup = NULL};
    hpack_table_init(&encoder->table, HPACK_ENCODER_TABLE_BYTES_MAX);
}

void hpack_encoder_deinit(struct hpack_encoder *encoder)
{
    hpack_table_deinit(&encoder->table);
    free(encoder->lookup);
    encoder->lookup = NULL;
}

void hpack_encoder_set_table_bytes_max(struct hpack_encoder *encoder, uint32_t table_bytes_max)
{
    uint32_t bytes = table_bytes_max < HPACK_ENCODER_TABLE_BYTES_MAX
                         ? table_bytes_max
                         : (uint32_t)HPACK_ENCODER_TABLE_BYTES_MAX;
    if (bytes == encoder->table.bytes_max) {
        return;
    }
    if (!encoder->must_tell_size || bytes < encoder->smallest_bytes_max) {
        encoder->smallest_bytes_max = bytes;
    }
    encoder->must_tell_size = true;
    encoder->changes++;
    hpack_table_resize(&encoder->table, bytes);
}

static uint8_t *put_long_integer(uint8_t *to, uint32_t rest)
{
    for (; rest >= 0x80; rest >>= 7) {
        *to++ = (uint8_t)(0x80 | (rest & 0x7f));
    }
    *to++ = (uint8_t)rest;
    return to;
}

static inline uint8_t *put_integer(uint8_t *to, unsigned pattern, unsigned prefix, uint32_t value)
{
    uint32_t highest = (1U << prefix) - 1;
    if (value < highest) {
        *to++ = (uint8_t)(pattern | value);
        return to;
    }
    *to++ = (uint8_t)(pattern | highest);
    return put_long_integer(to, value - highest);
}

static uint8_t *put_plain(uint8_t *to, struct text text)
{
    to = put_integer(to, 0, HPACK_PREFIX_STRING, (uint32_t)text.length);
    if (text.length > 0) {
        memcpy(to, text.data, text.length);
    }
    return to + text.length;
}

static uint8_t *put_shortest(uint8_t *to, struct text text)
{
    size_t bytes = hpack_huffman_bytes(text);
    if (bytes >= text.length) {
        return put_plain(to, text);
    }
    to = put_integer(to, HPACK_PATTERN_HUFFMAN, HPACK_PREFIX_STRING, (uint32_t)bytes);
    return hpack_huffman_encode(text, to);
}

/* Section 4.2: the smallest size first, if the table was smaller than it is now. */
static uint8_t *put_table_updates(struct hpack_encoder *encoder, uint8_t *to)
{
    encoder->must_tell_size = false;
    if (encoder->smallest_bytes_max < encoder->table.bytes_max) {
        to = put_integer(to, HPACK_PATTERN_TABLE_UPDATE, HPACK_PREFIX_TABLE_UPDATE,
                         encoder->smallest_bytes_max);
    }
    return put_integer(to, HPACK_PATTERN_TABLE_UPDATE, HPACK_PREFIX_TABLE_UPDATE,
                       encoder->table.bytes_max);
}

/* The row of the static table with that name and value, by its index; 0: none. */
static uint32_t find_static(const struct hpack_field *field)
{
    struct hpack_static_rows rows = hpack_static_rows[field->token];
    for (uint32_t i = 0; i < rows.values; i++) {
        uint32_t index = rows.first + i;
        if (text_equal(hpack_static_fields[index - 1].value, field->value)) {
            return index;
        }
    }
    return 0;
}

/* The name's index in a table; 0: none. slot: hpack_lookup_slot(). */
static uint32_t find_name(const struct hpack_encoder *encoder, const struct hpack_field *field,
                          uint32_t slot)
{
    uint32_t index = hpack_static_rows[field->token].first;
    return index != 0 || encoder->lookup == NULL
               ? index
               : hpack_lookup_name(encoder->lookup, &encoder->table, field, slot);
}

/* The index of the newest field of that name, if it is this one; 0: it is not. Of a well-known
 * name, hpack_encode() has looked. */
static uint32_t find_newest(const struct hpack_encoder *encoder, const struct hpack_field *field,
                            uint32_t slot)
{
    return encoder->lookup != NULL && field->token == HPACK_TOKEN_NONE
               ? hpack_lookup_newest(encoder->lookup, &encoder->table, field, slot)
               : 0;
}

static bool has_lookup(struct hpack_encoder *encoder)
{
    if (encoder->lookup == NULL) {
        encoder->lookup = calloc(1, sizeof(*encoder->lookup));
    }
    return encoder->lookup != NULL;
}

static bool is_worth_indexing(const struct hpack_encoder *encoder, const struct hpack_field *field)
{
    return field->name.length + field->value.length + HPACK_ENTRY_OVERHEAD_BYTES <=
           encoder->table.bytes_max / 2;
}

/* A literal whose strings go out as they are. */
static uint8_t *put_literal(uint8_t *to, unsigned pattern, uint32_t name_index,
                            const struct hpack_field *field)
{
    to = put_integer(to, pattern, HPACK_PREFIX_LITERAL, name_index);
    if (name_index == 0) {
        to = put_plain(to, field->name);
    }
    return put_plain(to, field->value);
}

/* A literal that goes into the table. */
static uint8_t *put_new(struct hpack_encoder *encoder, uint8_t *to, const struct hpack_field *field,
                        uint32_t slot, uint32_t hash)
{
    uint32_t name_index = find_name(encoder, field, slot);
    if (!is_worth_indexing(encoder, field) ||
        !hpack_table_insert(&encoder->table, field, (uint16_t)hash)) {
        return put_literal(to, HPACK_PATTERN_NOT_INDEXED, name_index, field);
    }
    encoder->changes++;
    hpack_lookup_note(encoder->lookup, &encoder->table, slot, hash);
    to = put_integer(to, HPACK_PATTERN_INDEXING, HPACK_PREFIX_INDEXING, name_index);
    if (name_index == 0) {
        to = put_shortest(to, field->name);
    }
    return put_shortest(to, field->value);
}

/* A field that is in no table and not the newest of its name. */
static uint8_t *put_searched(struct hpack_encoder *encoder, uint8_t *to,
                             const struct hpack_field *field, uint32_t slot)
{
    if (!has_lookup(encoder)) {
        return put_literal(to, HPACK_PATTERN_NOT_INDEXED, find_name(encoder, field, slot), field);
    }
    uint32_t hash = hpack_lookup_hash(slot, field->value);
    uint32_t index = hpack_lookup_field(encoder->lookup, &encoder->table, field, hash);
    return index == 0 ? put_new(encoder, to, field, slot, hash)
                      : put_integer(to, HPACK_PATTERN_INDEXED, HPACK_PREFIX_INDEXED, index);
}

static uint8_t *put_indexed(struct hpack_encoder *encoder, uint8_t *to,
                            const struct hpack_field *field)
{
    uint32_t index = find_static(field);
    if (index == 0) {
        uint32_t slot = hpack_lookup_slot(field);
        index = find_newest(encoder, field, slot);
        if (index == 0) {
            return put_searched(encoder, to, field, slot);
        }
    }
    return put_integer(to, HPACK_PATTERN_INDEXED, HPACK_PREFIX_INDEXED, index);
}

static uint8_t *put_unindexed(struct hpack_encoder *encoder, uint8_t *to,
                              const struct hpack_field *field, enum hpack_indexing indexing)
{
    uint32_t slot = hpack_lookup_slot(field);
    if (indexing == HPACK_NAME_INDEXED) {
        uint32_t index = find_newest(encoder, field, slot);
        if (index != 0) {
            return put_integer(to, HPACK_PATTERN_INDEXED, HPACK_PREFIX_INDEXED, index);
        }
    }
    uint32_t name_index = find_name(encoder, field, slot);
    if (indexing == HPACK_NAME_INDEXED && name_index == 0 && has_lookup(encoder)) {
        return put_new(encoder, to, field, slot, hpack_lookup_hash(slot, field->value));
    }
    return put_literal(to,
                       indexing == HPACK_NEVER_INDEXED ? HPACK_PATTERN_NEVER_INDEXED
                                                       : HPACK_PATTERN_NOT_INDEXED,
                       name_index, field);
}

/* All but the usual, which this would burden with registers to save. */
static __attribute__((noinline)) uint8_t *encode_any(struct hpack_encoder *encoder, uint8_t *to,
                                                     const struct hpack_field *field,
                                                     enum hpack_indexing indexing)
{
    if (encoder->must_tell_size) {
        to = put_table_updates(encoder, to);
    }
    if (field->sensitive) {
        indexing = HPACK_NEVER_INDEXED;
    }
    return indexing == HPACK_INDEXED ? put_indexed(encoder, to, field)
                                     : put_unindexed(encoder, to, field, indexing);
}

static inline uint64_t word_at(const char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    return word;
}

/* Without a call: values are short. Eight bytes at a time, the last ones again. */
static inline bool are_same(const char *a, const char *b, size_t length)
{
    size_t at = 0;
    if (length < sizeof(uint64_t)) {
        while (at < length && a[at] == b[at]) {
            at++;
        }
        return at == length;
    }
    for (; at + sizeof(uint64_t) < length; at += sizeof(uint64_t)) {
        if (word_at(a + at) != word_at(b + at)) {
            return false;
        }
    }
    at = length - sizeof(uint64_t);
    return word_at(a + at) == word_at(b + at);
}

/* The usual: a field of a well-known name that is the newest of it. Its index; 0: it is not so. */
static inline uint32_t find_usual(const struct hpack_encoder *encoder,
                                  const struct hpack_field *field)
{
    const struct hpack_table *table = &encoder->table;
    if (encoder->lookup == NULL || field->token == HPACK_TOKEN_NONE) {
        return 0;
    }
    uint16_t number = encoder->lookup->names[field->token];
    const struct hpack_entry *entry = hpack_lookup_entry(table, number);
    return entry != NULL && entry->token == field->token &&
                   entry->value_length == field->value.length &&
                   are_same(hpack_table_bytes(table, entry) + entry->name_length, field->value.data,
                            field->value.length)
               ? hpack_lookup_index(table, number)
               : 0;
}

uint8_t *hpack_encode(struct hpack_encoder *encoder, uint8_t *to, const struct hpack_field *field,
                      enum hpack_indexing indexing)
{
    bool may_be_indexed = indexing <= HPACK_NAME_INDEXED && !field->sensitive;
    if (may_be_indexed && !encoder->must_tell_size) {
        uint32_t index = find_usual(encoder, field);
        if (index != 0) {
            return put_integer(to, HPACK_PATTERN_INDEXED, HPACK_PREFIX_INDEXED, index);
        }
    }
    return encode_any(encoder, to, field, indexing);
}

void hpack_preset_init(struct hpack_preset *preset, const struct hpack_field *fields, size_t count)
{
    *preset = (struct hpack_preset){
        .fields = fields, .count = count, .bytes_max = HPACK_PRESET_BYTES_MAX};
    for (size_t i = 0; i < count; i++) {
        preset->bytes_max += hpack_encoded_bytes_max(&fields[i]);
    }
}

/* What was written, if it did not change the table and begins with no table size update. */
static void remember(const struct hpack_encoder *encoder, struct hpack_preset *preset,
                     const uint8_t *from, const uint8_t *to)
{
    size_t length = (size_t)(to - from);
    preset->length = length <= HPACK_PRESET_BYTES_MAX ? (uint8_t)length : 0;
    preset->changes = encoder->changes;
    memcpy(preset->bytes, from, preset->length);
}

uint8_t *hpack_encode_preset(struct hpack_encoder *encoder, uint8_t *to,
                             struct hpack_preset *preset)
{
    bool told_size = encoder->must_tell_size;
    if (preset->length > 0 && preset->changes == encoder->changes && !told_size) {
        memcpy(to, preset->bytes, sizeof(preset->bytes));
        return to + preset->length;
    }
    uint32_t changes = encoder->changes;
    uint8_t *from = to;
    for (size_t i = 0; i < preset->count; i++) {
        to = hpack_encode(encoder, to, &preset->fields[i], HPACK_INDEXED);
    }
    preset->length = 0;
    if (changes == encoder->changes && !told_size) {
        remember(encoder, preset, from, to);
    }
    return to;
}
