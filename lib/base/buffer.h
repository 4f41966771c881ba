/* buffer.h: bytes that grow up to a mandatory maximum.
 *
 * An append past the maximum, or without memory, fails and leaves the buffer as it was. One thread
 * at a time. */
#pragma once

#include "base/text.h"

struct buffer {
    char *data;    /* read only; borrowed until the next append, consume or deinit */
    size_t length; /* read only */
    /* private */
    size_t capacity;
    size_t bytes_max;
};

/* Takes no memory yet. */
void buffer_init(struct buffer *buffer, size_t bytes_max);
void buffer_deinit(struct buffer *buffer);

/* Forgets the content, keeps the memory. */
void buffer_clear(struct buffer *buffer);

/* Room for `length` more bytes at the end; write there, then buffer_extend(). Borrowed until the
 * next append. NULL: over the maximum, or no memory. */
MUST_USE char *buffer_reserve(struct buffer *buffer, size_t length);

/* The room at the end that there is without asking for more, as buffer_reserve(); may be none. */
char *buffer_spare(const struct buffer *buffer, size_t *ret_bytes);

/* Counts `length` bytes written into reserved room as content. */
void buffer_extend(struct buffer *buffer, size_t length);

/* false: over the maximum, or no memory; nothing was appended. */
MUST_USE bool buffer_append(struct buffer *buffer, struct text text);
MUST_USE bool buffer_append_byte(struct buffer *buffer, char byte);
MUST_USE bool buffer_format(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);

/* Drops the first `length` bytes. */
void buffer_consume(struct buffer *buffer, size_t length);

/* The content; borrowed until the buffer changes. */
static inline struct text buffer_text(const struct buffer *buffer)
{
    return (struct text){buffer->data, buffer->length};
}
