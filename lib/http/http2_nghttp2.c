#include "http/http2_nghttp2.h"

#include "http/http2_memory.h"

enum { FRAME_HEAD_BYTES = 9 };

bool http2_gather(nghttp2_session *session, struct http2_memory *memory, struct http_output *output)
{
    while (output->bytes.length < HTTP2_GATHER_BYTES) {
        const uint8_t *data;
        if (!http2_memory_reserve(memory)) {
            return false;
        }
        ssize_t length = nghttp2_session_mem_send(session, &data);
        if (length <= 0) {
            return length == 0;
        }
        if (!buffer_append(&output->bytes, text_of_bytes(data, (size_t)length))) {
            return false;
        }
    }
    return true;
}

bool http2_append_data(struct http_output *output, const uint8_t *frame_head, struct text body)
{
    char *room = buffer_reserve(&output->bytes, FRAME_HEAD_BYTES + body.length);
    if (room == NULL) {
        return false;
    }
    memcpy(room, frame_head, FRAME_HEAD_BYTES);
    if (body.length > 0) {
        memcpy(room + FRAME_HEAD_BYTES, body.data, body.length);
    }
    buffer_extend(&output->bytes, FRAME_HEAD_BYTES + body.length);
    return true;
}

nghttp2_option *http2_options_create(void)
{
    nghttp2_option *option;
    if (nghttp2_option_new(&option) != 0) {
        return NULL;
    }
    nghttp2_option_set_no_closed_streams(option, 1);
    nghttp2_option_set_no_auto_window_update(option, 1);
    /* gRPC lets metadata values begin and end in spaces. */
    nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(option, 1);
    /* Its own limit would hit clients that cancel often; ours is http2_budget.h. */
    nghttp2_option_set_stream_reset_rate_limit(option, UINT64_MAX, UINT64_MAX);
    return option;
}
