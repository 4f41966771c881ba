/* http1_chunked.h: the chunked transfer coding of a request's body (RFC 9112 section 7.1),
 * strictly. Extensions and trailers are checked for their shape and dropped. */
#pragma once

#include <stdint.h>

#include "base/text.h"

enum { HTTP1_CHUNK_LINE_BYTES_MAX = 256 }; /* of a size with its extensions */

enum http1_chunk_state {
    HTTP1_CHUNK_SIZE,
    HTTP1_CHUNK_EXTENSION,
    HTTP1_CHUNK_SIZE_END,
    HTTP1_CHUNK_DATA,
    HTTP1_CHUNK_DATA_RETURN,
    HTTP1_CHUNK_DATA_END,
    HTTP1_CHUNK_TRAILER_START,
    HTTP1_CHUNK_TRAILER_NAME,
    HTTP1_CHUNK_TRAILER_VALUE,
    HTTP1_CHUNK_TRAILER_END,
    HTTP1_CHUNK_LAST_END,
    HTTP1_CHUNK_DONE,
    HTTP1_CHUNK_BROKEN,
};

/* Zero at the start of a body. */
struct http1_chunked {
    enum http1_chunk_state state; /* read only */
    /* private */
    uint64_t left;     /* of the chunk */
    unsigned digits;   /* of its size */
    size_t line_bytes; /* of the size's line */
    size_t trailer_bytes;
};

/* Takes from `bytes` up to the end of a part of a chunk, or up to the end of what is there. Returns
 * how many bytes it took; *ret_part is what they hold of the body, within `bytes`, maybe empty.
 * Returns 0 when the state is DONE or BROKEN. */
size_t http1_chunked_take(struct http1_chunked *chunked, struct text bytes, struct text *ret_part);
