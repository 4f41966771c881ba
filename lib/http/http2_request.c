/* One request on a client's connection, as its fiber sees it. */
#include <stdlib.h>

#include "http/http2_client_private.h"

enum { BUFFER_KEPT_BYTES_MAX = 64 * 1024 }; /* of a buffer in the pool */

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

struct http2_request *http2_request_take(struct http2_client *client)
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
