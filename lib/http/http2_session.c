#include "http/http2_session.h"

#include "base/clock.h"

enum { FRAME_HEAD_BYTES = 9 };

bool http2_gather(nghttp2_session *session, struct http_output *output)
{
    while (output->bytes.length < HTTP2_GATHER_BYTES) {
        const uint8_t *data;
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
    nghttp2_option_set_stream_reset_rate_limit(option, HTTP2_RESETS_MAX, HTTP2_RESETS_A_SECOND);
    return option;
}

void http2_strikes_init(struct http2_strikes *strikes, int64_t now_ns)
{
    *strikes = (struct http2_strikes){.refilled_ns = now_ns, .left = HTTP2_STRIKES_MAX};
}

bool http2_strikes_take(struct http2_strikes *strikes, int64_t now_ns)
{
    int64_t earned = (now_ns - strikes->refilled_ns) * HTTP2_STRIKES_A_SECOND / CLOCK_NS_PER_S;
    if (earned > 0) {
        strikes->refilled_ns = now_ns;
        strikes->left += earned;
        if (strikes->left > HTTP2_STRIKES_MAX) {
            strikes->left = HTTP2_STRIKES_MAX;
        }
    }
    strikes->left--;
    return strikes->left >= 0;
}
