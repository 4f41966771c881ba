/* What nghttp2 tells a client of the replies. */
#include "http/http2_client_private.h"

enum { HEADERS_FIRST = 8 };

static struct http2_request *request_of(nghttp2_session *session, int32_t stream_id)
{
    return nghttp2_session_get_stream_user_data(session, stream_id);
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    struct http2_client *client = user_data;
    struct http2_request *request = request_of(session, frame->hd.stream_id);
    client->block = request;
    if (request != NULL) {
        request->block = (struct http2_headers){.list = NULL};
        request->block_bytes = 0;
    }
    return 0;
}

static bool add_header(struct http2_request *request, struct text name, struct text value)
{
    struct http2_headers *block = &request->block;
    if (block->count == HTTP_HEADER_COUNT_MAX) {
        return false;
    }
    if (block->count == block->capacity) {
        size_t capacity = block->capacity > 0 ? 2 * block->capacity : (size_t)HEADERS_FIRST;
        struct http_header *list = arena_alloc(&request->arena, capacity * sizeof(*list));
        if (list == NULL) {
            return false;
        }
        if (block->count > 0) {
            memcpy(list, block->list, block->count * sizeof(*list));
        }
        block->list = list;
        block->capacity = capacity;
    }
    char *copy = arena_alloc(&request->arena, name.length + value.length + 1);
    if (copy == NULL) {
        return false;
    }
    memcpy(copy, name.data, name.length);
    if (value.length > 0) {
        memcpy(copy + name.length, value.data, value.length);
    }
    block->list[block->count++] =
        (struct http_header){{copy, name.length}, {copy + name.length, value.length}};
    return true;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_length, const uint8_t *value, size_t value_length, uint8_t flags,
                     void *user_data)
{
    (void)flags;
    const struct http2_client *client = user_data;
    struct http2_request *request = client->block;
    if (request == NULL || request->is_abandoned) {
        return 0;
    }
    request->block_bytes += name_length + value_length + 32;
    if (request->block_bytes > HTTP_HEADER_LIST_BYTES_MAX ||
        !add_header(request, text_of_bytes(name, name_length),
                    text_of_bytes(value, value_length))) {
        (void)nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                        NGHTTP2_ENHANCE_YOUR_CALM);
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    return 0;
}

static bool is_interim(const struct http2_headers *headers)
{
    return headers->count > 0 && text_equal(headers->list[0].name, TEXT(":status")) &&
           text_starts_with(headers->list[0].value, TEXT("1"));
}

static void end_block(struct http2_request *request, bool is_last)
{
    if (request->has_headers) {
        request->trailers = request->block;
    } else if (!is_interim(&request->block)) {
        request->headers = request->block;
        request->has_headers = true;
        request->is_headers_only = is_last;
    }
    fiber_wait_signal(&request->readable);
}

static bool is_too_many_pings(const nghttp2_goaway *goaway)
{
    return goaway->error_code == NGHTTP2_ENHANCE_YOUR_CALM &&
           text_equal(text_of_bytes(goaway->opaque_data, goaway->opaque_data_len),
                      TEXT("too_many_pings"));
}

static int on_frame_received(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    struct http2_client *client = user_data;
    if (frame->hd.type == NGHTTP2_GOAWAY) {
        client->refusing = true;
        client->asked_too_often |= is_too_many_pings(&frame->goaway);
        return 0;
    }
    if (frame->hd.type == NGHTTP2_SETTINGS && (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) {
        client->settled = true;
        return 0;
    }
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) {
        return 0;
    }
    struct http2_request *request = request_of(session, frame->hd.stream_id);
    if (request == NULL || request->is_abandoned) {
        return 0;
    }
    bool is_last = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (frame->hd.type == NGHTTP2_HEADERS) {
        end_block(request, is_last);
    }
    if (is_last) {
        request->outcome = HTTP2_COMPLETE;
        fiber_wait_signal(&request->readable);
        fiber_wait_signal(&request->writable);
    }
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *data,
                   size_t length, void *user_data)
{
    (void)flags;
    (void)user_data;
    struct http2_request *request = request_of(session, stream_id);
    if (nghttp2_session_consume_connection(session, length) != 0) {
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    if (request == NULL || request->is_abandoned) {
        (void)nghttp2_session_consume_stream(session, stream_id, length);
    } else if (!buffer_append(&request->input, text_of_bytes(data, length))) {
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    } else {
        fiber_wait_signal(&request->readable);
    }
    return 0;
}

static int on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *user_data)
{
    (void)user_data;
    if (frame->hd.type == NGHTTP2_HEADERS) {
        struct http2_request *request = request_of(session, frame->hd.stream_id);
        if (request != NULL) {
            request->was_sent = true;
        }
    }
    return 0;
}

static int on_stream_closed(nghttp2_session *session, int32_t stream_id, uint32_t error_code,
                            void *user_data)
{
    struct http2_client *client = user_data;
    struct http2_request *request = request_of(session, stream_id);
    if (request != NULL) {
        client->block = client->block != request ? client->block : NULL;
        enum http2_outcome outcome =
            error_code == NGHTTP2_REFUSED_STREAM ? HTTP2_NOT_PROCESSED : HTTP2_RESET;
        http2_request_end(request, request->was_sent ? outcome : HTTP2_NOT_SENT, error_code);
    }
    return 0;
}

static int send_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *frame_head,
                     size_t length, nghttp2_data_source *source, void *user_data)
{
    (void)session;
    (void)frame;
    struct http2_client *client = user_data;
    struct http2_request *request = source->ptr;
    struct text pending =
        text_slice(buffer_text(&request->output), request->output_sent, request->output.length);
    if (!http2_append_data(&client->output, frame_head, text_slice(pending, 0, length))) {
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    request->output_sent += length;
    if (request->output_sent == request->output.length) {
        request->output_sent = 0;
        buffer_clear(&request->output);
    }
    return 0;
}

ssize_t http2_request_read_output(nghttp2_session *session, int32_t stream_id, uint8_t *buffer,
                                  size_t length_max, uint32_t *flags, nghttp2_data_source *source,
                                  void *user_data)
{
    (void)session;
    (void)stream_id;
    (void)buffer;
    const struct http2_client *client = user_data;
    struct http2_request *request = source->ptr;
    if (client->output.bytes.length >= HTTP2_GATHER_BYTES) {
        return NGHTTP2_ERR_PAUSE;
    }
    size_t pending = request->output.length - request->output_sent;
    if (pending == 0 && !request->is_complete) {
        request->is_deferred = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    size_t length = pending < length_max ? pending : length_max;
    if (length == pending && request->is_complete) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    if (length > 0) {
        *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    }
    return (ssize_t)length;
}

nghttp2_session_callbacks *http2_client_callbacks_create(void)
{
    nghttp2_session_callbacks *callbacks;
    if (nghttp2_session_callbacks_new(&callbacks) != 0) {
        return NULL;
    }
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_received);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_closed);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, send_data);
    return callbacks;
}
