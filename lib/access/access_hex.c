#include "access/access_digest.h"

void access_hex_format(const void *bytes, size_t count, char *ret_text)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *from = bytes;
    for (size_t i = 0; i < count; i++) {
        ret_text[2 * i] = digits[from[i] >> 4];
        ret_text[2 * i + 1] = digits[from[i] & 15];
    }
}

/* 0 to 15; 16: no digit. */
static unsigned value_of(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return (unsigned)(digit - '0');
    }
    char lower = (char)(digit | 0x20);
    return lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a') + 10 : 16;
}

bool access_hex_parse(struct text text, void *ret_bytes, size_t count)
{
    unsigned char *to = ret_bytes;
    if (text.length != 2 * count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        unsigned high = value_of(text.data[2 * i]);
        unsigned low = value_of(text.data[2 * i + 1]);
        if (high > 15 || low > 15) {
            return false;
        }
        to[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}
