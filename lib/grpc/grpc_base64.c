#include "grpc/grpc_base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct text grpc_base64_encode(struct arena *arena, struct text bytes)
{
    size_t length = bytes.length / 3 * 4 + (bytes.length % 3 > 0 ? bytes.length % 3 + 1 : 0);
    char *encoded = arena_alloc(arena, length + 1);
    if (encoded == NULL) {
        return (struct text){NULL, 0};
    }
    uint32_t bits = 0;
    unsigned bit_count = 0;
    size_t written = 0;
    for (size_t i = 0; i < bytes.length; i++) {
        bits = bits << 8 | (unsigned char)bytes.data[i];
        for (bit_count += 8; bit_count >= 6; bit_count -= 6) {
            encoded[written++] = alphabet[bits >> (bit_count - 6) & 63];
        }
    }
    if (bit_count > 0) {
        encoded[written++] = alphabet[bits << (6 - bit_count) & 63];
    }
    encoded[written] = '\0';
    CHECK(written == length);
    return (struct text){encoded, length};
}

/* The six bits of a digit of either alphabet, or -1. */
static int digit_value(char digit)
{
    if (digit >= 'A' && digit <= 'Z') {
        return digit - 'A';
    }
    if (digit >= 'a' && digit <= 'z') {
        return digit - 'a' + 26;
    }
    if (digit >= '0' && digit <= '9') {
        return digit - '0' + 52;
    }
    if (digit == '+' || digit == '-') {
        return 62;
    }
    return digit == '/' || digit == '_' ? 63 : -1;
}

/* Without its padding, which must fill up to four digits. false: it does not. */
static bool padding_removed(struct text *encoded)
{
    size_t padded_length = encoded->length;
    while (encoded->length > 0 && encoded->data[encoded->length - 1] == '=') {
        encoded->length--;
    }
    size_t padding = padded_length - encoded->length;
    return padding == 0 || (padding <= 2 && padded_length % 4 == 0);
}

bool grpc_base64_decode(struct arena *arena, struct text encoded, struct text *ret_bytes)
{
    if (!padding_removed(&encoded) || encoded.length % 4 == 1) {
        return false;
    }
    char *bytes = arena_alloc(arena, encoded.length / 4 * 3 + 3);
    if (bytes == NULL) {
        return false;
    }
    uint32_t bits = 0;
    unsigned bit_count = 0;
    size_t written = 0;
    for (size_t i = 0; i < encoded.length; i++) {
        int value = digit_value(encoded.data[i]);
        if (value < 0) {
            return false;
        }
        bits = bits << 6 | (unsigned)value;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            bytes[written++] = (char)(bits >> bit_count & 255);
        }
    }
    *ret_bytes = (struct text){bytes, written};
    return true;
}
