/* hpack_nghttp2_peer.h: nghttp2's HPACK beside ours: what one writes the other must read, and what
 * one refuses the other must refuse. */
#pragma once

#include <nghttp2/nghttp2.h>

#include "http2/hpack_decoder.h"

/* What was encoded. */
struct peer_list {
    const struct hpack_field *fields;
    size_t count;
};

/* Decodes a block by both and CHECKs that they agree: the same fields, which are the list's unless
 * that is NULL, or both an error. Returns ours: HPACK_END, or the error. */
enum hpack_result peer_decode_by_both(struct hpack_decoder *decoder, nghttp2_hd_inflater *inflater,
                                      struct text block, const struct peer_list *want);
