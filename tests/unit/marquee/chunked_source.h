/* chunked_source.h: a text that is read a few bytes at a time, and may fail at its end: what a
 * reader makes of it must not depend on where the chunks end. */
#pragma once

#include "marquee/byte_source.h"

struct chunked_source {
    struct text rest;
    size_t chunk_bytes;
    bool fails; /* at the end, instead of ending */
};

static inline enum status chunked_source_read(void *state, struct call *call, char *buffer,
                                              size_t size, size_t *ret_length)
{
    struct chunked_source *source = state;
    size_t length =
        source->rest.length < source->chunk_bytes ? source->rest.length : source->chunk_bytes;
    length = length < size ? length : size;
    if (length == 0 && source->fails) {
        return call_fail(call, STATUS_UNAVAILABLE, "the disk is on fire");
    }
    if (length > 0) {
        memcpy(buffer, source->rest.data, length);
    }
    source->rest = text_slice(source->rest, length, source->rest.length);
    *ret_length = length;
    return STATUS_OK;
}

static inline struct byte_source chunked_source_bytes(struct chunked_source *source)
{
    return (struct byte_source){chunked_source_read, source};
}
