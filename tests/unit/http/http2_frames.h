/* http2_frames.h: HTTP/2 frames by hand (RFC 9113 section 4, RFC 7541), over a raw peer. */
#pragma once

#include "unit/http/raw_peer.h"

enum {
    FRAME_DATA = 0,
    FRAME_HEADERS = 1,
    FRAME_PRIORITY = 2,
    FRAME_RST_STREAM = 3,
    FRAME_SETTINGS = 4,
    FRAME_PING = 6,
    FRAME_GOAWAY = 7,
    FRAME_WINDOW_UPDATE = 8,
    FRAME_CONTINUATION = 9,

    FLAG_END_STREAM = 1,
    FLAG_ACK = 1,
    FLAG_END_HEADERS = 4,
};

struct http2_frame {
    unsigned type;
    unsigned flags;
    uint32_t stream_id;
    struct text payload; /* borrowed until more is received */
};

/* The preface and empty SETTINGS. */
void http2_frames_open(struct raw_peer *peer);

void http2_frames_send(struct raw_peer *peer, unsigned type, unsigned flags, uint32_t stream_id,
                       struct text payload);

/* HEADERS with the pseudo headers and, unless NULL, one more header. */
void http2_frames_request(struct raw_peer *peer, uint32_t stream_id, const char *method,
                          const char *path, const char *name, const char *value, bool end);

/* A frame whose payload is one or two numbers of 32 bits: RST_STREAM, WINDOW_UPDATE. */
void http2_frames_send_number(struct raw_peer *peer, unsigned type, uint32_t stream_id,
                              uint32_t number);

/* Waits for the next frame behind *offset. false: the connection ended. */
bool http2_frames_next(struct raw_peer *peer, size_t *offset, struct http2_frame *ret_frame);

/* The next one of that type; the others are passed over. */
bool http2_frames_find(struct raw_peer *peer, size_t *offset, unsigned type,
                       struct http2_frame *ret_frame);

/* The number of 32 bits at the offset. */
uint32_t http2_frames_number(const struct http2_frame *frame, size_t offset);
