/* A whole request and reply on one of a channel's HTTP/2 connections, for web_client.h. */
#include "base/arena.h"
#include "grpc/grpc_channel_private.h"
#include "grpc/grpc_status_map.h"
#include "grpc/web_client_private.h"

enum { HTTP2_HEADERS_MAX = 5 }; /* besides the protocol's and the metadata */

static enum status no_memory(struct web_call *self)
{
    return call_fail(self->call, STATUS_RESOURCE_EXHAUSTED, "no memory for the call");
}

/* Copies a reply's headers without the first, which is HTTP's status. */
static enum status keep_headers(struct web_call *self, const struct http_header *headers,
                                size_t count)
{
    struct arena *arena = self->call->arena;
    struct http_header *copies = arena_calloc(arena, count, sizeof(*copies));
    uint64_t code = 0;
    if (copies == NULL) {
        return no_memory(self);
    }
    for (size_t i = 1; i < count; i++) {
        copies[i - 1].name = arena_copy(arena, headers[i].name);
        copies[i - 1].value = arena_copy(arena, headers[i].value);
    }
    if (!text_to_u64(headers[0].value, &code) || code > INT16_MAX) {
        code = 0; /* none that anybody takes for a success */
    }
    self->http.status = (int)code;
    self->http.headers = copies;
    self->http.header_count = count - 1;
    return STATUS_OK;
}

/* Why there is no whole reply. */
static enum status explain(struct web_call *self, const struct http2_request *request)
{
    uint32_t code = http2_request_error_code(request);
    if (http2_request_outcome(request) == HTTP2_RESET) {
        return call_fail(self->call, grpc_status_from_http2_error(code),
                         "the stream was reset with the HTTP/2 code %u", code);
    }
    return call_fail(self->call, STATUS_UNAVAILABLE, "the connection was lost");
}

static enum status read_body(struct web_call *self, struct http2_request *request)
{
    CLEANUP(buffer_deinit) struct buffer body;
    buffer_init(&body, HTTP_CLIENT_REPLY_BYTES_MAX);
    for (;;) {
        struct text part;
        enum status status = http2_request_read(request, &part);
        if (status != STATUS_OK) {
            return status;
        }
        if (part.length == 0) {
            break;
        }
        if (!buffer_append(&body, part)) {
            return call_fail(self->call, STATUS_RESOURCE_EXHAUSTED, "the reply is too large");
        }
    }
    if (http2_request_outcome(request) != HTTP2_COMPLETE) {
        return explain(self, request);
    }
    self->http.body = arena_copy(self->call->arena, buffer_text(&body));
    return self->http.body.data != NULL ? STATUS_OK : no_memory(self);
}

static enum status read_reply(struct web_call *self, struct grpc_connection *connection,
                              struct http2_request *request)
{
    const struct http_header *headers;
    size_t count;
    enum status status = http2_request_headers(request, &headers, &count);
    if (status != STATUS_OK) {
        return status;
    }
    if (count == 0) {
        return explain(self, request);
    }
    connection->proved = true;
    connection->subchannel->failures = 0;
    status = keep_headers(self, headers, count);
    return status == STATUS_OK ? read_body(self, request) : status;
}

/* All headers of the request, HTTP's first; NULL: no memory. */
static struct http_header *all_headers(struct web_call *self, const struct web_request *request,
                                       const struct grpc_connection *connection, size_t *ret_count)
{
    struct arena *arena = self->call->arena;
    struct text authority = self->client->channel->options.authority;
    char *traceparent = arena_alloc(arena, TRACE_PARENT_LENGTH);
    struct http_header *all =
        arena_calloc(arena, HTTP2_HEADERS_MAX + self->header_count, sizeof(*all));
    if (authority.length == 0) {
        authority = arena_copy(arena, text_of(connection->subchannel->address));
    }
    if (traceparent == NULL || all == NULL || authority.data == NULL) {
        return NULL;
    }
    struct trace child = trace_child(&self->call->identity.trace);
    trace_format(&child, traceparent);
    all[0] = (struct http_header){TEXT(":method"), text_of(request->method)};
    bool is_secure = self->client->channel->options.tls != NULL;
    all[1] = (struct http_header){TEXT(":scheme"), is_secure ? TEXT("https") : TEXT("http")};
    all[2] = (struct http_header){TEXT(":path"), request->target};
    all[3] = (struct http_header){TEXT(":authority"), authority};
    all[4] = (struct http_header){TEXT("traceparent"), {traceparent, TRACE_PARENT_LENGTH}};
    memcpy(all + HTTP2_HEADERS_MAX, self->headers, self->header_count * sizeof(*all));
    *ret_count = HTTP2_HEADERS_MAX + self->header_count;
    return all;
}

static enum status exchange(struct web_call *self, const struct web_request *request,
                            struct grpc_connection *connection)
{
    size_t count;
    struct http2_request *started;
    const struct http_header *headers = all_headers(self, request, connection, &count);
    if (headers == NULL) {
        return no_memory(self);
    }
    enum status status = http2_request_start(connection->client, self->call, headers, count,
                                             request->body.length == 0, &started);
    if (status != STATUS_OK) {
        return status;
    }
    if (request->body.length > 0) {
        status = http2_request_write(started, request->body, true);
    }
    /* A server that answers before it has read everything is listened to. */
    if (status == STATUS_OK || status == STATUS_UNAVAILABLE) {
        status = read_reply(self, connection, started);
    }
    http2_request_close(started);
    return status;
}

enum status web_call_send_http2(struct web_call *self, const struct web_request *request)
{
    struct grpc_connection *connection;
    enum status status =
        grpc_channel_pick(self->client->channel, self->call, NULL, false, &connection);
    if (status != STATUS_OK) {
        return status;
    }
    status = exchange(self, request, connection);
    grpc_connection_release(connection);
    return status;
}
