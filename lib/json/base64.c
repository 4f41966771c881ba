#include "json/base64.h"

#include "base/arena.h"

size_t base64_encode_to(struct text bytes, char *to)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *from = (const unsigned char *)bytes.data;
    for (size_t at = 0; at < bytes.length; at += 3) {
        size_t left = bytes.length - at;
        unsigned bits = (unsigned)from[at] << 16 | (left > 1 ? (unsigned)from[at + 1] << 8 : 0) |
                        (left > 2 ? (unsigned)from[at + 2] : 0);
        *to++ = digits[bits >> 18];
        *to++ = digits[bits >> 12 & 63];
        *to++ = left > 1 ? digits[bits >> 6 & 63] : '=';
        *to++ = left > 2 ? digits[bits & 63] : '=';
    }
    return (bytes.length + 2) / 3 * 4;
}

bool base64_encode(struct text bytes, struct buffer *buffer)
{
    char *to = buffer_reserve(buffer, (bytes.length + 2) / 3 * 4);
    if (to == NULL) {
        return false;
    }
    buffer_extend(buffer, base64_encode_to(bytes, to));
    return true;
}

unsigned base64_digit_value(char digit)
{
    if (digit >= 'A' && digit <= 'Z') {
        return (unsigned)(digit - 'A');
    }
    if (digit >= 'a' && digit <= 'z') {
        return (unsigned)(digit - 'a') + 26;
    }
    if (digit >= '0' && digit <= '9') {
        return (unsigned)(digit - '0') + 52;
    }
    return digit == '+' || digit == '-' ? 62 : digit == '/' || digit == '_' ? 63 : BASE64_DIGITS;
}

/* Without its padding; more than belongs there stays, and is no digit. */
static struct text without_padding(struct text text)
{
    if (text.length % 4 == 0) {
        for (int i = 0; i < 2 && text_ends_with(text, TEXT("=")); i++) {
            text.length--;
        }
    }
    return text;
}

struct text base64_decode(struct arena *arena, struct text text, bool *ret_valid)
{
    text = without_padding(text);
    size_t length = text.length / 4 * 3 + text.length % 4 * 3 / 4;
    unsigned char *bytes = arena_alloc(arena, length + 1);
    *ret_valid = text.length % 4 != 1;
    if (bytes == NULL) {
        return (struct text){NULL, 0};
    }
    size_t count = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < text.length; i++) {
        unsigned value = base64_digit_value(text.data[i]);
        *ret_valid = *ret_valid && value < BASE64_DIGITS;
        bits = bits << 6 | (value & 63);
        if (i % 4 != 0) {
            bytes[count++] = (unsigned char)(bits >> (6 - 2 * (i % 4)));
        }
    }
    bytes[count] = '\0';
    return text_of_bytes(bytes, length);
}
