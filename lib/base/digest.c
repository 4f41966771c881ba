#include "base/digest.h"

#include "base/little_endian.h"

struct state {
    uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static void run_rounds(struct state *state, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        state->v0 += state->v1;
        state->v1 = rotate(state->v1, 13) ^ state->v0;
        state->v0 = rotate(state->v0, 32);
        state->v2 += state->v3;
        state->v3 = rotate(state->v3, 16) ^ state->v2;
        state->v0 += state->v3;
        state->v3 = rotate(state->v3, 21) ^ state->v0;
        state->v2 += state->v1;
        state->v1 = rotate(state->v1, 17) ^ state->v2;
        state->v2 = rotate(state->v2, 32);
    }
}

/* Little-endian, of up to seven bytes. */
static uint64_t load(const char *bytes, size_t count)
{
    uint64_t word = 0;
    for (size_t i = 0; i < count; i++) {
        word |= (uint64_t)(unsigned char)bytes[i] << 8 * i;
    }
    return word;
}

static void take_word(struct state *state, uint64_t word)
{
    state->v3 ^= word;
    run_rounds(state, 2);
    state->v0 ^= word;
}

static uint64_t finish(struct state *state)
{
    run_rounds(state, 4);
    return state->v0 ^ state->v1 ^ state->v2 ^ state->v3;
}

struct digest digest_with(const unsigned char key[static 16], struct text content)
{
    uint64_t low = le64_read((const char *)key);
    uint64_t high = le64_read((const char *)key + 8);
    struct state state = {
        low ^ UINT64_C(0x736f6d6570736575),
        high ^ UINT64_C(0x646f72616e646f6d) ^ 0xee, /* 0xee: of 128 bits */
        low ^ UINT64_C(0x6c7967656e657261),
        high ^ UINT64_C(0x7465646279746573),
    };
    size_t whole = content.length / 8 * 8;
    for (size_t i = 0; i < whole; i += 8) {
        take_word(&state, le64_read(content.data + i));
    }
    take_word(&state,
              (uint64_t)content.length << 56 | load(content.data + whole, content.length - whole));
    struct digest digest;
    state.v2 ^= 0xee;
    digest.high = finish(&state);
    state.v1 ^= 0xdd;
    digest.low = finish(&state);
    return digest;
}

struct digest digest_of(struct text content)
{
    static const unsigned char key[DIGEST_KEY_BYTES] = "marquee contents";
    return digest_with(key, content);
}

void digest_write(struct digest digest, char text[static DIGEST_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    for (unsigned i = 0; i < 16; i++) {
        text[i] = digits[digest.high >> (60 - 4 * i) & 15];
        text[16 + i] = digits[digest.low >> (60 - 4 * i) & 15];
    }
    text[32] = '\0';
}

bool digest_parse(struct text text, struct digest *ret_digest)
{
    uint64_t halves[2] = {0, 0};
    if (text.length != DIGEST_TEXT_BYTES - 1) {
        return false;
    }
    for (unsigned i = 0; i < text.length; i++) {
        char byte = text.data[i];
        bool is_digit = byte >= '0' && byte <= '9';
        if (!is_digit && (byte < 'a' || byte > 'f')) {
            return false;
        }
        halves[i / 16] = halves[i / 16] << 4 | (uint64_t)(is_digit ? byte - '0' : byte - 'a' + 10);
    }
    *ret_digest = (struct digest){halves[0], halves[1]};
    return true;
}
