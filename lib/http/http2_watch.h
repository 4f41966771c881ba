/* http2_watch.h: looks over what a client sends, frame by frame, for what nghttp2 lets pass: frames
 * of streams that the client has ended, reset or passed over (RFC 9113 sections 5.1, 5.1.1), and
 * PRIORITY of the connection or of a stream upon itself (sections 6.3; RFC 7540 section 5.3.1).
 * A client knows what it has sent, so none of this can happen to an honest one, whatever is under
 * way from us.
 *
 * And for floods: it charges the peer's budget for frames that do nothing for a request
 * (http2_budget.h), and counts the CONTINUATIONs of a header block (CVE-2024-28182). */
#pragma once

#include "http2/http2_session.h"

enum {
    /* How far back it remembers, in streams: frames of older ones are let pass. */
    HTTP2_WATCH_STREAMS = 512,
    HTTP2_WATCH_WORDS = HTTP2_WATCH_STREAMS / 64,
    HTTP2_WATCH_HEAD_BYTES = 13, /* a frame's head and the first number of its payload */
};

struct http2_watch {
    /* private */
    struct http2_budget *budget; /* borrowed */
    unsigned continuations;      /* of the header block that came last */
    uint64_t skip;               /* bytes until the next frame */
    unsigned head_length;
    unsigned char head[HTTP2_WATCH_HEAD_BYTES]; /* as far as it has come */
    int32_t highest;                            /* stream opened; 0: none */
    uint64_t opened[HTTP2_WATCH_WORDS];
    uint64_t finished[HTTP2_WATCH_WORDS]; /* by END_STREAM or RST_STREAM */
};

/* For a connection from its preface on. */
void http2_watch_init(struct http2_watch *watch, struct http2_budget *budget);

/* The next bytes of the connection. 0, or the HTTP/2 error code to end the connection with;
 * *ret_length is how many bytes come before the frame that is to blame. After that it must not be
 * called again. */
uint32_t http2_watch_bytes(struct http2_watch *watch, struct text bytes, int64_t now_ns,
                           size_t *ret_length);
