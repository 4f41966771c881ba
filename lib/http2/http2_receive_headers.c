/* HEADERS and CONTINUATION (RFC 9113 sections 4.3, 5.1, 6.2, 6.10, 8.1). */
#include "http2/http2_message.h"
#include "http2/http2_session_private.h"

static const char *const closed_reason = "HEADERS of a closed stream";

/* What a header block is for. */
struct block {
    struct http2_stream *stream; /* NULL: its fields are for nobody */
    uint32_t stream_id;
    bool is_last;
    struct http2_message message;
};

static bool refuse(struct http2_session *session, const struct block *block)
{
    http2_control_append_number(session, HTTP2_FRAME_RST_STREAM, block->stream_id,
                                HTTP2_REFUSED_STREAM);
    http2_session_charge(session, HTTP2_COST_STRIKE);
    return true;
}

/* A new stream of the client. false: the connection has failed. */
static bool open_stream(struct http2_session *session, struct block *block)
{
    http2_history_open(&session->history, block->stream_id);
    http2_budget_give(&session->budget, HTTP2_COST_CONTROL, HTTP2_CONTROLS_A_REQUEST);
    http2_message_begin(&block->message, HTTP2_MESSAGE_REQUEST);
    if (block->is_last) {
        http2_history_finish(&session->history, block->stream_id);
    }
    if (session->has_shut_down) {
        return true; /* section 6.8: ignored */
    }
    session->last_processed = block->stream_id;
    if (session->stream_count >= session->options.streams_max) {
        return refuse(session, block);
    }
    struct http2_stream *stream = session->options.events->opened(session);
    if (stream == NULL) {
        return refuse(session, block);
    }
    stream->id = block->stream_id;
    stream->remote_ended = block->is_last;
    http2_stream_place(session, stream);
    block->stream = stream;
    return true;
}

/* Another block of a stream that is there. */
static bool continue_stream(struct http2_session *session, struct block *block,
                            struct http2_stream *stream)
{
    const struct http2_session_events *events = session->options.events;
    if (stream->remote_ended) {
        http2_session_terminate(session, HTTP2_STREAM_CLOSED, closed_reason);
        return false;
    }
    http2_message_begin(&block->message,
                        stream->has_headers ? HTTP2_MESSAGE_TRAILERS : HTTP2_MESSAGE_RESPONSE);
    if (block->is_last) {
        http2_stream_end_remote(session, stream);
    }
    if (!stream->resetting) {
        block->stream = stream;
        if (events->block_begun != NULL) {
            events->block_begun(session, stream);
        }
    }
    return true;
}

/* A block of a stream that is gone: let pass if the peer may not have known. */
static bool check_gone(struct http2_session *session, struct block *block)
{
    http2_message_begin(&block->message, HTTP2_MESSAGE_TRAILERS);
    switch (http2_history_of(&session->history, block->stream_id)) {
    case HTTP2_PAST_NONE:
    case HTTP2_PAST_PASSED_OVER:
        http2_session_terminate(session, HTTP2_PROTOCOL_ERROR,
                                "HEADERS of a stream that is not open");
        return false;
    case HTTP2_PAST_FINISHED:
        http2_session_terminate(session, HTTP2_STREAM_CLOSED, closed_reason);
        return false;
    case HTTP2_PAST_OPENED:
        if (block->is_last) {
            http2_history_finish(&session->history, block->stream_id);
        }
        return true;
    case HTTP2_PAST_FORGOTTEN:
    default:
        return true;
    }
}

static bool begin_block(struct http2_session *session, struct block *block)
{
    if (!session->options.is_client && block->stream_id > session->history.highest) {
        return open_stream(session, block);
    }
    struct http2_stream *stream = http2_stream_find(session, block->stream_id);
    return stream != NULL ? continue_stream(session, block, stream) : check_gone(session, block);
}

/* Tells of the fields. false: the connection has failed. */
static bool take_fields(struct http2_session *session, struct block *block, struct text bytes)
{
    const uint8_t *at = (const uint8_t *)bytes.data;
    const uint8_t *end = at + bytes.length;
    struct http2_stream *stream = block->stream;
    struct hpack_field field;
    enum hpack_result result;
    size_t sum = 0;
    while ((result = hpack_decode(&session->decoder, &at, end, &field)) == HPACK_FIELD) {
        sum += field.name.length + field.value.length + HPACK_ENTRY_OVERHEAD_BYTES;
        if (sum > HTTP2_HEADER_BLOCK_BYTES_MAX) {
            http2_session_terminate(session, HTTP2_ENHANCE_YOUR_CALM,
                                    "a header block is too large");
            return false;
        }
        if (stream == NULL || stream->resetting) {
            continue;
        }
        if (http2_message_take(&block->message, &field)) {
            session->options.events->field(session, stream, &field);
        } else {
            http2_stream_reset(session, stream, HTTP2_PROTOCOL_ERROR);
        }
    }
    if (result != HPACK_END) {
        http2_session_terminate(
            session, result == HPACK_NO_MEMORY ? HTTP2_INTERNAL_ERROR : HTTP2_COMPRESSION_ERROR,
            hpack_result_name(result));
        return false;
    }
    return true;
}

static void end_block(struct http2_session *session, const struct block *block)
{
    struct http2_stream *stream = block->stream;
    enum http2_block kind = HTTP2_BLOCK_TRAILERS;
    if (stream == NULL || stream->resetting) {
        return;
    }
    bool is_valid = http2_message_end(&block->message, block->is_last);
    if (is_valid && !stream->has_headers) {
        if (http2_message_is_informational(&block->message)) {
            kind = HTTP2_BLOCK_INFORMATIONAL;
        } else {
            kind = HTTP2_BLOCK_HEADERS;
            stream->has_headers = true;
            bool has_body = http2_message_has_body(&block->message) && !stream->is_head;
            stream->length_left = has_body ? block->message.content_length : 0;
        }
    }
    if (!is_valid || (block->is_last && stream->length_left > 0)) {
        http2_stream_reset(session, stream, HTTP2_PROTOCOL_ERROR);
        return;
    }
    session->options.events->headers(session, stream, kind, block->is_last);
    http2_stream_close_if_over(session, stream);
}

static void take_block(struct http2_session *session, uint32_t stream_id, bool is_last,
                       struct text bytes)
{
    struct block block = {.stream = NULL, .stream_id = stream_id, .is_last = is_last};
    session->block_since_ns = 0;
    if (begin_block(session, &block) && take_fields(session, &block, bytes)) {
        end_block(session, &block);
    }
}

/* The part of the payload that is of the header block. false: there is none. */
static bool find_fragment(struct http2_session *session, const struct http2_frame_in *frame,
                          struct text *ret_fragment)
{
    enum { PRIORITY_BYTES = 5 };
    uint32_t from = 0;
    uint32_t padding = 0;
    if ((frame->flags & HTTP2_FLAG_PADDED) != 0) {
        padding = frame->length > 0 ? frame->payload[0] : 0;
        from = 1;
    }
    const uint8_t *priority = frame->payload + from;
    bool has_priority = (frame->flags & HTTP2_FLAG_PRIORITY) != 0;
    from += has_priority ? PRIORITY_BYTES : 0;
    if (from > frame->length) {
        http2_session_terminate(session, HTTP2_FRAME_SIZE_ERROR, "HEADERS is too short");
        return false;
    }
    if (padding > frame->length - from) {
        http2_session_terminate(session, HTTP2_PROTOCOL_ERROR, "more padding than payload");
        return false;
    }
    if (has_priority && (http2_number_at(priority) & HTTP2_STREAM_ID_MAX) == frame->stream_id) {
        http2_session_terminate(session, HTTP2_PROTOCOL_ERROR, "a stream depends on itself");
        return false;
    }
    *ret_fragment = text_of_bytes(frame->payload + from, frame->length - from - padding);
    return true;
}

void http2_receive_headers(struct http2_session *session, const struct http2_frame_in *frame)
{
    struct text fragment;
    bool is_last = (frame->flags & HTTP2_FLAG_END_STREAM) != 0;
    if (frame->stream_id % 2 == 0) {
        http2_session_terminate(session, HTTP2_PROTOCOL_ERROR,
                                "HEADERS of a stream that is not open");
        return;
    }
    if (!find_fragment(session, frame, &fragment)) {
        return;
    }
    if ((frame->flags & HTTP2_FLAG_END_HEADERS) != 0) {
        take_block(session, frame->stream_id, is_last, fragment);
        return;
    }
    session->block_stream_id = frame->stream_id;
    session->block_is_last = is_last;
    session->continuations = 0;
    session->is_broken |= !buffer_append(&session->block, fragment);
}

void http2_receive_continuation(struct http2_session *session, const struct http2_frame_in *frame)
{
    if (session->block_stream_id == 0) {
        http2_session_terminate(session, HTTP2_PROTOCOL_ERROR, "CONTINUATION of no header block");
        return;
    }
    if (++session->continuations > HTTP2_CONTINUATIONS_MAX) {
        http2_session_terminate(session, HTTP2_ENHANCE_YOUR_CALM, "a header block goes on and on");
        return;
    }
    if (!buffer_append(&session->block, text_of_bytes(frame->payload, frame->length))) {
        session->is_broken = true;
        return;
    }
    if ((frame->flags & HTTP2_FLAG_END_HEADERS) != 0) {
        uint32_t stream_id = session->block_stream_id;
        session->block_stream_id = 0;
        take_block(session, stream_id, session->block_is_last, buffer_text(&session->block));
        buffer_deinit(&session->block);
    }
}
