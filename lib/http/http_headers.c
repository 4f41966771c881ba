#include "http/http_headers.h"

#include <stdint.h>

enum { WORD_BYTES = sizeof(uint64_t) };

#define EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Whether none of eight bytes is a control character; of tabs and of bytes above ASCII it may say
 * no without need. The highest bit of a byte is set from the first by what is above ASCII, by 0x7f
 * when one is added, by what is below 0x20 when that is taken away: carries and borrows come from
 * such bytes alone. */
static bool is_plain(const char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    return ((word | (word + EACH_BYTE(1)) | (word - EACH_BYTE(0x20))) & EACH_BYTE(0x80)) == 0;
}

static bool is_sendable(struct text text)
{
    size_t i = 0;
    while (text.length - i >= WORD_BYTES && is_plain(text.data + i)) {
        i += WORD_BYTES;
    }
    bool is_tail = i > 0 && text.length - i < WORD_BYTES;
    if (is_tail && is_plain(text.data + text.length - WORD_BYTES)) {
        return true; /* with some of what was seen */
    }
    for (; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
            return false;
        }
    }
    return true;
}

bool http_headers_are_sendable(const struct http_header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (headers[i].name.length == 0 || !is_sendable(headers[i].name) ||
            !is_sendable(headers[i].value)) {
            return false;
        }
    }
    return count <= HTTP_HEADER_COUNT_MAX;
}
