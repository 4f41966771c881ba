#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_BYTES = 256 };

void buffer_init(struct buffer *buffer, size_t bytes_max)
{
    *buffer = (struct buffer){.bytes_max = bytes_max};
}

void buffer_deinit(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){.bytes_max = buffer->bytes_max};
}

void buffer_clear(struct buffer *buffer)
{
    buffer->length = 0;
}

/* Apart from the usual way, which it would burden with registers to save. */
static __attribute__((noinline)) bool grow(struct buffer *buffer, size_t needed)
{
    size_t capacity = buffer->capacity > 0 ? buffer->capacity : FIRST_BYTES;
    while (capacity < needed) {
        capacity = capacity < buffer->bytes_max / 2 ? capacity * 2 : buffer->bytes_max;
    }
    char *data = realloc(buffer->data, capacity);
    if (data == NULL) {
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

char *buffer_reserve(struct buffer *buffer, size_t length)
{
    if (length > buffer->bytes_max - buffer->length) {
        return NULL;
    }
    size_t needed = buffer->length + length;
    if ((needed > buffer->capacity || buffer->data == NULL) && !grow(buffer, needed)) {
        return NULL;
    }
    return buffer->data + buffer->length;
}

char *buffer_spare(const struct buffer *buffer, size_t *ret_bytes)
{
    size_t capacity = buffer->capacity < buffer->bytes_max ? buffer->capacity : buffer->bytes_max;
    *ret_bytes = capacity - buffer->length;
    return buffer->data != NULL ? buffer->data + buffer->length : NULL;
}

void buffer_extend(struct buffer *buffer, size_t length)
{
    CHECK(length <= buffer->capacity - buffer->length);
    buffer->length += length;
}

bool buffer_append(struct buffer *buffer, struct text text)
{
    char *room = buffer_reserve(buffer, text.length);
    if (room == NULL) {
        return false;
    }
    if (text.length > 0) {
        memcpy(room, text.data, text.length);
    }
    buffer->length += text.length;
    return true;
}

bool buffer_append_byte(struct buffer *buffer, char byte)
{
    return buffer_append(buffer, (struct text){&byte, 1});
}

bool buffer_format(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) {
        return false;
    }
    char *room = buffer_reserve(buffer, (size_t)length + 1);
    if (room == NULL) {
        return false;
    }
    va_start(arguments, format);
    (void)vsnprintf(room, (size_t)length + 1, format, arguments); /* measured above */
    va_end(arguments);
    buffer->length += (size_t)length;
    return true;
}

void buffer_consume(struct buffer *buffer, size_t length)
{
    CHECK(length <= buffer->length);
    buffer->length -= length;
    if (length > 0 && buffer->length > 0) {
        memmove(buffer->data, buffer->data + length, buffer->length);
    }
}
