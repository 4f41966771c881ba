#include "http2/http2_session_private.h"

#include <stdlib.h>

enum { PARTIAL_BYTES_MAX = HTTP2_FRAME_HEAD_BYTES + HTTP2_FRAME_BYTES_MAX };

void http2_session_init(struct http2_session *session, const struct http2_session_options *options)
{
    CHECK(options->window_bytes >= HTTP2_WINDOW_BYTES_DEFAULT);
    CHECK(options->connection_window_bytes >= HTTP2_WINDOW_BYTES_DEFAULT);
    CHECK(options->window_bytes <= HTTP2_WINDOW_BYTES_MAX);
    CHECK(options->connection_window_bytes <= HTTP2_WINDOW_BYTES_MAX);
    *session = (struct http2_session){
        .failure_reason = "",
        .options = *options,
        .peer_streams_max = HTTP2_STREAMS_MAX_UNTOLD,
        .next_id = 1,
        .preface_left = options->is_client ? 0 : HTTP2_PREFACE_BYTES,
        .receive_window = (int32_t)options->connection_window_bytes,
        .send_window = HTTP2_WINDOW_BYTES_DEFAULT,
        .peer_initial_window = HTTP2_WINDOW_BYTES_DEFAULT,
        .place_mask = HTTP2_SESSION_PLACES - 1,
    };
    session->places = session->first_places;
    list_init(&session->turns);
    list_init(&session->starved);
    hpack_decoder_init(&session->decoder, HPACK_TABLE_BYTES_DEFAULT);
    hpack_encoder_init(&session->encoder);
    buffer_init(&session->partial, PARTIAL_BYTES_MAX);
    buffer_init(&session->block, (HTTP2_CONTINUATIONS_MAX + 1) * (size_t)HTTP2_FRAME_BYTES_MAX);
    buffer_init(&session->control, HTTP2_CONTROL_BYTES_MAX);
}

void http2_session_deinit(struct http2_session *session)
{
    hpack_decoder_deinit(&session->decoder);
    hpack_encoder_deinit(&session->encoder);
    buffer_deinit(&session->partial);
    buffer_deinit(&session->block);
    buffer_deinit(&session->control);
    if (session->places != session->first_places) {
        free(session->places);
    }
    session->places = NULL;
}

bool http2_session_wants_write(const struct http2_session *session)
{
    return !session->has_begun || session->control.length > 0 ||
           (!session->terminated && !list_is_empty(&session->turns));
}

bool http2_session_is_over(const struct http2_session *session)
{
    return session->terminated ||
           (session->stream_count == 0 && (session->has_shut_down || session->has_peer_goaway));
}

bool http2_session_can_open(const struct http2_session *session)
{
    return session->options.is_client && !session->terminated && !session->has_shut_down &&
           !session->has_peer_goaway &&
           session->next_id + 2 * (uint64_t)session->unsent <= HTTP2_STREAM_ID_MAX;
}

void http2_session_ping(struct http2_session *session, const uint8_t *opaque)
{
    http2_control_append(session, HTTP2_FRAME_PING, 0, 0, text_of_bytes(opaque, HTTP2_PING_BYTES));
}

static void append_goaway(struct http2_session *session, uint32_t last_stream_id,
                          uint32_t error_code, struct text reason)
{
    enum { NUMBERS_BYTES = 8 };
    uint8_t payload[NUMBERS_BYTES + HTTP2_SHUTDOWN_REASON_BYTES_MAX];
    reason = text_slice(reason, 0, HTTP2_SHUTDOWN_REASON_BYTES_MAX);
    http2_put_number(payload, last_stream_id);
    http2_put_number(payload + 4, error_code);
    if (reason.length > 0) {
        memcpy(payload + NUMBERS_BYTES, reason.data, reason.length);
    }
    http2_control_append(session, HTTP2_FRAME_GOAWAY, 0, 0,
                         text_of_bytes(payload, NUMBERS_BYTES + reason.length));
}

void http2_session_announce_shutdown(struct http2_session *session)
{
    append_goaway(session, HTTP2_STREAM_ID_MAX, HTTP2_NO_ERROR, (struct text){NULL, 0});
}

void http2_session_shut_down(struct http2_session *session, uint32_t error_code, struct text reason)
{
    session->has_shut_down = true;
    append_goaway(session, session->last_processed, error_code, reason);
}

void http2_session_terminate(struct http2_session *session, uint32_t error_code, const char *reason)
{
    if (session->terminated) {
        return;
    }
    if (error_code != HTTP2_NO_ERROR) {
        session->failure = error_code;
        session->failure_reason = reason;
    }
    append_goaway(session, session->last_processed, error_code, text_of(reason));
    session->terminated = true;
}

void http2_session_charge(struct http2_session *session, enum http2_cost cost)
{
    if (!session->options.is_client &&
        !http2_budget_take(&session->budget, cost, session->now_ns)) {
        http2_session_terminate(session, HTTP2_ENHANCE_YOUR_CALM, "too much was asked in vain");
    }
}
