/* What is written to the peer, in turns. */
#include "http2/http2_session_private.h"

/* Room in the output. NULL: none; the session is broken. */
static uint8_t *reserve(struct http2_session *session, size_t length)
{
    char *room = session->is_broken ? NULL : buffer_reserve(session->output, length);
    session->is_broken |= room == NULL;
    return (uint8_t *)room;
}

enum { BLOCK_ROOM_BYTES = 1024 }; /* reserved at once */

/* Room for so many bytes more of the header block, whose written part becomes the output's. */
static bool grow_block(struct http2_session *session, size_t length)
{
    struct buffer *output = session->output;
    if (session->block_at != NULL) {
        buffer_extend(output,
                      (size_t)(session->block_at - (uint8_t *)output->data) - output->length);
    }
    session->block_at = reserve(session, length + BLOCK_ROOM_BYTES);
    session->block_end = session->block_at;
    if (session->block_at == NULL) {
        return false;
    }
    session->block_end += length + BLOCK_ROOM_BYTES;
    return true;
}

void http2_stream_begin_headers(struct http2_session *session, struct http2_stream *stream)
{
    if (stream->id == 0) {
        http2_stream_number(session, stream);
    }
    session->headers_place = session->output->length;
    session->block_at = NULL;
    if (grow_block(session, HTTP2_FRAME_HEAD_BYTES)) {
        session->block_at += HTTP2_FRAME_HEAD_BYTES; /* filled in at the end */
    }
}

/* false: no memory; the session is broken. */
static bool has_block_room(struct http2_session *session, size_t needed)
{
    return session->block_at != NULL &&
           ((size_t)(session->block_end - session->block_at) >= needed ||
            grow_block(session, needed));
}

void http2_stream_add_field(struct http2_session *session, const struct hpack_field *field,
                            enum hpack_indexing indexing)
{
    if (has_block_room(session, hpack_encoded_bytes_max(field))) {
        session->block_at = hpack_encode(&session->encoder, session->block_at, field, indexing);
    }
}

void http2_stream_add_preset(struct http2_session *session, struct hpack_preset *preset)
{
    if (has_block_room(session, preset->bytes_max)) {
        session->block_at = hpack_encode_preset(&session->encoder, session->block_at, preset);
    }
}

/* A block that is longer than a frame goes on in CONTINUATIONs, which are moved in from the last
 * one on, so that each byte is moved once. */
static void split_block(struct http2_session *session, uint32_t stream_id, size_t length)
{
    size_t more = (length - 1) / HTTP2_FRAME_BYTES_MAX;
    if (reserve(session, more * HTTP2_FRAME_HEAD_BYTES) == NULL) {
        return;
    }
    uint8_t *block =
        (uint8_t *)session->output->data + session->headers_place + HTTP2_FRAME_HEAD_BYTES;
    buffer_extend(session->output, more * HTTP2_FRAME_HEAD_BYTES);
    for (size_t i = more; i > 0; i--) {
        size_t from = i * HTTP2_FRAME_BYTES_MAX;
        size_t part = i == more ? length - from : (size_t)HTTP2_FRAME_BYTES_MAX;
        uint8_t *to = block + from + i * HTTP2_FRAME_HEAD_BYTES;
        memmove(to, block + from, part);
        http2_put_head(to - HTTP2_FRAME_HEAD_BYTES, (uint32_t)part, HTTP2_FRAME_CONTINUATION,
                       i == more ? HTTP2_FLAG_END_HEADERS : 0, stream_id);
    }
}

static void end_local(struct http2_session *session, struct http2_stream *stream)
{
    stream->local_ended = true;
    http2_budget_give(&session->budget, HTTP2_COST_RESET, HTTP2_RESETS_A_REPLY);
}

void http2_stream_end_headers(struct http2_session *session, struct http2_stream *stream,
                              bool is_last)
{
    if (session->block_at == NULL) {
        return;
    }
    struct buffer *output = session->output;
    buffer_extend(output, (size_t)(session->block_at - (uint8_t *)output->data) - output->length);
    size_t length = output->length - session->headers_place - HTTP2_FRAME_HEAD_BYTES;
    bool is_split = length > HTTP2_FRAME_BYTES_MAX;
    unsigned flags =
        (is_last ? HTTP2_FLAG_END_STREAM : 0U) | (is_split ? 0U : (unsigned)HTTP2_FLAG_END_HEADERS);
    if (is_split) {
        split_block(session, stream->id, length);
    }
    http2_put_head((uint8_t *)output->data + session->headers_place,
                   is_split ? HTTP2_FRAME_BYTES_MAX : (uint32_t)length, HTTP2_FRAME_HEADERS, flags,
                   stream->id);
    if (is_last) {
        end_local(session, stream);
    }
}

/* What of a part may go in one frame now. */
static size_t sendable(const struct http2_session *session, const struct http2_stream *stream,
                       size_t length)
{
    int32_t window =
        stream->send_window < session->send_window ? stream->send_window : session->send_window;
    size_t most = window <= 0 ? 0 : (size_t)window;
    most = most < HTTP2_FRAME_BYTES_MAX ? most : HTTP2_FRAME_BYTES_MAX;
    return length < most ? length : most;
}

/* Something is left to send: at the next turn, or when a window opens. */
static void wait_for_turn(struct http2_session *session, struct http2_stream *stream)
{
    if (stream->send_window <= 0) {
        return; /* WINDOW_UPDATE or SETTINGS wake it */
    }
    if (session->send_window > 0) {
        http2_stream_wake(session, stream);
    } else if (list_is_empty(&stream->turn_link)) {
        list_append(&session->starved, &stream->turn_link);
    }
}

size_t http2_stream_send_data(struct http2_session *session, struct http2_stream *stream,
                              struct text part, bool is_last)
{
    size_t length = sendable(session, stream, part.length);
    bool is_end = is_last && length == part.length;
    if (length < part.length) {
        wait_for_turn(session, stream);
    }
    if (length == 0 && !is_end) {
        return 0;
    }
    uint8_t *to = reserve(session, HTTP2_FRAME_HEAD_BYTES + length);
    if (to == NULL) {
        return 0;
    }
    http2_put_head(to, (uint32_t)length, HTTP2_FRAME_DATA, is_end ? HTTP2_FLAG_END_STREAM : 0,
                   stream->id);
    if (length > 0) {
        memcpy(to + HTTP2_FRAME_HEAD_BYTES, part.data, length);
    }
    buffer_extend(session->output, HTTP2_FRAME_HEAD_BYTES + length);
    stream->send_window -= (int32_t)length;
    session->send_window -= (int32_t)length;
    if (is_end) {
        end_local(session, stream);
    }
    return length;
}

static void append_reset(struct http2_session *session, uint32_t stream_id, uint32_t error_code)
{
    enum { RESET_BYTES = HTTP2_FRAME_HEAD_BYTES + 4 };
    uint8_t *to = reserve(session, RESET_BYTES);
    if (to != NULL) {
        http2_put_head(to, 4, HTTP2_FRAME_RST_STREAM, 0, stream_id);
        http2_put_number(to + HTTP2_FRAME_HEAD_BYTES, error_code);
        buffer_extend(session->output, RESET_BYTES);
    }
}

static void send_reset(struct http2_session *session, struct http2_stream *stream)
{
    uint32_t error_code = stream->reset_code;
    if (stream->id != 0) {
        append_reset(session, stream->id, error_code);
    }
    http2_stream_close(session, stream, error_code);
    if (error_code != HTTP2_NO_ERROR && error_code != HTTP2_CANCEL &&
        error_code != HTTP2_INTERNAL_ERROR) {
        http2_session_charge(session, HTTP2_COST_STRIKE);
    }
}

/* Its turn is over: a stream that both sides have ended is no more. A server that has answered
 * before it was asked all asks for no more (section 8.1). */
static void end_turn(struct http2_session *session, struct http2_stream *stream)
{
    bool is_early = stream->known && stream->local_ended && !stream->remote_ended;
    if (is_early && !session->options.is_client) {
        append_reset(session, stream->id, HTTP2_NO_ERROR);
        http2_stream_close(session, stream, HTTP2_NO_ERROR);
    } else {
        http2_stream_close_if_over(session, stream);
    }
}

static void give_turn(struct http2_session *session, struct http2_stream *stream)
{
    if (stream->resetting) {
        send_reset(session, stream);
    } else if (stream->id == 0 && session->has_peer_goaway) {
        http2_stream_close(session, stream, HTTP2_REFUSED_STREAM);
    } else if (!stream->local_ended) {
        session->options.events->write(session, stream);
        end_turn(session, stream);
    }
}

enum { CONTROL_KEPT_BYTES_MAX = 1024 };

static void send_control(struct http2_session *session)
{
    struct buffer *control = &session->control;
    if (control->length > 0) {
        session->is_broken |= !buffer_append(session->output, buffer_text(control));
        buffer_clear(control);
        if (control->capacity > CONTROL_KEPT_BYTES_MAX) {
            buffer_deinit(control);
        }
    }
}

bool http2_session_fill(struct http2_session *session, struct buffer *output, int64_t now_ns)
{
    struct list *link;
    session->now_ns = now_ns;
    session->output = output;
    if (!session->has_begun) {
        http2_control_begin(session);
    }
    send_control(session);
    while (!session->terminated && !session->is_broken && output->length < HTTP2_GATHER_BYTES &&
           (link = list_take_first(&session->turns)) != NULL) {
        give_turn(session, CONTAINER_OF(link, struct http2_stream, turn_link));
    }
    send_control(session);
    session->output = NULL;
    return !session->is_broken;
}
