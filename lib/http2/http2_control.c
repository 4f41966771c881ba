/* Frames about the connection. They wait for the next filling, which writes them first. */
#include "http2/http2_session_private.h"

void http2_control_append(struct http2_session *session, enum http2_frame_type type, unsigned flags,
                          uint32_t stream_id, struct text payload)
{
    if (session->terminated) {
        return; /* GOAWAY is the last word */
    }
    char *room = buffer_reserve(&session->control, HTTP2_FRAME_HEAD_BYTES + payload.length);
    if (room == NULL) {
        session->is_broken = true; /* no memory, or a peer that asks and does not read */
        return;
    }
    http2_put_head((uint8_t *)room, (uint32_t)payload.length, type, flags, stream_id);
    if (payload.length > 0) {
        memcpy(room + HTTP2_FRAME_HEAD_BYTES, payload.data, payload.length);
    }
    buffer_extend(&session->control, HTTP2_FRAME_HEAD_BYTES + payload.length);
}

void http2_control_append_number(struct http2_session *session, enum http2_frame_type type,
                                 uint32_t stream_id, uint32_t number)
{
    uint8_t payload[4];
    http2_put_number(payload, number);
    http2_control_append(session, type, 0, stream_id, text_of_bytes(payload, sizeof(payload)));
}

enum { SETTING_BYTES = 6 };

static uint8_t *put_setting(uint8_t *to, enum http2_setting setting, uint32_t value)
{
    to[0] = 0;
    to[1] = (uint8_t)setting;
    http2_put_number(to + 2, value);
    return to + SETTING_BYTES;
}

void http2_control_begin(struct http2_session *session)
{
    enum { SETTINGS = 4, ROOM = 128 };
    const struct http2_session_options *options = &session->options;
    uint8_t *start = (uint8_t *)buffer_reserve(session->output, ROOM);
    uint8_t payload[SETTINGS * SETTING_BYTES];
    uint8_t *end = payload;
    if (start == NULL) {
        session->is_broken = true;
        return;
    }
    uint8_t *to = start;
    if (options->is_client) {
        memcpy(to, HTTP2_PREFACE, HTTP2_PREFACE_BYTES);
        to += HTTP2_PREFACE_BYTES;
        end = put_setting(end, HTTP2_SETTING_ENABLE_PUSH, 0);
    } else {
        end = put_setting(end, HTTP2_SETTING_MAX_CONCURRENT_STREAMS, options->streams_max);
        end = put_setting(end, HTTP2_SETTING_NO_RFC7540_PRIORITIES, 1);
    }
    end = put_setting(end, HTTP2_SETTING_INITIAL_WINDOW_SIZE, options->window_bytes);
    end = put_setting(end, HTTP2_SETTING_MAX_HEADER_LIST_SIZE, options->header_list_bytes_max);
    http2_put_head(to, (uint32_t)(end - payload), HTTP2_FRAME_SETTINGS, 0, 0);
    to += HTTP2_FRAME_HEAD_BYTES;
    memcpy(to, payload, (size_t)(end - payload));
    to += end - payload;
    if (options->connection_window_bytes > HTTP2_WINDOW_BYTES_DEFAULT) {
        http2_put_head(to, 4, HTTP2_FRAME_WINDOW_UPDATE, 0, 0);
        http2_put_number(to + HTTP2_FRAME_HEAD_BYTES,
                         options->connection_window_bytes - HTTP2_WINDOW_BYTES_DEFAULT);
        to += HTTP2_FRAME_HEAD_BYTES + 4;
    }
    buffer_extend(session->output, (size_t)(to - start));
    session->settings_unanswered++;
    session->has_begun = true;
}

void http2_session_consume(struct http2_session *session, uint32_t length)
{
    session->consumed += length;
    if (session->consumed >= session->options.connection_window_bytes / 2) {
        http2_control_append_number(session, HTTP2_FRAME_WINDOW_UPDATE, 0, session->consumed);
        session->receive_window += (int32_t)session->consumed;
        session->consumed = 0;
    }
}
