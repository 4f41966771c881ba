/* What a request sends: its head waits for the stream's turn, and its body for room. */
#include "http/http2_client_private.h"

enum { SECRET_BYTES_MIN = 20 }; /* of a value that is too long to be guessed */

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
    struct http2_request *request = http2_request_take(client);
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
        return field->value.length >= SECRET_BYTES_MIN ? HPACK_INDEXED : HPACK_NEVER_INDEXED;
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
