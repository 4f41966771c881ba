/* http2_nghttp2.h: what HTTP/2 servers and clients do alike: making a session, gathering its
 * frames, sending bodies without a copy in between. */
#pragma once

#include <nghttp2/nghttp2.h>

#include "base/buffer.h"
#include "http/http_output.h"
#include "http2/http2_session.h"

struct http2_memory;

enum {
    HTTP2_CLIENT_WINDOW_BYTES = 256 * 1024, /* of a reply's body that nobody has read */
};

/* A body on its way to the peer. */
struct http2_body {
    const char *data;
    size_t length;
    size_t sent;
};

static inline nghttp2_nv http2_field(struct text name, struct text value)
{
    return (nghttp2_nv){
        .name = (uint8_t *)(uintptr_t)name.data,
        .value = (uint8_t *)(uintptr_t)value.data,
        .namelen = name.length,
        .valuelen = value.length,
        .flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE,
    };
}

/* Appends frames to the output until HTTP2_GATHER_BYTES are there or the session has no more.
 * memory: the session's. false: the session is broken (no memory, or a callback failed). */
MUST_USE bool http2_gather(nghttp2_session *session, struct http2_memory *memory,
                           struct http_output *output);

/* For send_data callbacks: appends the frame head and `body` to the output.
 * false: no room: the session is broken. */
MUST_USE bool http2_append_data(struct http_output *output, const uint8_t *frame_head,
                                struct text body);

/* Options that hold for both sides. NULL: no memory. To be deleted by the caller. */
nghttp2_option *http2_options_create(void);
