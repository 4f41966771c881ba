#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* The longest number that text_to_double() looks at. */
enum { NUMBER_BYTES_MAX = 64 };

static unsigned char lower(char byte)
{
    return (unsigned char)(byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte);
}

bool text_equal_ignoring_case(struct text a, struct text b)
{
    if (a.length != b.length) {
        return false;
    }
    for (size_t i = 0; i < a.length; i++) {
        if (lower(a.data[i]) != lower(b.data[i])) {
            return false;
        }
    }
    return true;
}

int text_compare(struct text a, struct text b)
{
    size_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter > 0 ? memcmp(a.data, b.data, shorter) : 0;
    if (order != 0) {
        return order;
    }
    return (a.length > b.length) - (a.length < b.length);
}

bool text_starts_with(struct text text, struct text prefix)
{
    return text.length >= prefix.length && text_equal(text_slice(text, 0, prefix.length), prefix);
}

bool text_ends_with(struct text text, struct text suffix)
{
    return text.length >= suffix.length &&
           text_equal(text_slice(text, text.length - suffix.length, text.length), suffix);
}

size_t text_find(struct text text, size_t from, char byte)
{
    if (from >= text.length) {
        return text.length;
    }
    const char *found = memchr(text.data + from, byte, text.length - from);
    return found != NULL ? (size_t)(found - text.data) : text.length;
}

struct text text_slice(struct text text, size_t from, size_t to)
{
    to = to < text.length ? to : text.length;
    from = from < to ? from : to;
    return (struct text){text.data != NULL ? text.data + from : NULL, to - from};
}

struct text text_trim(struct text text)
{
    while (text.length > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text.data++;
        text.length--;
    }
    while (text.length > 0 &&
           (text.data[text.length - 1] == ' ' || text.data[text.length - 1] == '\t')) {
        text.length--;
    }
    return text;
}

struct text text_next(struct text *rest, char separator)
{
    size_t at = text_find(*rest, 0, separator);
    struct text part = text_slice(*rest, 0, at);
    *rest = at < rest->length ? text_slice(*rest, at + 1, rest->length) : (struct text){NULL, 0};
    return part;
}

/* The length of the well-formed sequence at the start of the bytes (Unicode table 3-7), or 0. */
static size_t utf8_sequence(const unsigned char *bytes, size_t available)
{
    unsigned char lead = bytes[0];
    size_t length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (length == 0 || length > available) {
        return 0;
    }
    unsigned char second_low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned char second_high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (bytes[1] < second_low || bytes[1] > second_high) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return length;
}

/* The highest bit of each byte of eight that are above ASCII; a NUL among the others, too, sets
 * one. */
static uint64_t not_plain(const char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    return (word | (word - UINT64_C(0x0101010101010101))) & UINT64_C(0x8080808080808080);
}

/* How much of the text, from its beginning, is ASCII without NUL: at least all of it, if it is. */
static size_t plain_bytes(struct text text)
{
    size_t at = 0;
    while (text.length - at >= sizeof(uint64_t)) {
        if (not_plain(text.data + at) != 0) {
            return at;
        }
        at += sizeof(uint64_t);
    }
    if (at > 0) { /* the last eight bytes, some of them again */
        return not_plain(text.data + text.length - sizeof(uint64_t)) == 0 ? text.length : at;
    }
    while (at < text.length && text.data[at] > '\0' && (text.data[at] & 0x80) == 0) {
        at++;
    }
    return at;
}

bool text_is_utf8(struct text text)
{
    const unsigned char *bytes = (const unsigned char *)text.data;
    size_t at = 0;
    while (at < text.length) {
        uint64_t word;
        if (text.length - at >= sizeof(word)) {
            memcpy(&word, bytes + at, sizeof(word));
            if ((word & UINT64_C(0x8080808080808080)) == 0) {
                at += sizeof(word);
                continue;
            }
        }
        if (bytes[at] < 0x80) {
            at++;
            continue;
        }
        size_t length = utf8_sequence(bytes + at, text.length - at);
        if (length == 0) {
            return false;
        }
        at += length;
    }
    return true;
}

bool text_is_clean(struct text text)
{
    text = text_slice(text, plain_bytes(text), text.length);
    return text.length == 0 || (text_find(text, 0, '\0') == text.length && text_is_utf8(text));
}

bool text_to_u64(struct text text, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (text.length == 0) {
        return false;
    }
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(text.data[i] - '0'), &value)) {
            return false;
        }
    }
    *ret_value = value;
    return true;
}

bool text_to_i64(struct text text, int64_t *ret_value)
{
    bool negative = text.length > 0 && text.data[0] == '-';
    uint64_t magnitude;
    if (!text_to_u64(text_slice(text, negative ? 1 : 0, text.length), &magnitude)) {
        return false;
    }
    if (magnitude > (uint64_t)INT64_MAX + (negative ? 1 : 0)) {
        return false;
    }
    *ret_value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

bool text_to_double(struct text text, double *ret_value)
{
    char buffer[NUMBER_BYTES_MAX];
    if (text.length == 0 || text.length >= sizeof(buffer)) {
        return false;
    }
    for (size_t i = 0; i < text.length; i++) {
        /* strtod() also takes spaces, hexadecimal, "inf" and "nan"; a number here is none of them.
         */
        if (memchr("0123456789+-.eE", text.data[i], 15) == NULL) {
            return false;
        }
        buffer[i] = text.data[i];
    }
    buffer[text.length] = '\0';
    char *end;
    errno = 0;
    double value = strtod(buffer, &end);
    if (*end != '\0' || end == buffer || !isfinite(value)) {
        return false;
    }
    *ret_value = value;
    return true;
}

bool text_to_c_string(struct text text, char *buffer, size_t size)
{
    if (text.length >= size || text_find(text, 0, '\0') != text.length) {
        return false;
    }
    if (text.length > 0) {
        memcpy(buffer, text.data, text.length);
    }
    buffer[text.length] = '\0';
    return true;
}

uint64_t text_hash(struct text text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < text.length; i++) {
        hash = (hash ^ (unsigned char)text.data[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}
