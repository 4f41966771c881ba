/* What the session tells a client of the replies. */
#include "http/http2_client_private.h"

enum { HEADERS_FIRST = 8 };

static struct http2_client *client_of(struct http2_session *session)
{
    return CONTAINER_OF(session, struct http2_client, session);
}

static void on_block_begun(struct http2_session *session, struct http2_stream *stream)
{
    (void)session;
    struct http2_request *request = http2_request_of(stream);
    request->block = (struct http2_headers){.list = NULL};
    request->block_bytes = 0;
}

/* The place of the block's next header. NULL: it has too many, or no memory. */
static struct http_header *next_header(struct http2_request *request)
{
    struct http2_headers *block = &request->block;
    if (block->count == HTTP_HEADER_COUNT_MAX) {
        return NULL;
    }
    if (block->count == block->capacity) {
        size_t capacity = block->capacity > 0 ? 2 * block->capacity : (size_t)HEADERS_FIRST;
        struct http_header *list = arena_alloc(&request->arena, capacity * sizeof(*list));
        if (list == NULL) {
            return NULL;
        }
        if (block->count > 0) {
            memcpy(list, block->list, block->count * sizeof(*list));
        }
        block->list = list;
        block->capacity = capacity;
    }
    return &block->list[block->count++];
}

/* A copy of the field; well-known names need none. */
static bool add_header(struct http2_request *request, const struct hpack_field *field)
{
    struct http_header *header = next_header(request);
    if (header == NULL) {
        return false;
    }
    header->name = field->token != HPACK_TOKEN_NONE ? hpack_token_name(field->token)
                                                    : arena_copy(&request->arena, field->name);
    header->value = arena_copy(&request->arena, field->value);
    return header->name.data != NULL && header->value.data != NULL;
}

static void on_field(struct http2_session *session, struct http2_stream *stream,
                     const struct hpack_field *field)
{
    struct http2_request *request = http2_request_of(stream);
    request->block_bytes += field->name.length + field->value.length + HPACK_ENTRY_OVERHEAD_BYTES;
    if (request->block_bytes > HTTP_HEADER_LIST_BYTES_MAX || !add_header(request, field)) {
        http2_stream_reset(session, stream, HTTP2_ENHANCE_YOUR_CALM);
    }
}

/* END_STREAM has come. */
static void complete(struct http2_request *request)
{
    request->outcome = HTTP2_COMPLETE;
    fiber_wait_signal(&request->readable);
    fiber_wait_signal(&request->writable);
}

static void on_headers(struct http2_session *session, struct http2_stream *stream,
                       enum http2_block block, bool is_last)
{
    (void)session;
    struct http2_request *request = http2_request_of(stream);
    if (block == HTTP2_BLOCK_TRAILERS) {
        request->trailers = request->block;
    } else if (block == HTTP2_BLOCK_HEADERS) {
        request->headers = request->block;
        request->has_headers = true;
        request->is_headers_only = is_last;
    }
    fiber_wait_signal(&request->readable);
    if (is_last) {
        complete(request);
    }
}

static void on_data(struct http2_session *session, struct http2_stream *stream, struct text part,
                    bool is_last)
{
    struct http2_request *request = http2_request_of(stream);
    if (!buffer_append(&request->input, part)) {
        http2_stream_reset(session, stream, HTTP2_INTERNAL_ERROR);
        return;
    }
    fiber_wait_signal(&request->readable);
    if (is_last) {
        complete(request);
    }
}

static void on_closed(struct http2_session *session, struct http2_stream *stream,
                      uint32_t error_code)
{
    (void)session;
    struct http2_request *request = http2_request_of(stream);
    enum http2_outcome outcome =
        error_code == HTTP2_REFUSED_STREAM ? HTTP2_NOT_PROCESSED : HTTP2_RESET;
    http2_request_end(request, http2_request_was_sent(request) ? outcome : HTTP2_NOT_SENT,
                      error_code);
}

/* gRFC A8. */
static void on_goaway(struct http2_session *session, uint32_t error_code, struct text debug)
{
    struct http2_client *client = client_of(session);
    client->refusing = true;
    client->asked_too_often |=
        error_code == HTTP2_ENHANCE_YOUR_CALM && text_equal(debug, TEXT("too_many_pings"));
}

const struct http2_session_events http2_client_session_events = {
    .block_begun = on_block_begun,
    .field = on_field,
    .headers = on_headers,
    .data = on_data,
    .write = http2_request_send,
    .closed = on_closed,
    .goaway = on_goaway,
};
