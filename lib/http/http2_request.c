/* One request on a client's connection, as its fiber sees it. */
#include <stdlib.h>

#include "http/http2_client_private.h"

enum {
    REQUEST_FIELDS_MAX = HTTP_HEADER_COUNT_MAX,
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

/* Values that are another with every request would only push useful ones out of the peer's table.
 * The first goes in all the same: after it, the name need not be spelt out. */
static uint8_t indexing(const struct http2_client *client, struct text name)
{
    if (!client->has_named) {
        return NGHTTP2_NV_FLAG_NONE;
    }
    bool changes = text_equal(name, TEXT("grpc-timeout")) ||
                   text_equal(name, TEXT("traceparent")) || text_equal(name, TEXT("x-request-id"));
    return changes ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE;
}

enum status http2_request_start(struct http2_client *client, struct call *call,
                                const struct http_header *headers, size_t header_count, bool end,
                                struct http2_request **ret_request)
{
    nghttp2_nv fields[REQUEST_FIELDS_MAX];
    if (!http2_client_is_ready(client)) {
        return call_fail_detail(call, STATUS_UNAVAILABLE, "the connection takes no request now");
    }
    if (header_count > REQUEST_FIELDS_MAX) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the request has too many headers");
    }
    for (size_t i = 0; i < header_count; i++) {
        fields[i] = http2_field(headers[i].name, headers[i].value);
        fields[i].flags |= indexing(client, headers[i].name);
    }
    struct http2_request *request = take(client);
    if (request == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    nghttp2_data_provider provider = {
        .source = {.ptr = request},
        .read_callback = http2_request_read_output,
    };
    request->client = client;
    request->call = call;
    request->is_complete = end;
    request->stream_id = nghttp2_submit_request(client->session, NULL, fields, header_count,
                                                end ? NULL : &provider, request);
    if (request->stream_id < 0) {
        client->refusing |= request->stream_id == NGHTTP2_ERR_STREAM_ID_NOT_AVAILABLE;
        http2_request_free(request);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    request->is_open = true;
    client->has_named = true;
    list_append(&client->requests, &request->link);
    client->request_count++;
    http2_keepalive_resume(client);
    http_output_schedule(&client->output);
    *ret_request = request;
    return STATUS_OK;
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

static void resume(struct http2_request *request)
{
    if (request->is_deferred) {
        request->is_deferred = false;
        (void)nghttp2_session_resume_data(request->client->session, request->stream_id);
    }
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
        resume(request);
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
        /* Fails only for a stream that is gone. */
        (void)nghttp2_session_consume_stream(request->client->session, request->stream_id, length);
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
    (void)nghttp2_submit_rst_stream(client->session, NGHTTP2_FLAG_NONE, request->stream_id,
                                    NGHTTP2_CANCEL);
    http_output_schedule(&client->output);
}
