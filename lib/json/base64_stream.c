#include "json/base64_stream.h"

/* Two padding characters stand for two digits, one for one. */
static bool take_padding(struct base64_stream *stream)
{
    stream->padding++;
    if (stream->digits < 2 || stream->digits + stream->padding > 4) {
        return false;
    }
    if (stream->digits + stream->padding == 4) {
        *stream = (struct base64_stream){.bits = 0};
    }
    return true;
}

bool base64_stream_decode(struct base64_stream *stream, struct text *text, char *bytes, size_t size,
                          size_t *ret_length)
{
    size_t count = 0;
    size_t at = 0;
    for (; at < text->length && count < size; at++) {
        char digit = text->data[at];
        if (digit == '=') {
            if (!take_padding(stream)) {
                return false;
            }
            continue;
        }
        unsigned value = base64_digit_value(digit);
        if (value >= BASE64_DIGITS || stream->padding > 0) {
            return false;
        }
        stream->bits = (stream->bits << 6 | value) & 0xffff;
        stream->digits = (stream->digits + 1) % 4;
        if (stream->digits != 1) {
            bytes[count++] = (char)(stream->bits >> (4 - stream->digits) % 4 * 2 & 255);
        }
    }
    *text = text_slice(*text, at, text->length);
    *ret_length = count;
    return true;
}

bool base64_stream_may_end(const struct base64_stream *stream)
{
    return stream->digits != 1 && stream->padding == 0;
}
