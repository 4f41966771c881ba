#include "http2/hpack_field.h"

#include "http2/hpack_private.h"

#define NAME(token, name) [HPACK_TOKEN_##token] = TEXT_INIT(name),
static const struct text names[HPACK_TOKEN_COUNT] = {HPACK_TOKENS(NAME)};
#undef NAME

/* scripts/hpack_tables.py has the same. */
static uint32_t slot_of(struct text name)
{
    const unsigned char *bytes = (const unsigned char *)name.data;
    const uint32_t *factors = hpack_token_hash_factors;
    size_t length = name.length;
    uint32_t hash = (uint32_t)length * factors[0] + bytes[0] * factors[1] +
                    bytes[length / 2] * factors[2] + bytes[length * 3 / 4] * factors[3] +
                    bytes[length - 1];
    return hash % HPACK_TOKEN_SLOTS;
}

enum hpack_token hpack_token_of(struct text name)
{
    if (name.length == 0) {
        return HPACK_TOKEN_NONE;
    }
    enum hpack_token token = (enum hpack_token)hpack_token_slots[slot_of(name)];
    return text_equal(names[token], name) ? token : HPACK_TOKEN_NONE;
}

struct text hpack_token_name(enum hpack_token token)
{
    return names[token];
}

/* RFC 9110 section 5.6.2, without capitals. */
static bool is_name_byte(unsigned char byte)
{
    /* Bits of the bytes 0 to 127 that may stand in a name. */
    static const uint64_t allowed[2] = {
        UINT64_C(0x03ff6cfa00000000), /* ! # $ % & ' * + - . 0-9 */
        UINT64_C(0x57ffffffc0000000), /* ^ _ ` a-z | ~ */
    };
    return byte < 128 && (allowed[byte / 64] >> byte % 64 & 1) != 0;
}

bool hpack_name_is_valid(struct text name)
{
    for (size_t i = 0; i < name.length; i++) {
        if (!is_name_byte((unsigned char)name.data[i])) {
            return false;
        }
    }
    return name.length > 0;
}

static bool is_value_byte(unsigned char byte)
{
    return (byte >= ' ' && byte != 0x7f) || byte == '\t';
}

/* Whether eight bytes may all stand in a value; false may also be a tab among them. */
static bool are_plain(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t highs = ones << 7;
    uint64_t below_space = (word - ones * ' ') & ~word;
    uint64_t delete_off = word ^ ones * 0x7f;
    uint64_t is_delete = (delete_off - ones) & ~delete_off;
    return ((below_space | is_delete) & highs) == 0;
}

bool hpack_value_is_valid(struct text value)
{
    size_t at = 0;
    for (; at + sizeof(uint64_t) <= value.length; at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, value.data + at, sizeof(word));
        if (!are_plain(word)) {
            break;
        }
    }
    for (; at < value.length; at++) {
        if (!is_value_byte((unsigned char)value.data[at])) {
            return false;
        }
    }
    return true;
}
