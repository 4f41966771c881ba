/* http2_wire.h: what HTTP/2 looks like on the wire: frame types, flags, error codes, settings and
 * sizes, by the names and numbers of RFC 9113. */
#pragma once

#include <stdint.h>

enum {
    HTTP2_FRAME_HEAD_BYTES = 9, /* section 4.1 */
    /* Payload of a frame, in both directions: SETTINGS_MAX_FRAME_SIZE is neither raised nor made
     * use of, so that streams take short turns. */
    HTTP2_FRAME_BYTES_MAX = 16384,
    HTTP2_WINDOW_BYTES_DEFAULT = 65535, /* section 6.9.2 */
    HTTP2_WINDOW_BYTES_MAX = INT32_MAX, /* section 6.9.1 */
    HTTP2_STREAM_ID_MAX = INT32_MAX,
    HTTP2_PING_BYTES = 8,
};

/* What a client begins with (section 3.4), without a NUL. */
#define HTTP2_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
enum { HTTP2_PREFACE_BYTES = sizeof(HTTP2_PREFACE) - 1 };

/* Section 6. */
enum http2_frame_type {
    HTTP2_FRAME_DATA = 0x0,
    HTTP2_FRAME_HEADERS = 0x1,
    HTTP2_FRAME_PRIORITY = 0x2,
    HTTP2_FRAME_RST_STREAM = 0x3,
    HTTP2_FRAME_SETTINGS = 0x4,
    HTTP2_FRAME_PUSH_PROMISE = 0x5,
    HTTP2_FRAME_PING = 0x6,
    HTTP2_FRAME_GOAWAY = 0x7,
    HTTP2_FRAME_WINDOW_UPDATE = 0x8,
    HTTP2_FRAME_CONTINUATION = 0x9,
};

enum {
    HTTP2_FLAG_END_STREAM = 0x1,
    HTTP2_FLAG_ACK = 0x1,
    HTTP2_FLAG_END_HEADERS = 0x4,
    HTTP2_FLAG_PADDED = 0x8,
    HTTP2_FLAG_PRIORITY = 0x20,
};

/* Section 7. Codes of a peer may be others. */
enum http2_error {
    HTTP2_NO_ERROR = 0x0,
    HTTP2_PROTOCOL_ERROR = 0x1,
    HTTP2_INTERNAL_ERROR = 0x2,
    HTTP2_FLOW_CONTROL_ERROR = 0x3,
    HTTP2_SETTINGS_TIMEOUT = 0x4,
    HTTP2_STREAM_CLOSED = 0x5,
    HTTP2_FRAME_SIZE_ERROR = 0x6,
    HTTP2_REFUSED_STREAM = 0x7,
    HTTP2_CANCEL = 0x8,
    HTTP2_COMPRESSION_ERROR = 0x9,
    HTTP2_CONNECT_ERROR = 0xa,
    HTTP2_ENHANCE_YOUR_CALM = 0xb,
    HTTP2_INADEQUATE_SECURITY = 0xc,
    HTTP2_HTTP_1_1_REQUIRED = 0xd,
};

/* Section 6.5.2; the last two of RFC 8441 and RFC 9218. */
enum http2_setting {
    HTTP2_SETTING_HEADER_TABLE_SIZE = 0x1,
    HTTP2_SETTING_ENABLE_PUSH = 0x2,
    HTTP2_SETTING_MAX_CONCURRENT_STREAMS = 0x3,
    HTTP2_SETTING_INITIAL_WINDOW_SIZE = 0x4,
    HTTP2_SETTING_MAX_FRAME_SIZE = 0x5,
    HTTP2_SETTING_MAX_HEADER_LIST_SIZE = 0x6,
    HTTP2_SETTING_ENABLE_CONNECT_PROTOCOL = 0x8,
    HTTP2_SETTING_NO_RFC7540_PRIORITIES = 0x9,
};

/* Big-endian numbers, as all are. */
static inline uint32_t http2_number_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static inline void http2_put_number(uint8_t *bytes, uint32_t number)
{
    bytes[0] = (uint8_t)(number >> 24);
    bytes[1] = (uint8_t)(number >> 16);
    bytes[2] = (uint8_t)(number >> 8);
    bytes[3] = (uint8_t)number;
}

/* The nine bytes before a payload. */
static inline void http2_put_head(uint8_t *bytes, uint32_t length, enum http2_frame_type type,
                                  unsigned flags, uint32_t stream_id)
{
    http2_put_number(bytes, length << 8 | type);
    bytes[4] = (uint8_t)flags;
    http2_put_number(bytes + 5, stream_id);
}
