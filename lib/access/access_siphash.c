#include "access/access_siphash.h"

#include <endian.h>

enum { WORD_BYTES = 8, ROUNDS_FOR_WORD = 2, ROUNDS_AT_END = 4 };

struct state {
    uint64_t v[4];
};

static uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static void mix(struct state *state, unsigned rounds)
{
    uint64_t *v = state->v;
    for (unsigned i = 0; i < rounds; i++) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
    }
}

static void take_word(struct state *state, uint64_t word)
{
    state->v[3] ^= word;
    mix(state, ROUNDS_FOR_WORD);
    state->v[0] ^= word;
}

uint64_t access_siphash(const struct access_siphash_key *key, struct text bytes)
{
    struct state state = {{
        key->halves[0] ^ UINT64_C(0x736f6d6570736575),
        key->halves[1] ^ UINT64_C(0x646f72616e646f6d),
        key->halves[0] ^ UINT64_C(0x6c7967656e657261),
        key->halves[1] ^ UINT64_C(0x7465646279746573),
    }};
    uint64_t word = 0;
    size_t at = 0;
    for (; at + WORD_BYTES <= bytes.length; at += WORD_BYTES) {
        memcpy(&word, bytes.data + at, WORD_BYTES);
        take_word(&state, le64toh(word));
    }
    word = (uint64_t)bytes.length << 56;
    for (size_t i = at; i < bytes.length; i++) {
        word |= (uint64_t)(unsigned char)bytes.data[i] << (8 * (i - at));
    }
    take_word(&state, word);
    state.v[2] ^= 0xff;
    mix(&state, ROUNDS_AT_END);
    return state.v[0] ^ state.v[1] ^ state.v[2] ^ state.v[3];
}
