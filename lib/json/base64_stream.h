/* base64_stream.h: base64 that comes in parts, decoded as it comes. Padding may stand anywhere
 * between groups of four, not only at the end: several texts one after the other are one. */
#pragma once

#include "json/base64.h"

/* Starts zeroed. */
struct base64_stream {
    /* private */
    unsigned bits;
    unsigned digits;  /* of the group at hand */
    unsigned padding; /* of the group at hand */
};

/* Decodes the text, or as much as there is room for: *text is moved behind it. *ret_length bytes,
 * at most `size` (at least 1), are written, and may be none.
 * false: not base64; nothing more can be decoded. */
MUST_USE bool base64_stream_decode(struct base64_stream *stream, struct text *text, char *bytes,
                                   size_t size, size_t *ret_length);

/* Whether the text may end here: behind a group, or within one that lacks only its padding. */
bool base64_stream_may_end(const struct base64_stream *stream);
