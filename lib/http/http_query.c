/* Percent encoding (RFC 3986 section 2.1) and query strings. */
#include "base/arena.h"
#include "base/hex.h"
#include "http/http_message.h"

/* false: a '%' without two digits. *ret_length: what was written to `out`, at most encoded.length.
 */
static bool decode(struct text encoded, bool plus_is_space, char *out, size_t *ret_length)
{
    size_t length = 0;
    for (size_t i = 0; i < encoded.length; i++) {
        char byte = encoded.data[i];
        if (byte == '%') {
            if (encoded.length - i < 3) {
                return false;
            }
            int high = hex_value(encoded.data[i + 1]);
            int low = hex_value(encoded.data[i + 2]);
            if (high < 0 || low < 0) {
                return false;
            }
            byte = (char)(high * 16 + low);
            i += 2;
        } else if (byte == '+' && plus_is_space) {
            byte = ' ';
        }
        out[length++] = byte;
    }
    *ret_length = length;
    return true;
}

static enum status decode_into_arena(struct call *call, struct text encoded, bool plus_is_space,
                                     struct text *ret_decoded)
{
    size_t length = 0;
    char *out = arena_alloc(call->arena, encoded.length + 1);
    if (out == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the request is too large");
    }
    if (!decode(encoded, plus_is_space, out, &length)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "malformed percent encoding");
    }
    out[length] = '\0';
    struct text decoded = {out, length};
    if (!text_is_clean(decoded)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         text_is_utf8(decoded) ? "the address holds text with a NUL in it"
                                               : "the address holds text that is not UTF-8");
    }
    *ret_decoded = (struct text){out, length};
    return STATUS_OK;
}

enum status http_percent_decode(struct call *call, struct text encoded, struct text *ret_decoded)
{
    return decode_into_arena(call, encoded, false, ret_decoded);
}

/* Whether the encoded name stands for `name`. A malformed one is nobody's name. */
static bool is_name(struct text encoded, struct text name)
{
    char decoded[256];
    size_t length;
    if (encoded.length <= sizeof(decoded) && decode(encoded, true, decoded, &length)) {
        return text_equal((struct text){decoded, length}, name);
    }
    return false;
}

enum status http_query_parameter(struct call *call, struct text query, struct text name,
                                 struct text *ret_value)
{
    struct text found = {NULL, 0};
    bool seen = false;

    struct text rest = query;
    while (rest.data != NULL) {
        struct text value = text_next(&rest, '&');
        struct text key = text_next(&value, '=');
        if (!is_name(key, name)) {
            continue;
        }
        if (seen) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "'%.*s' is given twice",
                             TEXT_ARGUMENTS(name));
        }
        seen = true;
        found = value;
    }
    return seen ? decode_into_arena(call, found, true, ret_value) : STATUS_NOT_FOUND;
}

static bool is_unreserved(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

struct text http_percent_encode(struct arena *arena, struct text raw)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t length = 0;
    for (size_t i = 0; i < raw.length; i++) {
        length += is_unreserved(raw.data[i]) ? 1 : 3;
    }
    char *out = arena_alloc(arena, length + 1);
    if (out == NULL) {
        return (struct text){NULL, 0};
    }
    char *end = out;
    for (size_t i = 0; i < raw.length; i++) {
        unsigned char byte = (unsigned char)raw.data[i];
        if (is_unreserved(raw.data[i])) {
            *end++ = raw.data[i];
        } else {
            *end++ = '%';
            *end++ = digits[byte >> 4];
            *end++ = digits[byte & 15];
        }
    }
    *end = '\0';
    return (struct text){out, length};
}
