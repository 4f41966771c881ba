/* One request on a client's connection, as its fiber sees it. */
#include <stdlib.h>

#include "http/http2_client_private.h"

enum {
    SECRET_BYTES_MIN = 20,             /* of a value that is too long to be guessed */
    BUFFER_KEPT_BYTES_MAX = 64 * 1024, /* of a buffer in the pool */
};

static struct http2_request *create(void)
{
    struct http2_request *request = calloc(1, sizeof(*request));
    if (request != NULL) {
        arena_init(&request->arena, HTTP2_REPLY_ARENA_BYTES_MAX);
        buffer_init(&request->input, SIZE_MAX / 4); /* bounded by the window */
        buffer_init(&request->reading, SIZE_MAX / 4);
        buffer_init(&request->output, HTTP2_SEND_BYTES_MAX);
    }
    return request;
}

void http2_request_free(struct http2_request *request)
{
    arena_deinit(&request->arena);
    buffer_deinit(&request->input);
    buffer_deinit(&request->reading);
    buffer_deinit(&request->output);
    free(request);
}

static void clear_buffer(struct buffer *buffer)
{
    buffer_clear(buffer);
    if (buffer->capacity > BUFFER_KEPT_BYTES_MAX) {
        buffer_deinit(buffer);
    }
}

static void reset(struct http2_request *request)
{
    arena_reset(&request->arena);
    clear_buffer(&request->input);
    clear_buffer(&request->reading);
    clear_buffer(&request->output);
    struct http2_request fresh = {
        .arena = request->arena,
        .input = request->input,
        .reading = request->reading,
        .output = request->output,
    };
    *request = fresh;
    http2_stream_init(&request->stream);
    list_init(&request->link);
    list_init(&request->writer_link);
    fiber_wait_init(&request->readable);
    fiber_wait_init(&request->writable);
}

/* Neither its owner nor the session knows the request any more. */
static void give_back(struct http2_request *request, struct http2_client *client)
{
    list_remove(&request->link);
    if (client == NULL || client->transport == NULL ||
        client->idle_request_count >= HTTP2_REQUESTS_KEPT_MAX) {
        http2_request_free(request);
        return;
    }
    reset(request);
    /* The one used last is taken first: its memory is in the cache. */
    list_append(client->idle_requests.next, &request->link);
    client->idle_request_count++;
}

static struct http2_request *take(struct http2_client *client)
{
    struct list *link = list_take_first(&client->idle_requests);
    if (link != NULL) {
        client->idle_request_count--;
        return CONTAINER_OF(link, struct http2_request, link);
    }
    struct http2_request *request = create();
    if (request != NULL) {
        reset(request);
    }
    return request;
}

void http2_request_end(struct http2_request *request, enum http2_outcome outcome,
                       uint32_t error_code)
{
    struct http2_client *client = request->client;
    list_remove(&request->link);
    list_remove(&request->writer_link);
    client->request_count--;
    request->is_open = false;
    if (client->events.freed != NULL) {
        client->events.freed(client->events.state);
    }
    if (request->is_abandoned) {
        give_back(request, client);
        return;
    }
    list_append(&client->ended, &request->link);
    if (request->outcome == HTTP2_RUNNING) {
        request->outcome = outcome;
        request->error_code = error_code;
    }
    fiber_wait_signal(&request->readable);
    fiber_wait_signal(&request->writable);
}

static bool has_method(const struct http2_request *request, struct text method)
{
    for (size_t i = 0; i < request->head_count; i++) {
        if (request->head[i].token == HPACK_TOKEN_METHOD) {
            return text_equal(request->head[i].value, method);
        }
    }
    return false;
}

/* One with room for so many fields, which wait there for the stream's turn. */
static enum status prepare(struct http2_client *client, struct call *call, size_t field_count,
                           struct http2_request **ret_request)
{
    if (!http2_client_is_ready(client)) {
        return call_fail_detail(call, STATUS_UNAVAILABLE, "the connection takes no request now");
    }
    if (field_count > HTTP_HEADER_COUNT_MAX) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the request has too many headers");
    }
    struct http2_request *request = take(client);
    if (request == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    request->head = arena_alloc(&request->arena, field_count * sizeof(*request->head));
    if (request->head == NULL) {
        http2_request_free(request);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    request->head_count = field_count;
    request->call = call;
    *ret_request = request;
    return STATUS_OK;
}

/* Its stream opens at its turn. */
static void open_stream(struct http2_client *client, struct http2_request *request, bool end)
{
    bool is_head = has_method(request, TEXT("HEAD"));
    CHECK(http2_session_open(&client->session, &request->stream, is_head)); /* it is ready */
    client->refusing |= !http2_session_can_open(&client->session);
    request->client = client;
    request->is_complete = end;
    request->is_open = true;
    list_append(&client->requests, &request->link);
    client->request_count++;
    http2_keepalive_resume(client);
    http_output_schedule(&client->output);
}

enum status http2_request_start_fields(struct http2_client *client, struct call *call,
                                       const struct hpack_field *fields, size_t field_count,
                                       bool end, struct http2_request **ret_request)
{
    enum status status = prepare(client, call, field_count, ret_request);
    if (status == STATUS_OK) {
        memcpy((*ret_request)->head, fields, field_count * sizeof(*fields));
        (*ret_request)->has_common = client->common.count > 0;
        open_stream(client, *ret_request, end);
    }
    return status;
}

enum status http2_request_start(struct http2_client *client, struct call *call,
                                const struct http_header *headers, size_t header_count, bool end,
                                struct http2_request **ret_request)
{
    enum status status = prepare(client, call, header_count, ret_request);
    if (status == STATUS_OK) {
        for (size_t i = 0; i < header_count; i++) {
            (*ret_request)->head[i] = hpack_field_of(headers[i].name, headers[i].value);
        }
        open_stream(client, *ret_request, end);
    }
    return status;
}

/* gRPC's paths are few, those of others may be without number. */
static enum hpack_indexing indexing_of(const struct hpack_field *field, bool is_post)
{
    switch ((int)field->token) {
    case HPACK_TOKEN_PATH:
        return is_post ? HPACK_INDEXED : HPACK_NOT_INDEXED;
    case HPACK_TOKEN_AUTHORIZATION:
    case HPACK_TOKEN_COOKIE:
        return field->value.length >= SECRET_BYTES_MIN ? HPACK_NAME_INDEXED : HPACK_NEVER_INDEXED;
    case HPACK_TOKEN_NONE:
    case HPACK_TOKEN_CONNECT_TIMEOUT_MS:
    case HPACK_TOKEN_CONTENT_LENGTH:
    case HPACK_TOKEN_GRPC_PREVIOUS_RPC_ATTEMPTS:
    case HPACK_TOKEN_GRPC_TIMEOUT:
    case HPACK_TOKEN_TRACEPARENT:
    case HPACK_TOKEN_TRACESTATE:
    case HPACK_TOKEN_X_REQUEST_ID:
        return HPACK_NAME_INDEXED;
    default:
        return HPACK_INDEXED;
    }
}

static bool is_pseudo(const struct hpack_field *field)
{
    return field->name.length > 0 && field->name.data[0] == ':';
}

/* The common fields stand where both their pseudo-header fields and the others may. */
static void send_head(struct http2_session *session, struct http2_request *request, bool is_last)
{
    bool has_common = request->has_common;
    bool is_post = has_common || has_method(request, TEXT("POST"));
    http2_stream_begin_headers(session, &request->stream);
    for (size_t i = 0; i < request->head_count; i++) {
        const struct hpack_field *field = &request->head[i];
        if (has_common && !is_pseudo(field)) {
            http2_stream_add_preset(session, &request->client->common);
            has_common = false;
        }
        http2_stream_add_field(session, field, indexing_of(field, is_post));
    }
    if (has_common) {
        http2_stream_add_preset(session, &request->client->common);
    }
    http2_stream_end_headers(session, &request->stream, is_last);
}

static void send_body(struct http2_session *session, struct http2_request *request)
{
    struct text part =
        text_slice(buffer_text(&request->output), request->output_sent, request->output.length);
    request->output_sent +=
        http2_stream_send_data(session, &request->stream, part, request->is_complete);
    if (request->output_sent == request->output.length) {
        request->output_sent = 0;
        buffer_clear(&request->output);
    }
}

void http2_request_send(struct http2_session *session, struct http2_stream *stream)
{
    struct http2_request *request = http2_request_of(stream);
    bool is_empty = request->output.length == request->output_sent;
    if (!http2_request_was_sent(request)) {
        bool is_last = request->is_complete && is_empty;
        send_head(session, request, is_last);
        if (is_last) {
            return;
        }
    }
    if (!is_empty || request->is_complete) {
        send_body(session, request);
    }
}

static size_t pending(const struct http2_request *request)
{
    return request->output.length - request->output_sent;
}

void http2_client_wake_writers(struct http2_client *client)
{
    struct list *link = client->writers.next;
    while (link != &client->writers) {
        struct http2_request *request = CONTAINER_OF(link, struct http2_request, writer_link);
        link = link->next;
        if (pending(request) < HTTP2_SEND_BYTES_MAX) {
            list_remove(&request->writer_link);
            fiber_wait_signal(&request->writable);
        }
    }
}

static enum status over(struct http2_request *request)
{
    return call_fail_detail(request->call, STATUS_UNAVAILABLE, "the request is over");
}

/* Moves what the session has not taken to the front, so that the room is the maximum less that. */
static void compact(struct http2_request *request)
{
    if (request->output_sent > 0) {
        buffer_consume(&request->output, request->output_sent);
        request->output_sent = 0;
    }
}

static void wake(struct http2_request *request)
{
    http2_stream_wake(&request->client->session, &request->stream);
    http_output_schedule(&request->client->output);
}

enum status http2_request_write(struct http2_request *request, struct text part, bool end)
{
    for (;;) {
        if (!request->is_open || request->outcome != HTTP2_RUNNING) {
            return over(request);
        }
        struct text now = text_slice(part, 0, HTTP2_SEND_BYTES_MAX - pending(request));
        if (now.length > HTTP2_SEND_BYTES_MAX - request->output.length) {
            compact(request);
        }
        if (!buffer_append(&request->output, now)) {
            return call_fail(request->call, STATUS_RESOURCE_EXHAUSTED, "no memory for the request");
        }
        part = text_slice(part, now.length, part.length);
        request->is_complete = end && part.length == 0;
        wake(request);
        if (part.length == 0) {
            return STATUS_OK;
        }
        list_remove(&request->writer_link);
        list_append(&request->client->writers, &request->writer_link);
        enum status status = fiber_wait(request->call, &request->writable);
        list_remove(&request->writer_link);
        if (status != STATUS_OK) {
            return status;
        }
    }
}

enum status http2_request_headers(struct http2_request *request,
                                  const struct http_header **ret_headers, size_t *ret_count)
{
    while (!request->has_headers && request->outcome == HTTP2_RUNNING) {
        enum status status = fiber_wait(request->call, &request->readable);
        if (status != STATUS_OK) {
            return status;
        }
    }
    *ret_headers = request->headers.list;
    *ret_count = request->headers.count;
    return STATUS_OK;
}

static void give_back_read(struct http2_request *request)
{
    size_t length = request->reading.length;
    buffer_clear(&request->reading);
    if (length > 0 && request->is_open) {
        http2_stream_consume(&request->client->session, &request->stream, length);
        http_output_schedule(&request->client->output);
    }
}

enum status http2_request_read(struct http2_request *request, struct text *ret_part)
{
    give_back_read(request);
    while (request->input.length == 0) {
        if (request->outcome != HTTP2_RUNNING) {
            *ret_part = (struct text){NULL, 0};
            return STATUS_OK;
        }
        enum status status = fiber_wait(request->call, &request->readable);
        if (status != STATUS_OK) {
            return status;
        }
    }
    struct buffer empty = request->reading;
    request->reading = request->input;
    request->input = empty;
    *ret_part = buffer_text(&request->reading);
    return STATUS_OK;
}

const struct http_header *http2_request_trailers(const struct http2_request *request,
                                                 size_t *ret_count)
{
    *ret_count = request->trailers.count;
    return request->trailers.list;
}

bool http2_request_is_headers_only(const struct http2_request *request)
{
    return request->is_headers_only;
}

enum http2_outcome http2_request_outcome(const struct http2_request *request)
{
    return request->outcome;
}

uint32_t http2_request_error_code(const struct http2_request *request)
{
    return request->error_code;
}

void http2_request_close(struct http2_request *request)
{
    if (request == NULL) {
        return;
    }
    struct http2_client *client = request->client;
    if (!request->is_open) {
        give_back(request, client);
        return;
    }
    /* The session knows it until the stream closes, which the reset brings about. */
    request->is_abandoned = true;
    list_remove(&request->writer_link);
    http2_stream_reset(&client->session, &request->stream, HTTP2_CANCEL);
    http_output_schedule(&client->output);
}
