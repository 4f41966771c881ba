/* byte_source.h: where the readers of files take their bytes from.
 *
 * Reading blocks the loop's thread: in this program there is nobody else on it but calls in flight,
 * whose answers wait. */
#pragma once

#include <stdio.h>

#include "base/call.h"

struct buffer;

struct byte_source {
    /* Reads up to `size` bytes; *ret_length is 0 only at the end. STATUS_UNAVAILABLE: it cannot be
     * read; the call's error says why. */
    enum status (*read)(void *state, struct call *call, char *buffer, size_t size,
                        size_t *ret_length);
    void *state;
};

/* Appends all that is left. STATUS_RESOURCE_EXHAUSTED: over the buffer's maximum. */
MUST_USE enum status byte_source_read_all(struct byte_source source, struct call *call,
                                          struct buffer *buffer);

struct text_source {
    struct text rest;
};

/* The text's bytes, borrowed. *source outlives what is returned. */
struct byte_source text_source_init(struct text_source *source, struct text text);

struct file_source {
    FILE *file;
    const char *name; /* as in messages */
    uint64_t size;    /* in bytes; 0: not known */
    uint64_t done;    /* read so far */
    uint64_t end;     /* reading ends here; UINT64_MAX: at the file's end */
};

/* "-" is standard input. STATUS_NOT_FOUND: it cannot be opened; the call's error says why.
 * path: ends in NUL, borrowed until file_source_close(). */
MUST_USE enum status file_source_open(struct call *call, const char *path,
                                      struct file_source *ret_source);
void file_source_close(struct file_source *source);

/* Has reading go from one byte to another, exclusive. STATUS_UNAVAILABLE: it cannot be done with
 * this file; the call's error says why. */
MUST_USE enum status file_source_limit(struct file_source *source, struct call *call, uint64_t from,
                                       uint64_t end);
struct byte_source file_source_bytes(struct file_source *source);

/* Opens, reads and closes a file. Statuses of both. */
MUST_USE enum status file_source_read_all(struct call *call, const char *path,
                                          struct buffer *buffer);
