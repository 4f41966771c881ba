/* Strings as Go writes and reads them (pkg.go.dev/strconv: Quote, Unquote). */
#include <stdio.h>

#include "base/arena.h"
#include "base/hex.h"
#include "registry/handler/registry_filter_private.h"

enum { ESCAPE_BYTES_MAX = 8 };

struct escape {
    char letter;
    char byte;
};

static const struct escape escapes[] = {
    {'a', '\a'}, {'b', '\b'}, {'f', '\f'},  {'n', '\n'}, {'r', '\r'},
    {'t', '\t'}, {'v', '\v'}, {'\\', '\\'}, {'"', '"'},
};

/* `count` digits from the front of *rest. */
static bool take_digits(struct text *rest, size_t count, unsigned base, uint32_t *ret_value)
{
    uint32_t value = 0;
    if (rest->length < count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        int digit = hex_value(rest->data[i]);
        if (digit < 0 || (unsigned)digit >= base) {
            return false;
        }
        value = value * base + (unsigned)digit;
    }
    *rest = text_slice(*rest, count, rest->length);
    *ret_value = value;
    return true;
}

static size_t encode_utf8(uint32_t point, char *target)
{
    if (point < 0x80) {
        target[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        target[0] = (char)(0xc0 | point >> 6);
        target[1] = (char)(0x80 | (point & 0x3f));
        return 2;
    }
    if (point < 0x10000) {
        target[0] = (char)(0xe0 | point >> 12);
        target[1] = (char)(0x80 | (point >> 6 & 0x3f));
        target[2] = (char)(0x80 | (point & 0x3f));
        return 3;
    }
    target[0] = (char)(0xf0 | point >> 18);
    target[1] = (char)(0x80 | (point >> 12 & 0x3f));
    target[2] = (char)(0x80 | (point >> 6 & 0x3f));
    target[3] = (char)(0x80 | (point & 0x3f));
    return 4;
}

/* What follows a backslash. */
static bool take_escape(struct text *rest, char *target, size_t *length)
{
    uint32_t value;
    char letter = rest->length > 0 ? rest->data[0] : '\0';
    for (size_t i = 0; i < ARRAY_LENGTH(escapes); i++) {
        if (escapes[i].letter == letter) {
            target[(*length)++] = escapes[i].byte;
            *rest = text_slice(*rest, 1, rest->length);
            return true;
        }
    }
    if (letter >= '0' && letter <= '7') {
        if (!take_digits(rest, 3, 8, &value) || value > 255) {
            return false;
        }
        target[(*length)++] = (char)value;
        return true;
    }
    size_t digits = letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
    *rest = text_slice(*rest, 1, rest->length);
    if (digits == 0 || !take_digits(rest, digits, 16, &value)) {
        return false;
    }
    if (digits == 2) {
        target[(*length)++] = (char)value;
        return true;
    }
    if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
        return false;
    }
    *length += encode_utf8(value, target + *length);
    return true;
}

static bool unquote_raw(struct call *call, struct text inside, struct text *ret_value)
{
    char *target = arena_alloc(call->arena, inside.length + 1);
    size_t length = 0;
    for (size_t i = 0; target != NULL && i < inside.length; i++) {
        if (inside.data[i] != '\r') {
            target[length++] = inside.data[i];
        }
    }
    *ret_value = text_of_bytes(target, length);
    return target != NULL;
}

bool filter_unquote(struct call *call, struct text literal, struct text *ret_value)
{
    struct text rest = text_slice(literal, 1, literal.length - 1);
    if (literal.data[0] == '`') {
        return unquote_raw(call, rest, ret_value);
    }
    char *target = arena_alloc(call->arena, literal.length); /* no escape is longer than its text */
    size_t length = 0;
    while (target != NULL && rest.length > 0) {
        char byte = rest.data[0];
        rest = text_slice(rest, 1, rest.length);
        if (byte == '\n') {
            return false;
        }
        if (byte != '\\') {
            target[length++] = byte;
        } else if (!take_escape(&rest, target, &length)) {
            return false;
        }
    }
    *ret_value = text_of_bytes(target, length);
    return target != NULL;
}

/* The escape of one byte; 0: it stands for itself. */
static size_t quote_byte(char byte, char target[static ESCAPE_BYTES_MAX])
{
    for (size_t i = 0; i < ARRAY_LENGTH(escapes); i++) {
        if (escapes[i].byte == byte) {
            target[0] = '\\';
            target[1] = escapes[i].letter;
            return 2;
        }
    }
    if ((unsigned char)byte < ' ' || byte == 0x7f) {
        return (size_t)snprintf(target, ESCAPE_BYTES_MAX, "\\x%02x", (unsigned)(unsigned char)byte);
    }
    return 0;
}

struct text filter_quote(struct call *call, struct text text)
{
    char *target = arena_alloc(call->arena, text.length * 4 + 2);
    size_t length = 0;
    if (target == NULL) {
        return (struct text){NULL, 0};
    }
    target[length++] = '"';
    for (size_t i = 0; i < text.length; i++) {
        char escape[ESCAPE_BYTES_MAX];
        size_t escape_length = quote_byte(text.data[i], escape);
        if (escape_length == 0) {
            target[length++] = text.data[i];
        }
        memcpy(target + length, escape, escape_length);
        length += escape_length;
    }
    target[length++] = '"';
    return text_of_bytes(target, length);
}
