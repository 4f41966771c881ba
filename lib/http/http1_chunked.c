#include "http/http1_chunked.h"

#include "base/hex.h"
#include "http/http_message.h"

enum { SIZE_DIGITS_MAX = 15 };

static bool is_text_byte(unsigned char byte)
{
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
}

static enum http1_chunk_state on_size(struct http1_chunked *chunked, unsigned char byte)
{
    int digit = hex_value((char)byte);
    if (digit >= 0 && chunked->digits < SIZE_DIGITS_MAX) {
        chunked->digits++;
        chunked->left = chunked->left * 16 + (unsigned)digit;
        return HTTP1_CHUNK_SIZE;
    }
    if (chunked->digits == 0) {
        return HTTP1_CHUNK_BROKEN;
    }
    if (byte == ';') {
        return HTTP1_CHUNK_EXTENSION;
    }
    return byte == '\r' ? HTTP1_CHUNK_SIZE_END : HTTP1_CHUNK_BROKEN;
}

static enum http1_chunk_state on_extension(struct http1_chunked *chunked, unsigned char byte)
{
    if (byte == '\r') {
        return HTTP1_CHUNK_SIZE_END;
    }
    if (!is_text_byte(byte) || ++chunked->line_bytes > HTTP1_CHUNK_LINE_BYTES_MAX) {
        return HTTP1_CHUNK_BROKEN;
    }
    return HTTP1_CHUNK_EXTENSION;
}

static enum http1_chunk_state on_size_end(struct http1_chunked *chunked, unsigned char byte)
{
    if (byte != '\n') {
        return HTTP1_CHUNK_BROKEN;
    }
    return chunked->left > 0 ? HTTP1_CHUNK_DATA : HTTP1_CHUNK_TRAILER_START;
}

static enum http1_chunk_state on_data_end(struct http1_chunked *chunked, unsigned char byte)
{
    chunked->digits = 0;
    chunked->line_bytes = 0;
    return byte == '\n' ? HTTP1_CHUNK_SIZE : HTTP1_CHUNK_BROKEN;
}

static enum http1_chunk_state on_trailer_start(unsigned char byte)
{
    if (byte == '\r') {
        return HTTP1_CHUNK_LAST_END;
    }
    return is_text_byte(byte) && byte != ' ' && byte != '\t' && byte != ':'
               ? HTTP1_CHUNK_TRAILER_NAME
               : HTTP1_CHUNK_BROKEN;
}

static enum http1_chunk_state on_trailer_name(unsigned char byte)
{
    if (byte == ':') {
        return HTTP1_CHUNK_TRAILER_VALUE;
    }
    return is_text_byte(byte) && byte != ' ' && byte != '\t' ? HTTP1_CHUNK_TRAILER_NAME
                                                             : HTTP1_CHUNK_BROKEN;
}

static enum http1_chunk_state on_trailer_value(unsigned char byte)
{
    if (byte == '\r') {
        return HTTP1_CHUNK_TRAILER_END;
    }
    return is_text_byte(byte) ? HTTP1_CHUNK_TRAILER_VALUE : HTTP1_CHUNK_BROKEN;
}

static enum http1_chunk_state on_byte(struct http1_chunked *chunked, unsigned char byte)
{
    if (chunked->state >= HTTP1_CHUNK_TRAILER_START &&
        ++chunked->trailer_bytes > HTTP_HEADER_LIST_BYTES_MAX) {
        return HTTP1_CHUNK_BROKEN;
    }
    switch (chunked->state) {
    case HTTP1_CHUNK_SIZE:
        return on_size(chunked, byte);
    case HTTP1_CHUNK_EXTENSION:
        return on_extension(chunked, byte);
    case HTTP1_CHUNK_SIZE_END:
        return on_size_end(chunked, byte);
    case HTTP1_CHUNK_DATA_RETURN:
        return byte == '\r' ? HTTP1_CHUNK_DATA_END : HTTP1_CHUNK_BROKEN;
    case HTTP1_CHUNK_DATA_END:
        return on_data_end(chunked, byte);
    case HTTP1_CHUNK_TRAILER_START:
        return on_trailer_start(byte);
    case HTTP1_CHUNK_TRAILER_NAME:
        return on_trailer_name(byte);
    case HTTP1_CHUNK_TRAILER_VALUE:
        return on_trailer_value(byte);
    case HTTP1_CHUNK_TRAILER_END:
        return byte == '\n' ? HTTP1_CHUNK_TRAILER_START : HTTP1_CHUNK_BROKEN;
    case HTTP1_CHUNK_LAST_END:
        return byte == '\n' ? HTTP1_CHUNK_DONE : HTTP1_CHUNK_BROKEN;
    case HTTP1_CHUNK_DATA:
    case HTTP1_CHUNK_DONE:
    case HTTP1_CHUNK_BROKEN:
        break;
    }
    return HTTP1_CHUNK_BROKEN;
}

size_t http1_chunked_take(struct http1_chunked *chunked, struct text bytes, struct text *ret_part)
{
    size_t taken = 0;
    *ret_part = (struct text){NULL, 0};
    while (taken < bytes.length && chunked->state < HTTP1_CHUNK_DONE) {
        if (chunked->state == HTTP1_CHUNK_DATA) {
            size_t length = bytes.length - taken;
            length = length < chunked->left ? length : (size_t)chunked->left;
            *ret_part = text_slice(bytes, taken, taken + length);
            chunked->left -= length;
            if (chunked->left == 0) {
                chunked->state = HTTP1_CHUNK_DATA_RETURN;
            }
            return taken + length;
        }
        chunked->state = on_byte(chunked, (unsigned char)bytes.data[taken++]);
    }
    return taken;
}
