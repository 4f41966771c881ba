#include "http2/hpack_field.h"

#include "http2/hpack_private.h"

#define NAME(token, name) [HPACK_TOKEN_##token] = TEXT_INIT(name),
const struct text hpack_names[HPACK_TOKEN_COUNT] = {HPACK_TOKENS(NAME)};
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
    return text_equal(hpack_names[token], name) ? token : HPACK_TOKEN_NONE;
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

/* High bits where eight bytes are not all visible ASCII or spaces: such a byte has none itself, and
 * gets none when a space is taken away or 1 added. */
static uint64_t unusual(const char *bytes)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    return ((word - ones * ' ') | (word + ones) | word) & ones << 7;
}

/* Eight bytes at a time, the last ones again. */
static bool is_usual(struct text value)
{
    uint64_t found = unusual(value.data + value.length - sizeof(uint64_t));
    for (size_t at = 0; at + sizeof(uint64_t) < value.length; at += sizeof(uint64_t)) {
        found |= unusual(value.data + at);
    }
    return found == 0;
}

bool hpack_value_is_valid(struct text value)
{
    if (value.length >= sizeof(uint64_t) && is_usual(value)) {
        return true;
    }
    for (size_t i = 0; i < value.length; i++) {
        if (!is_value_byte((unsigned char)value.data[i])) {
            return false;
        }
    }
    return true;
}
