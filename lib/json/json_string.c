#include "json/json_private.h"

#include "base/hex.h"

static bool read_hex4(const char *at, unsigned *ret_value)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(at[i]);
        if (digit < 0) {
            return false; /* also the NUL at the end */
        }
        value = value * 16 + (unsigned)digit;
    }
    *ret_value = value;
    return true;
}

static char *write_utf8(char *to, unsigned point)
{
    if (point < 0x80) {
        *to++ = (char)point;
        return to;
    }
    if (point < 0x800) {
        *to++ = (char)(0xc0 | point >> 6);
    } else {
        if (point < 0x10000) {
            *to++ = (char)(0xe0 | point >> 12);
        } else {
            *to++ = (char)(0xf0 | point >> 18);
            *to++ = (char)(0x80 | (point >> 12 & 0x3f));
        }
        *to++ = (char)(0x80 | (point >> 6 & 0x3f));
    }
    *to++ = (char)(0x80 | (point & 0x3f));
    return to;
}

/* Reads what follows "\u"; two of them where the first is half of a pair. */
static const char *read_unicode(char **from, char **to)
{
    unsigned point;
    unsigned low;
    char *at = *from;
    if (!read_hex4(at, &point)) {
        return "\\u without four hexadecimal digits";
    }
    at += 4;
    if (point == 0) {
        return "\\u0000 in a string";
    }
    if (point >= 0xd800 && point < 0xe000) {
        if (point >= 0xdc00 || at[0] != '\\' || at[1] != 'u' || !read_hex4(at + 2, &low) ||
            low < 0xdc00 || low >= 0xe000) {
            return "half of a surrogate pair";
        }
        at += 6;
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    }
    *from = at;
    *to = write_utf8(*to, point);
    return NULL;
}

/* Reads an escape, behind its backslash. */
static const char *read_escape(char **from, char **to)
{
    static const char names[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    char name = *(*from)++;
    if (name == 'u') {
        return read_unicode(from, to);
    }
    const char *found = name != '\0' ? strchr(names, name) : NULL;
    if (found == NULL) {
        (*from)--;
        return "an unknown escape";
    }
    *(*to)++ = meanings[found - names];
    return NULL;
}

static bool is_plain(char byte)
{
    return (unsigned char)byte >= 0x20 && byte != '"' && byte != '\\';
}

const char *json_read_string(char **at, struct text *ret_string)
{
    char *from = *at + 1;
    char *start = from;
    while (is_plain(*from)) {
        from++;
    }
    char *to = from; /* from here on, behind `from` if there was an escape */
    const char *wrong = NULL;
    while (*from != '"' && wrong == NULL) {
        if (is_plain(*from)) {
            *to++ = *from++;
        } else if (*from == '\\') {
            from++;
            wrong = read_escape(&from, &to);
        } else {
            wrong = *from == '\0' ? "a string without end" : "a control character in a string";
        }
    }
    *at = from + (wrong == NULL);
    *ret_string = text_of_bytes(start, (size_t)(to - start));
    return wrong;
}
