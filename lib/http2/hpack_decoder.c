#include "http2/hpack_decoder.h"

#include <stdlib.h>

#include "http2/hpack_private.h"

enum {
    SCRATCH_BYTES_MIN = 256,
    SCRATCH_BYTES_KEPT = 4096, /* between blocks */
    INTEGER_SHIFT_MAX = 28,    /* of the fifth byte behind the prefix */
};

/* What a field is read from. */
struct reader {
    struct hpack_decoder *decoder;
    const uint8_t *at;
    const uint8_t *end;
    size_t scratch_used;
};

const char *hpack_result_name(enum hpack_result result)
{
    static const char *const names[] = {
        [HPACK_FIELD] = "field",
        [HPACK_END] = "end of the block",
        [HPACK_TRUNCATED] = "truncated",
        [HPACK_INTEGER_TOO_LARGE] = "integer too large",
        [HPACK_INDEX_UNKNOWN] = "unknown index",
        [HPACK_STRING_TOO_LONG] = "string too long",
        [HPACK_HUFFMAN_MALFORMED] = "malformed Huffman code",
        [HPACK_TABLE_UPDATE_TOO_LARGE] = "table size update too large",
        [HPACK_TABLE_UPDATE_MISPLACED] = "table size update behind a field",
        [HPACK_NO_MEMORY] = "no memory",
    };
    return names[result];
}

void hpack_decoder_init(struct hpack_decoder *decoder, uint32_t table_bytes_max)
{
    CHECK(table_bytes_max >= HPACK_TABLE_BYTES_DEFAULT && table_bytes_max <= HPACK_TABLE_BYTES_MAX);
    *decoder = (struct hpack_decoder){.table_bytes_max = table_bytes_max};
    hpack_table_init(&decoder->table, HPACK_TABLE_BYTES_DEFAULT);
}

void hpack_decoder_deinit(struct hpack_decoder *decoder)
{
    hpack_table_deinit(&decoder->table);
    free(decoder->scratch);
    decoder->scratch = NULL;
    decoder->scratch_bytes = 0;
}

static enum hpack_result read_long_integer(struct reader *reader, uint32_t *value)
{
    uint64_t sum = *value;
    for (unsigned shift = 0; shift <= INTEGER_SHIFT_MAX; shift += 7) {
        if (reader->at == reader->end) {
            return HPACK_TRUNCATED;
        }
        uint8_t byte = *reader->at++;
        sum += (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = (uint32_t)sum;
            return sum <= UINT32_MAX ? HPACK_FIELD : HPACK_INTEGER_TOO_LARGE;
        }
    }
    return HPACK_INTEGER_TOO_LARGE;
}

/* RFC 7541 section 5.1; there is a byte. HPACK_FIELD: read. */
static inline enum hpack_result read_integer(struct reader *reader, unsigned prefix,
                                             uint32_t *ret_value)
{
    uint32_t highest = (1U << prefix) - 1;
    *ret_value = *reader->at++ & highest;
    return *ret_value < highest ? HPACK_FIELD : read_long_integer(reader, ret_value);
}

/* Room in the scratch behind what is used of it. NULL: no memory. Moves the name that is there. */
static char *reserve_scratch(struct reader *reader, size_t length)
{
    struct hpack_decoder *decoder = reader->decoder;
    size_t needed = reader->scratch_used + length;
    if (needed > decoder->scratch_bytes) {
        size_t bytes = decoder->scratch_bytes > 0 ? decoder->scratch_bytes : SCRATCH_BYTES_MIN;
        while (bytes < needed) {
            bytes *= 2;
        }
        char *scratch = realloc(decoder->scratch, bytes);
        if (scratch == NULL) {
            return NULL;
        }
        decoder->scratch = scratch;
        decoder->scratch_bytes = bytes;
    }
    return decoder->scratch + reader->scratch_used;
}

static enum hpack_result decode_huffman(struct reader *reader, uint32_t length,
                                        struct text *ret_text)
{
    char *to = reserve_scratch(reader, hpack_huffman_decoded_bytes_max(length));
    if (to == NULL) {
        return HPACK_NO_MEMORY;
    }
    const char *end = hpack_huffman_decode(reader->at, length, to);
    if (end == NULL) {
        return HPACK_HUFFMAN_MALFORMED;
    }
    *ret_text = (struct text){to, (size_t)(end - to)};
    reader->scratch_used += ret_text->length;
    return HPACK_FIELD;
}

static enum hpack_result read_string(struct reader *reader, struct text *ret_text)
{
    if (reader->at == reader->end) {
        return HPACK_TRUNCATED;
    }
    bool is_huffman = (*reader->at & HPACK_PATTERN_HUFFMAN) != 0;
    uint32_t length;
    enum hpack_result result = read_integer(reader, HPACK_PREFIX_STRING, &length);
    if (result != HPACK_FIELD) {
        return result;
    }
    if (length > HPACK_STRING_BYTES_MAX) {
        return HPACK_STRING_TOO_LONG;
    }
    if (length > reader->end - reader->at) {
        return HPACK_TRUNCATED;
    }
    if (is_huffman) {
        result = decode_huffman(reader, length, ret_text);
    } else {
        *ret_text = text_of_bytes(reader->at, length);
    }
    reader->at += length;
    return result;
}

static bool find_field(const struct hpack_decoder *decoder, uint32_t index,
                       struct hpack_field *ret_field)
{
    if (index - 1 < HPACK_STATIC_COUNT) {
        *ret_field = hpack_static_fields[index - 1];
        return true;
    }
    const struct hpack_table *table = &decoder->table;
    uint32_t age = index - HPACK_STATIC_COUNT - 1;
    if (index == 0 || age >= table->count) {
        return false;
    }
    const struct hpack_entry *entry = hpack_table_entry(table, table->inserted - age);
    const char *bytes = hpack_table_bytes(table, entry);
    *ret_field = (struct hpack_field){
        .name = {bytes, entry->name_length},
        .value = {bytes + entry->name_length, entry->value_length},
        .token = (enum hpack_token)entry->token,
        .is_valid = entry->is_valid,
    };
    return true;
}

static enum hpack_result read_name(struct reader *reader, uint32_t index, struct hpack_field *field)
{
    if (index != 0) {
        return find_field(reader->decoder, index, field) ? HPACK_FIELD : HPACK_INDEX_UNKNOWN;
    }
    enum hpack_result result = read_string(reader, &field->name);
    if (result == HPACK_FIELD) {
        field->token = hpack_token_of(field->name);
        field->sensitive = false;
    }
    return result;
}

/* The name may have been decoded into the scratch, which moves when the value needs more of it. */
static enum hpack_result read_value(struct reader *reader, struct hpack_field *field)
{
    size_t name_used = reader->scratch_used;
    enum hpack_result result = read_string(reader, &field->value);
    if (name_used > 0) {
        field->name.data = reader->decoder->scratch;
    }
    return result;
}

static bool is_valid(const struct hpack_field *field)
{
    return (field->token != HPACK_TOKEN_NONE || hpack_name_is_valid(field->name)) &&
           hpack_value_is_valid(field->value);
}

/* Adds the field to the table. Its name may lie there, and is then taken from the new entry. */
static enum hpack_result add_field(struct hpack_decoder *decoder, struct hpack_field *field)
{
    struct hpack_table *table = &decoder->table;
    uint32_t inserted = table->inserted;
    if (!hpack_table_insert(table, field, 0)) {
        return HPACK_NO_MEMORY;
    }
    if (table->inserted != inserted) {
        field->name.data = hpack_table_bytes(table, hpack_table_entry(table, table->inserted));
    }
    return HPACK_FIELD;
}

static enum hpack_result read_literal(struct reader *reader, unsigned prefix,
                                      struct hpack_field *field)
{
    uint32_t index;
    enum hpack_result result = read_integer(reader, prefix, &index);
    if (result == HPACK_FIELD) {
        result = read_name(reader, index, field);
    }
    if (result == HPACK_FIELD) {
        result = read_value(reader, field);
    }
    if (result == HPACK_FIELD) {
        field->is_valid = is_valid(field);
    }
    return result;
}

static enum hpack_result read_indexed(struct reader *reader, struct hpack_field *field)
{
    uint32_t index;
    enum hpack_result result = read_integer(reader, HPACK_PREFIX_INDEXED, &index);
    if (result == HPACK_FIELD && !find_field(reader->decoder, index, field)) {
        result = HPACK_INDEX_UNKNOWN;
    }
    return result;
}

static enum hpack_result read_field(struct reader *reader, struct hpack_field *field)
{
    uint8_t pattern = *reader->at;
    if (pattern >= HPACK_PATTERN_INDEXED) {
        return read_indexed(reader, field);
    }
    if (pattern >= HPACK_PATTERN_INDEXING) {
        enum hpack_result result = read_literal(reader, HPACK_PREFIX_INDEXING, field);
        return result == HPACK_FIELD ? add_field(reader->decoder, field) : result;
    }
    enum hpack_result result = read_literal(reader, HPACK_PREFIX_LITERAL, field);
    field->sensitive = pattern >= HPACK_PATTERN_NEVER_INDEXED;
    return result;
}

/* Table size updates, which stand before the first field (section 4.2). HPACK_FIELD: done. */
static enum hpack_result take_table_updates(struct reader *reader)
{
    struct hpack_decoder *decoder = reader->decoder;
    while (reader->at != reader->end &&
           (*reader->at & (0xff << HPACK_PREFIX_TABLE_UPDATE)) == HPACK_PATTERN_TABLE_UPDATE) {
        uint32_t bytes;
        if (decoder->in_block) {
            return HPACK_TABLE_UPDATE_MISPLACED;
        }
        enum hpack_result result = read_integer(reader, HPACK_PREFIX_TABLE_UPDATE, &bytes);
        if (result != HPACK_FIELD) {
            return result;
        }
        if (bytes > decoder->table_bytes_max) {
            return HPACK_TABLE_UPDATE_TOO_LARGE;
        }
        hpack_table_resize(&decoder->table, bytes);
    }
    return HPACK_FIELD;
}

static enum hpack_result end_block(struct hpack_decoder *decoder)
{
    decoder->in_block = false;
    if (decoder->scratch_bytes > SCRATCH_BYTES_KEPT) {
        free(decoder->scratch);
        decoder->scratch = NULL;
        decoder->scratch_bytes = 0;
    }
    return HPACK_END;
}

/* All but a field whose index is in one byte. */
static enum hpack_result decode_any(struct hpack_decoder *decoder, const uint8_t **position,
                                    const uint8_t *end, struct hpack_field *ret_field)
{
    struct reader reader = {.decoder = decoder, .at = *position, .end = end};
    enum hpack_result result = take_table_updates(&reader);
    if (result == HPACK_FIELD && reader.at == end) {
        *position = end;
        return end_block(decoder);
    }
    if (result == HPACK_FIELD) {
        result = read_field(&reader, ret_field);
    }
    if (result == HPACK_FIELD) {
        decoder->in_block = true;
        *position = reader.at;
    }
    return result;
}

enum hpack_result hpack_decode(struct hpack_decoder *decoder, const uint8_t **position,
                               const uint8_t *end, struct hpack_field *ret_field)
{
    const uint8_t *at = *position;
    if (at == end || *at < HPACK_PATTERN_INDEXED || *at == UINT8_MAX) {
        return decode_any(decoder, position, end, ret_field);
    }
    if (!find_field(decoder, (uint32_t)*at - HPACK_PATTERN_INDEXED, ret_field)) {
        return HPACK_INDEX_UNKNOWN;
    }
    decoder->in_block = true;
    *position = at + 1;
    return HPACK_FIELD;
}
