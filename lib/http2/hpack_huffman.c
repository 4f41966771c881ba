/* RFC 7541 section 5.2. */
#include <endian.h>

#include "http2/hpack_private.h"

enum {
    WORD_BITS = 64,
    HALF_BITS = 32,
    PADDING_BITS_MAX = 7,
    STEPS_A_LOAD = 5, /* of HPACK_HUFFMAN_STEP_BITS, out of the 56 bits that are there at least */
};

struct bits {
    uint64_t word; /* the next bits, from its high end */
    unsigned count;
    const uint8_t *from;
    const uint8_t *end;
};

static uint32_t step_of(const struct bits *bits)
{
    return hpack_huffman_steps[bits->word >> (WORD_BITS - HPACK_HUFFMAN_STEP_BITS)];
}

static unsigned step_bits(uint32_t step)
{
    return step >> 16 & 0xff;
}

static unsigned step_symbols(uint32_t step)
{
    return step >> 24;
}

static void drop(struct bits *bits, unsigned count)
{
    bits->word <<= count;
    bits->count -= count;
}

/* At least 56 bits. There must be eight bytes left. */
static void load(struct bits *bits)
{
    uint64_t word;
    memcpy(&word, bits->from, sizeof(word));
    bits->word |= be64toh(word) >> bits->count;
    bits->from += (WORD_BITS - 1 - bits->count) / 8;
    bits->count |= WORD_BITS - 8;
}

/* The last bytes, and ones behind them, as EOS begins. */
static void load_last(struct bits *bits)
{
    while (bits->count <= WORD_BITS - 8 && bits->from < bits->end) {
        bits->word |= (uint64_t)*bits->from++ << (WORD_BITS - 8 - bits->count);
        bits->count += 8;
    }
    if (bits->from == bits->end && bits->count < WORD_BITS) {
        bits->word |= UINT64_MAX >> bits->count;
    }
}

/* A code that is longer than a step: the first length whose codes reach that far. */
static char *take_long(struct bits *bits, char *to)
{
    uint32_t word = (uint32_t)(bits->word >> HALF_BITS);
    for (unsigned length = HPACK_HUFFMAN_STEP_BITS + 1; length <= HPACK_HUFFMAN_BITS_MAX;
         length++) {
        const struct hpack_huffman_length *codes = &hpack_huffman_lengths[length];
        if (word < codes->limit) {
            if (length > bits->count) {
                return NULL;
            }
            int32_t code = (int32_t)(word >> (HALF_BITS - length));
            *to++ = (char)hpack_huffman_symbols[code + codes->offset];
            drop(bits, length);
            return to;
        }
    }
    return NULL; /* EOS */
}

/* One code, or two. */
static char *take_step(struct bits *bits, uint32_t step, char *to)
{
    to[0] = (char)step;
    to[1] = (char)(step >> 8);
    drop(bits, step_bits(step));
    return to + step_symbols(step);
}

/* The codes that are whole within what is left. NULL: malformed. */
static char *take_last(struct bits *bits, char *to)
{
    for (;;) {
        load_last(bits);
        uint32_t step = step_of(bits);
        unsigned first_bits = hpack_huffman_codes[step & 0xff].bits;
        if (step_symbols(step) == 0) {
            if (bits->count <= PADDING_BITS_MAX) {
                return to;
            }
            to = take_long(bits, to);
            if (to == NULL) {
                return NULL;
            }
        } else if (step_bits(step) <= bits->count) {
            to = take_step(bits, step, to);
        } else if (first_bits <= bits->count) {
            *to++ = (char)step;
            drop(bits, first_bits);
        } else {
            return bits->count <= PADDING_BITS_MAX ? to : NULL;
        }
    }
}

static bool is_padding(const struct bits *bits)
{
    return bits->count == 0 ||
           bits->word >> (WORD_BITS - bits->count) == (UINT64_C(1) << bits->count) - 1;
}

/* As many steps as a load is enough for; or a long code, if it is the next. NULL: malformed. */
static char *take_load(struct bits *bits, char *to)
{
    uint32_t step = step_of(bits);
    if (step_symbols(step) == 0) {
        return take_long(bits, to);
    }
    for (int i = 0; i < STEPS_A_LOAD && step_symbols(step) > 0; i++) {
        to = take_step(bits, step, to);
        step = step_of(bits);
    }
    return to;
}

char *hpack_huffman_decode(const uint8_t *from, size_t length, char *to)
{
    struct bits bits = {.from = from, .end = from + length};
    while (bits.end - bits.from >= (ptrdiff_t)sizeof(uint64_t)) {
        load(&bits);
        to = take_load(&bits, to);
        if (to == NULL) {
            return NULL;
        }
    }
    to = take_last(&bits, to);
    return to != NULL && is_padding(&bits) ? to : NULL;
}

size_t hpack_huffman_bytes(struct text text)
{
    size_t bits = 0;
    for (size_t i = 0; i < text.length; i++) {
        bits += hpack_huffman_codes[(unsigned char)text.data[i]].bits;
    }
    return (bits + 7) / 8;
}

uint8_t *hpack_huffman_encode(struct text text, uint8_t *to)
{
    uint64_t word = 0; /* its low `count` bits are to be written */
    unsigned count = 0;
    for (size_t i = 0; i < text.length; i++) {
        struct hpack_huffman_code code = hpack_huffman_codes[(unsigned char)text.data[i]];
        word = word << code.bits | code.code;
        count += code.bits;
        if (count >= HALF_BITS) {
            count -= HALF_BITS;
            uint32_t whole = htobe32((uint32_t)(word >> count));
            memcpy(to, &whole, sizeof(whole));
            to += sizeof(whole);
        }
    }
    unsigned padding = (8 - count % 8) % 8;
    word = word << padding | ((1U << padding) - 1);
    for (count += padding; count > 0; count -= 8) {
        *to++ = (uint8_t)(word >> (count - 8));
    }
    return to;
}
