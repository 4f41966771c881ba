/* hpack_private.h: what the decoder and the encoder share: tables that do not change, Huffman code,
 * checks of names and values. */
#pragma once

#include "http2/hpack_field.h"
#include "http2/hpack_table.h"

enum {
    /* A pattern and the bits of the number behind it: RFC 7541 section 6. */
    HPACK_PATTERN_INDEXED = 0x80,
    HPACK_PREFIX_INDEXED = 7,
    HPACK_PATTERN_INDEXING = 0x40,
    HPACK_PREFIX_INDEXING = 6,
    HPACK_PATTERN_TABLE_UPDATE = 0x20,
    HPACK_PREFIX_TABLE_UPDATE = 5,
    HPACK_PATTERN_NEVER_INDEXED = 0x10,
    HPACK_PATTERN_NOT_INDEXED = 0x00,
    HPACK_PREFIX_LITERAL = 4,
    HPACK_PATTERN_HUFFMAN = 0x80, /* of a string's length */
    HPACK_PREFIX_STRING = 7,

    HPACK_HUFFMAN_STEP_BITS = 11, /* that the decoder looks up at once */
    HPACK_HUFFMAN_BITS_MAX = 30,
    HPACK_HUFFMAN_BITS_MIN = 5,
    HPACK_TOKEN_SLOTS = 512,
    HPACK_TOKEN_HASH_FACTORS = 4,
};

/* Rows of the static table; the index is that of appendix A less 1. */
extern const struct hpack_field hpack_static_fields[HPACK_STATIC_COUNT];

/* The rows of a token's name: the first one by its index in appendix A, 0: there is none; and how
 * many of them have a value. */
struct hpack_static_rows {
    uint8_t first;
    uint8_t values;
};
extern const struct hpack_static_rows hpack_static_rows[HPACK_TOKEN_COUNT];

/* Written by scripts/hpack_tables.py. */
struct hpack_huffman_code {
    uint32_t code;
    uint32_t bits;
};
extern const struct hpack_huffman_code hpack_huffman_codes[256];
/* By the next HPACK_HUFFMAN_STEP_BITS: from the low end, a byte each: the symbol, a second one if
 * it is whole too, the bits of both, their count; count 0: the code is longer. */
extern const uint32_t hpack_huffman_steps[1 << HPACK_HUFFMAN_STEP_BITS];
/* Of the codes of each length, which are consecutive: the first that is none of them and no shorter
 * one, shifted to the left end of 32 bits; what to add to a code for its place among the symbols.
 */
struct hpack_huffman_length {
    uint32_t limit;
    int32_t offset;
};
extern const struct hpack_huffman_length hpack_huffman_lengths[HPACK_HUFFMAN_BITS_MAX + 1];
extern const uint8_t hpack_huffman_symbols[256]; /* in the order of their codes */
extern const uint8_t hpack_token_slots[HPACK_TOKEN_SLOTS];
extern const uint32_t hpack_token_hash_factors[HPACK_TOKEN_HASH_FACTORS];

/* The room that decoding `length` bytes may take: the shortest codes are of five bits, and a step
 * may write one byte too many. */
static inline size_t hpack_huffman_decoded_bytes_max(size_t length)
{
    return length * 8 / HPACK_HUFFMAN_BITS_MIN + 2;
}

/* Decodes to `to`; returns the end of what was written. NULL: malformed. */
char *hpack_huffman_decode(const uint8_t *from, size_t length, char *to);

/* How many bytes the text takes in Huffman code. */
size_t hpack_huffman_bytes(struct text text);

/* Writes hpack_huffman_bytes() bytes; returns their end. */
uint8_t *hpack_huffman_encode(struct text text, uint8_t *to);

/* RFC 9113 section 8.2.1, as struct hpack_field says. */
bool hpack_name_is_valid(struct text name);
bool hpack_value_is_valid(struct text value);
