/* Cuts the input into frames. Frames are looked at where they lie; only one whose end has not come
 * is kept, and of DATA, not even that. */
#include "http2/http2_session_private.h"

/* What comes is not looked at any more. */
static bool is_deaf(const struct http2_session *session)
{
    return session->terminated || session->is_broken;
}

static const uint8_t *take_preface(struct http2_session *session, const uint8_t *at,
                                   const uint8_t *end)
{
    static const char preface[] = HTTP2_PREFACE;
    size_t length = session->preface_left;
    if (length > (size_t)(end - at)) {
        length = (size_t)(end - at);
    }
    if (memcmp(at, preface + HTTP2_PREFACE_BYTES - session->preface_left, length) != 0) {
        http2_session_terminate(session, HTTP2_PROTOCOL_ERROR, "the preface is not HTTP/2's");
    }
    session->preface_left -= (unsigned)length;
    return at + length;
}

/* Whether a frame may come now, by its head. */
static bool check_head(struct http2_session *session, const struct http2_frame_in *frame)
{
    const char *reason = NULL;
    uint32_t error_code = HTTP2_PROTOCOL_ERROR;
    if (frame->length > HTTP2_FRAME_BYTES_MAX) {
        error_code = HTTP2_FRAME_SIZE_ERROR;
        reason = "a frame is too long";
    } else if (session->block_stream_id != 0 && (frame->type != HTTP2_FRAME_CONTINUATION ||
                                                 frame->stream_id != session->block_stream_id)) {
        reason = "a header block is not continued";
    } else if (!session->settled &&
               (frame->type != HTTP2_FRAME_SETTINGS || (frame->flags & HTTP2_FLAG_ACK) != 0)) {
        reason = "SETTINGS do not come first";
    }
    if (reason != NULL) {
        http2_session_terminate(session, error_code, reason);
        return false;
    }
    return true;
}

/* Tells of a part of a body. A stream that is gone, or was reset, is not told. */
static void deliver(struct http2_session *session, struct http2_stream *stream, struct text part,
                    bool is_last)
{
    if (part.length == 0 && !is_last) {
        return;
    }
    stream->remote_ended = is_last; /* not before its last byte: the stream could be closed */
    session->options.events->data(session, stream, part, is_last);
    http2_stream_close_if_over(session, stream);
}

/* Counts a frame's part of the body. false: it is more than was announced, or in the end, less
 * (section 8.1.1). */
static bool take_length(struct http2_stream *stream, uint32_t length, bool is_last)
{
    if (stream->length_left < 0) {
        return true;
    }
    stream->length_left -= length;
    return stream->length_left == 0 || (stream->length_left > 0 && !is_last);
}

/* The stream that DATA is for, or NULL: it is skipped. */
static struct http2_stream *data_stream(struct http2_session *session,
                                        const struct http2_frame_in *frame)
{
    struct http2_stream *stream = http2_stream_find(session, frame->stream_id);
    if (stream == NULL) {
        switch (http2_history_of(&session->history, frame->stream_id)) {
        case HTTP2_PAST_NONE:
            http2_session_terminate(session, HTTP2_PROTOCOL_ERROR, "DATA of an idle stream");
            break;
        case HTTP2_PAST_PASSED_OVER:
        case HTTP2_PAST_FINISHED:
            http2_session_terminate(session, HTTP2_STREAM_CLOSED, "DATA of a closed stream");
            break;
        case HTTP2_PAST_OPENED:
        case HTTP2_PAST_FORGOTTEN:
        default:
            break;
        }
        return NULL;
    }
    if (stream->remote_ended) {
        http2_session_terminate(session, HTTP2_STREAM_CLOSED, "DATA after END_STREAM");
        return NULL;
    }
    if (stream->resetting) {
        return NULL;
    }
    if (!stream->has_headers) {
        http2_stream_reset(session, stream, HTTP2_PROTOCOL_ERROR);
        return NULL;
    }
    if ((int64_t)frame->length > stream->receive_window) {
        http2_stream_reset(session, stream, HTTP2_FLOW_CONTROL_ERROR);
        return NULL;
    }
    stream->receive_window -= (int32_t)frame->length;
    return stream;
}

/* DATA's head, and its padding's length, have come: of its payload, skipped or told of as it comes,
 * data_left bytes are the body's. */
static void begin_data(struct http2_session *session, const struct http2_frame_in *frame,
                       uint32_t padding)
{
    uint32_t unused = padding + ((frame->flags & HTTP2_FLAG_PADDED) != 0);
    bool is_last = (frame->flags & HTTP2_FLAG_END_STREAM) != 0;
    if (frame->length == unused && !is_last) {
        http2_session_charge(session, HTTP2_COST_CONTROL);
    }
    if ((int64_t)frame->length > session->receive_window) {
        http2_session_terminate(session, HTTP2_FLOW_CONTROL_ERROR, "DATA beyond the window");
        return;
    }
    session->receive_window -= (int32_t)frame->length;
    http2_session_consume(session, frame->length);
    struct http2_stream *stream = data_stream(session, frame);
    session->payload_left = frame->length - unused;
    session->padding_left = padding;
    session->data_stream_id = stream != NULL ? frame->stream_id : 0;
    session->data_is_last = is_last;
    if (is_last) {
        http2_history_finish(&session->history, frame->stream_id);
    }
    if (stream != NULL) {
        if (unused > 0 && !is_last) {
            http2_stream_consume(session, stream, unused);
        }
        if (!take_length(stream, session->payload_left, is_last)) {
            http2_stream_reset(session, stream, HTTP2_PROTOCOL_ERROR);
        } else if (session->payload_left == 0) {
            deliver(session, stream, (struct text){NULL, 0}, is_last);
        }
    }
}

static const uint8_t *take_payload(struct http2_session *session, const uint8_t *at,
                                   const uint8_t *end)
{
    size_t length = session->payload_left;
    if (length == 0) {
        length = session->padding_left;
        if (length > (size_t)(end - at)) {
            length = (size_t)(end - at);
        }
        session->padding_left -= (uint32_t)length;
        return at + length;
    }
    if (length > (size_t)(end - at)) {
        length = (size_t)(end - at);
    }
    session->payload_left -= (uint32_t)length;
    if (session->data_stream_id != 0) {
        struct http2_stream *stream = http2_stream_find(session, session->data_stream_id);
        if (stream != NULL && !stream->resetting) {
            deliver(session, stream, text_of_bytes(at, length),
                    session->data_is_last && session->payload_left == 0);
        }
    }
    return at + length;
}

static const uint8_t *take_data(struct http2_session *session, const struct http2_frame_in *frame)
{
    const uint8_t *at = frame->payload;
    uint32_t padding = 0;
    if (frame->stream_id == 0) {
        http2_session_terminate(session, HTTP2_PROTOCOL_ERROR, "DATA of no stream");
        return at;
    }
    if ((frame->flags & HTTP2_FLAG_PADDED) != 0) {
        padding = frame->length > 0 ? *at++ : 0;
        if (padding >= frame->length) {
            http2_session_terminate(session, HTTP2_PROTOCOL_ERROR, "more padding than payload");
            return at;
        }
    }
    begin_data(session, frame, padding);
    return at;
}

static void skip_frame(struct http2_session *session, const struct http2_frame_in *frame)
{
    http2_session_charge(session, HTTP2_COST_CONTROL);
    session->payload_left = frame->length;
    session->padding_left = 0;
    session->data_stream_id = 0;
}

static struct http2_frame_in read_head(const uint8_t *at)
{
    return (struct http2_frame_in){
        .length = http2_number_at(at) >> 8,
        .type = at[3],
        .flags = at[4],
        .stream_id = http2_number_at(at + 5) & HTTP2_STREAM_ID_MAX,
        .payload = at + HTTP2_FRAME_HEAD_BYTES,
    };
}

/* How many bytes of a frame must be there before it is looked at. */
static size_t wanted_bytes(const struct http2_frame_in *frame)
{
    if (frame->length > HTTP2_FRAME_BYTES_MAX || frame->type > HTTP2_FRAME_CONTINUATION) {
        return HTTP2_FRAME_HEAD_BYTES;
    }
    if (frame->type == HTTP2_FRAME_DATA) {
        bool has_padding = (frame->flags & HTTP2_FLAG_PADDED) != 0 && frame->length > 0;
        return HTTP2_FRAME_HEAD_BYTES + (size_t)has_padding;
    }
    return HTTP2_FRAME_HEAD_BYTES + frame->length;
}

/* Looks at a frame of which enough is there; returns where the next bytes begin. */
static const uint8_t *take_frame(struct http2_session *session, const struct http2_frame_in *frame)
{
    if (!check_head(session, frame)) {
        return frame->payload;
    }
    switch (frame->type) {
    case HTTP2_FRAME_DATA:
        return take_data(session, frame);
    case HTTP2_FRAME_HEADERS:
        http2_receive_headers(session, frame);
        break;
    case HTTP2_FRAME_CONTINUATION:
        http2_receive_continuation(session, frame);
        break;
    case HTTP2_FRAME_PRIORITY:
    case HTTP2_FRAME_RST_STREAM:
    case HTTP2_FRAME_SETTINGS:
    case HTTP2_FRAME_PUSH_PROMISE:
    case HTTP2_FRAME_PING:
    case HTTP2_FRAME_GOAWAY:
    case HTTP2_FRAME_WINDOW_UPDATE:
        http2_receive_control(session, frame);
        break;
    default: /* section 5.5: unknown types are ignored */
        skip_frame(session, frame);
        return frame->payload;
    }
    return frame->payload + frame->length;
}

static const uint8_t *keep(struct http2_session *session, const uint8_t *at, size_t length)
{
    session->is_broken |= !buffer_append(&session->partial, text_of_bytes(at, length));
    return at + length;
}

/* Keeps more of a frame, up to `wanted` bytes of it. */
static const uint8_t *keep_more(struct http2_session *session, const uint8_t *at,
                                const uint8_t *end, size_t wanted)
{
    size_t present = session->partial.length;
    size_t length = wanted > present ? wanted - present : 0;
    return keep(session, at, length < (size_t)(end - at) ? length : (size_t)(end - at));
}

enum { PARTIAL_KEPT_BYTES_MAX = 4096 };

/* Goes on with a frame that began in earlier bytes. */
static const uint8_t *complete_frame(struct http2_session *session, const uint8_t *at,
                                     const uint8_t *end)
{
    struct buffer *partial = &session->partial;
    at = keep_more(session, at, end, HTTP2_FRAME_HEAD_BYTES);
    if (session->is_broken || partial->length < HTTP2_FRAME_HEAD_BYTES) {
        return at;
    }
    struct http2_frame_in frame = read_head((const uint8_t *)partial->data);
    size_t wanted = wanted_bytes(&frame);
    at = keep_more(session, at, end, wanted);
    if (session->is_broken || partial->length < wanted) {
        return at;
    }
    frame = read_head((const uint8_t *)partial->data); /* which may have moved */
    (void)take_frame(session, &frame);
    buffer_clear(partial);
    if (partial->capacity > PARTIAL_KEPT_BYTES_MAX) {
        buffer_deinit(partial);
    }
    return at;
}

/* Looks at the frame that begins at `at`, or keeps what there is of it. */
static const uint8_t *begin_frame(struct http2_session *session, const uint8_t *at,
                                  const uint8_t *end)
{
    size_t available = (size_t)(end - at);
    if (available >= HTTP2_FRAME_HEAD_BYTES) {
        struct http2_frame_in frame = read_head(at);
        if (available >= wanted_bytes(&frame)) {
            return take_frame(session, &frame);
        }
    }
    return keep(session, at, available);
}

/* A header block that is open, or in a frame whose end has not come, is waited for since now. */
static void note_block(struct http2_session *session)
{
    const struct buffer *partial = &session->partial;
    bool is_open = session->block_stream_id != 0 ||
                   (partial->length >= HTTP2_FRAME_HEAD_BYTES &&
                    read_head((const uint8_t *)partial->data).type == HTTP2_FRAME_HEADERS);
    if (!is_open) {
        session->block_since_ns = 0;
    } else if (session->block_since_ns == 0) {
        session->block_since_ns = session->now_ns;
    }
}

void http2_session_receive(struct http2_session *session, struct text bytes, int64_t now_ns)
{
    const uint8_t *at = (const uint8_t *)bytes.data;
    const uint8_t *end = at + bytes.length;
    session->now_ns = now_ns;
    if (session->preface_left > 0 && at < end && !is_deaf(session)) {
        at = take_preface(session, at, end);
    }
    while (at < end && !is_deaf(session)) {
        if (session->payload_left > 0 || session->padding_left > 0) {
            at = take_payload(session, at, end);
        } else if (session->partial.length > 0) {
            at = complete_frame(session, at, end);
        } else {
            at = begin_frame(session, at, end);
        }
    }
    note_block(session);
}
