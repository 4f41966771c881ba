/* http2_history.h: which streams of a connection there have been, so that a frame of one that is
 * gone can be told: it is an error, or was under way when we closed the stream (RFC 9113 sections
 * 5.1, 5.1.1). Looks back HTTP2_HISTORY_STREAMS streams of the side that opens them, the client. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    HTTP2_HISTORY_STREAMS = 512,
    HTTP2_HISTORY_WORDS = HTTP2_HISTORY_STREAMS / 64,
};

/* All zero: there has been none. */
struct http2_history {
    uint32_t highest; /* read only: the last stream opened; 0: none was */
    /* private: by stream */
    uint64_t opened[HTTP2_HISTORY_WORDS];
    uint64_t finished[HTTP2_HISTORY_WORDS];
};

enum http2_past {
    HTTP2_PAST_NONE,        /* idle: not opened yet, or of the side that opens none */
    HTTP2_PAST_PASSED_OVER, /* never opened, and a later one was */
    HTTP2_PAST_OPENED,      /* the peer has not said that it is finished with it */
    HTTP2_PAST_FINISHED,    /* it has, by END_STREAM or RST_STREAM: nothing may come */
    HTTP2_PAST_FORGOTTEN,   /* longer ago than is remembered */
};

/* What is known of a stream, also of one that is there still. */
enum http2_past http2_history_of(const struct http2_history *history, uint32_t stream_id);

/* A stream is opened: of odd number, and above the highest. */
void http2_history_open(struct http2_history *history, uint32_t stream_id);

/* The peer has finished with a stream; what is forgotten is left so. */
void http2_history_finish(struct http2_history *history, uint32_t stream_id);
