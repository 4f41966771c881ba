/* Frames that carry no message (RFC 9113 sections 6.3 to 6.9). */
#include "http2/http2_session_private.h"

static void fail_size(struct http2_session *session)
{
    http2_session_terminate(session, HTTP2_FRAME_SIZE_ERROR,
                            "a frame has not the length of its type");
}

static void fail_stream_number(struct http2_session *session)
{
    http2_session_terminate(session, HTTP2_PROTOCOL_ERROR,
                            "a frame is not of a stream it may be of");
}

/* Section 5.3.2: the signal itself is ignored. */
static void take_priority(struct http2_session *session, const struct http2_frame_in *frame)
{
    enum { PRIORITY_BYTES = 5 };
    if (frame->length != PRIORITY_BYTES) {
        fail_size(session);
    } else if (frame->stream_id == 0) {
        fail_stream_number(session);
    } else if ((http2_number_at(frame->payload) & HTTP2_STREAM_ID_MAX) == frame->stream_id) {
        http2_session_terminate(session, HTTP2_PROTOCOL_ERROR, "a stream depends on itself");
    } else {
        http2_session_charge(session, HTTP2_COST_CONTROL);
    }
}

/* Whether the frame's stream was opened, now or earlier; if not, the connection has failed. */
static bool check_opened(struct http2_session *session, const struct http2_frame_in *frame)
{
    if (http2_history_of(&session->history, frame->stream_id) == HTTP2_PAST_NONE) {
        http2_session_terminate(session, HTTP2_PROTOCOL_ERROR, "a frame of an idle stream");
        return false;
    }
    return true;
}

static void take_reset(struct http2_session *session, const struct http2_frame_in *frame)
{
    if (frame->length != 4) {
        fail_size(session);
        return;
    }
    if (frame->stream_id == 0) {
        fail_stream_number(session);
        return;
    }
    if (!check_opened(session, frame)) {
        return;
    }
    http2_history_finish(&session->history, frame->stream_id);
    struct http2_stream *stream = http2_stream_find(session, frame->stream_id);
    if (stream != NULL) {
        http2_stream_close(session, stream, http2_number_at(frame->payload));
    }
    http2_session_charge(session, HTTP2_COST_RESET);
}

/* A stream whose window is open again wants a turn; which has nothing to send finds out then. */
static void wake_stream(struct http2_session *session, struct http2_stream *stream)
{
    if (!stream->local_ended && stream->send_window > 0) {
        http2_stream_wake(session, stream);
    }
}

static void set_initial_window(struct http2_session *session, uint32_t value)
{
    int64_t change = (int64_t)value - session->peer_initial_window;
    session->peer_initial_window = (int32_t)value;
    for (uint32_t i = 0; i <= session->place_mask; i++) {
        for (struct http2_stream *stream = session->places[i]; stream != NULL;
             stream = stream->next) {
            int64_t window = stream->send_window + change;
            if (window > HTTP2_WINDOW_BYTES_MAX) {
                http2_session_terminate(session, HTTP2_FLOW_CONTROL_ERROR, "a window is too large");
                return;
            }
            stream->send_window = (int32_t)window;
            if (change > 0) {
                wake_stream(session, stream);
            }
        }
    }
}

static void take_setting(struct http2_session *session, uint32_t setting, uint32_t value)
{
    enum { FRAME_SIZE_MAX = (1 << 24) - 1 };
    const char *reason = NULL;
    switch (setting) {
    case HTTP2_SETTING_HEADER_TABLE_SIZE:
        hpack_encoder_set_table_bytes_max(&session->encoder, value);
        break;
    case HTTP2_SETTING_ENABLE_PUSH:
        /* A server may not send 1 (section 6.5.2). */
        reason = value > (session->options.is_client ? 0U : 1U) ? "ENABLE_PUSH" : NULL;
        break;
    case HTTP2_SETTING_MAX_CONCURRENT_STREAMS:
        session->peer_streams_max = value;
        break;
    case HTTP2_SETTING_INITIAL_WINDOW_SIZE:
        if (value > HTTP2_WINDOW_BYTES_MAX) {
            http2_session_terminate(session, HTTP2_FLOW_CONTROL_ERROR, "INITIAL_WINDOW_SIZE");
            return;
        }
        set_initial_window(session, value);
        break;
    case HTTP2_SETTING_MAX_FRAME_SIZE:
        reason = value < HTTP2_FRAME_BYTES_MAX || value > FRAME_SIZE_MAX ? "MAX_FRAME_SIZE" : NULL;
        break;
    case HTTP2_SETTING_ENABLE_CONNECT_PROTOCOL:
        reason = value > 1 ? "ENABLE_CONNECT_PROTOCOL" : NULL;
        break;
    case HTTP2_SETTING_NO_RFC7540_PRIORITIES:
        reason = value > 1 ? "NO_RFC7540_PRIORITIES" : NULL;
        break;
    default: /* section 6.5.2: unknown ones are ignored */
        break;
    }
    if (reason != NULL) {
        http2_session_terminate(session, HTTP2_PROTOCOL_ERROR, reason);
    }
}

static void take_settings(struct http2_session *session, const struct http2_frame_in *frame)
{
    enum { ENTRY_BYTES = 6 };
    bool is_answer = (frame->flags & HTTP2_FLAG_ACK) != 0;
    if (frame->stream_id != 0) {
        fail_stream_number(session);
        return;
    }
    if (frame->length % ENTRY_BYTES != 0 || (is_answer && frame->length > 0)) {
        fail_size(session);
        return;
    }
    http2_session_charge(session, HTTP2_COST_CONTROL);
    if (is_answer) {
        if (session->settings_unanswered == 0) {
            http2_session_terminate(session, HTTP2_PROTOCOL_ERROR, "SETTINGS were not asked for");
            return;
        }
        session->settings_unanswered--;
        return;
    }
    if (frame->length > HTTP2_SETTINGS_ENTRIES_MAX * ENTRY_BYTES) {
        http2_session_terminate(session, HTTP2_ENHANCE_YOUR_CALM, "too many SETTINGS at once");
        return;
    }
    if (!session->settled) {
        session->settled = true;
        session->peer_streams_max = UINT32_MAX;
    }
    for (uint32_t i = 0; i < frame->length && !session->terminated; i += ENTRY_BYTES) {
        const uint8_t *entry = frame->payload + i;
        take_setting(session, (uint32_t)entry[0] << 8 | entry[1], http2_number_at(entry + 2));
    }
    http2_control_append(session, HTTP2_FRAME_SETTINGS, HTTP2_FLAG_ACK, 0, (struct text){NULL, 0});
    if (session->options.events->settings != NULL && !session->terminated) {
        session->options.events->settings(session);
    }
}

static void take_ping(struct http2_session *session, const struct http2_frame_in *frame)
{
    bool is_answer = (frame->flags & HTTP2_FLAG_ACK) != 0;
    if (frame->stream_id != 0) {
        fail_stream_number(session);
        return;
    }
    if (frame->length != HTTP2_PING_BYTES) {
        fail_size(session);
        return;
    }
    http2_session_charge(session, HTTP2_COST_CONTROL);
    if (!is_answer) {
        http2_control_append(session, HTTP2_FRAME_PING, HTTP2_FLAG_ACK, 0,
                             text_of_bytes(frame->payload, HTTP2_PING_BYTES));
    }
    if (session->options.events->ping != NULL && !session->terminated) {
        session->options.events->ping(session, frame->payload, is_answer);
    }
}

static struct http2_stream *find_unprocessed(const struct http2_session *session)
{
    for (uint32_t i = 0; i <= session->place_mask; i++) {
        struct http2_stream *stream = session->places[i];
        while (stream != NULL && stream->id <= session->peer_last_stream_id) {
            stream = stream->next;
        }
        if (stream != NULL) {
            return stream;
        }
    }
    return NULL;
}

/* Closes streams that the peer says it has not looked at. Who is told may let go of others. */
static void close_unprocessed(struct http2_session *session)
{
    struct http2_stream *stream;
    while ((stream = find_unprocessed(session)) != NULL) {
        http2_stream_close(session, stream, HTTP2_REFUSED_STREAM);
    }
}

static void take_goaway(struct http2_session *session, const struct http2_frame_in *frame)
{
    enum { NUMBERS_BYTES = 8 };
    if (frame->stream_id != 0) {
        fail_stream_number(session);
        return;
    }
    if (frame->length < NUMBERS_BYTES) {
        fail_size(session);
        return;
    }
    uint32_t last_stream_id = http2_number_at(frame->payload) & HTTP2_STREAM_ID_MAX;
    http2_session_charge(session, HTTP2_COST_CONTROL);
    if (session->has_peer_goaway && last_stream_id > session->peer_last_stream_id) {
        http2_session_terminate(session, HTTP2_PROTOCOL_ERROR,
                                "GOAWAY of more streams than before");
        return;
    }
    session->has_peer_goaway = true;
    session->peer_last_stream_id = last_stream_id;
    if (session->options.events->goaway != NULL) {
        struct text debug =
            text_of_bytes(frame->payload + NUMBERS_BYTES, frame->length - NUMBERS_BYTES);
        session->options.events->goaway(session, http2_number_at(frame->payload + 4), debug);
    }
    if (session->options.is_client) {
        close_unprocessed(session);
    }
}

static void open_connection_window(struct http2_session *session, uint32_t step)
{
    if ((int64_t)session->send_window + step > HTTP2_WINDOW_BYTES_MAX) {
        http2_session_terminate(session, HTTP2_FLOW_CONTROL_ERROR, "a window is too large");
        return;
    }
    session->send_window += (int32_t)step;
    if (session->send_window > 0) {
        http2_session_unstarve(session);
    }
}

static void open_stream_window(struct http2_session *session, struct http2_stream *stream,
                               uint32_t step)
{
    if (stream->resetting) {
        return;
    }
    if (step == 0) {
        http2_stream_reset(session, stream, HTTP2_PROTOCOL_ERROR);
    } else if ((int64_t)stream->send_window + step > HTTP2_WINDOW_BYTES_MAX) {
        http2_stream_reset(session, stream, HTTP2_FLOW_CONTROL_ERROR);
    } else {
        stream->send_window += (int32_t)step;
        wake_stream(session, stream);
    }
}

static void take_window_update(struct http2_session *session, const struct http2_frame_in *frame)
{
    if (frame->length != 4) {
        fail_size(session);
        return;
    }
    uint32_t step = http2_number_at(frame->payload) & HTTP2_WINDOW_BYTES_MAX;
    if (step < HTTP2_WINDOW_STEP_MIN) {
        http2_session_charge(session, HTTP2_COST_CONTROL);
    }
    if (frame->stream_id == 0) {
        if (step == 0) {
            http2_session_terminate(session, HTTP2_PROTOCOL_ERROR, "a window opened by nothing");
            return;
        }
        open_connection_window(session, step);
        return;
    }
    if (check_opened(session, frame)) {
        struct http2_stream *stream = http2_stream_find(session, frame->stream_id);
        if (stream != NULL) {
            open_stream_window(session, stream, step);
        }
    }
}

void http2_receive_control(struct http2_session *session, const struct http2_frame_in *frame)
{
    switch (frame->type) {
    case HTTP2_FRAME_PRIORITY:
        take_priority(session, frame);
        break;
    case HTTP2_FRAME_RST_STREAM:
        take_reset(session, frame);
        break;
    case HTTP2_FRAME_SETTINGS:
        take_settings(session, frame);
        break;
    case HTTP2_FRAME_PING:
        take_ping(session, frame);
        break;
    case HTTP2_FRAME_GOAWAY:
        take_goaway(session, frame);
        break;
    case HTTP2_FRAME_WINDOW_UPDATE:
        take_window_update(session, frame);
        break;
    default: /* section 8.4: no client may push, and ours has switched it off */
        http2_session_terminate(session, HTTP2_PROTOCOL_ERROR, "PUSH_PROMISE");
        break;
    }
}
