/* What the session tells a server: requests, their bodies, and the peer's pings. */
#include "http/http2_server_private.h"
#include "http/http_server_private.h"

static struct http_exchange *exchange_of(struct http2_stream *stream)
{
    return CONTAINER_OF(stream, struct http_exchange, stream);
}

static struct http2_stream *on_opened(struct http2_session *session)
{
    struct http2_connection *http2 = http2_of_session(session);
    if (http2_has_too_many_leaving(http2->connection)) {
        return NULL;
    }
    struct http_exchange *exchange = http_exchange_take(http2->connection, &http2_exchange_ops);
    if (exchange == NULL) {
        return NULL;
    }
    exchange->request.version = 2;
    list_append(&http2->streams, &exchange->stream_link);
    return &exchange->stream;
}

/* A copy in the arena. NULL: no memory; the request is refused. */
static char *copy_bytes(struct http_exchange *exchange, struct text text)
{
    char *copy = arena_alloc(&exchange->arena, text.length);
    if (copy == NULL) {
        http_exchange_refuse(exchange, 503, "no memory for the request's headers");
    } else if (text.length > 0) {
        memcpy(copy, text.data, text.length);
    }
    return copy;
}

/* Pseudo-header fields have their places; others are kept with a name that need not be copied if it
 * is well known. */
static void keep_field(struct http_exchange *exchange, enum hpack_token token, struct text name,
                       struct text value)
{
    switch ((int)token) {
    case HPACK_TOKEN_SCHEME:
        return; /* says nothing here */
    case HPACK_TOKEN_PATH:
        http_exchange_set_target(exchange, value);
        return;
    case HPACK_TOKEN_METHOD:
        exchange->request.method = value;
        return;
    case HPACK_TOKEN_AUTHORITY:
        exchange->request.authority = value;
        return;
    case HPACK_TOKEN_NONE:
        name.data = copy_bytes(exchange, name);
        break;
    default:
        name = hpack_token_name(token);
        http_exchange_note_header(exchange, token, value);
        break;
    }
    if (name.data != NULL) {
        http_exchange_add_header(exchange, name, value);
    }
}

static void on_field(struct http2_session *session, struct http2_stream *stream,
                     const struct hpack_field *field)
{
    (void)session;
    struct http_exchange *exchange = exchange_of(stream);
    struct text value = field->value;
    if (!http_exchange_admit_header(exchange, field->name.length, value.length) ||
        stream->has_headers) {
        return; /* trailers of a request mean nothing here */
    }
    value.data = copy_bytes(exchange, value);
    if (value.data != NULL) {
        keep_field(exchange, field->token, field->name, value);
    }
}

static void end_body(struct http_exchange *exchange)
{
    exchange->body_ended = true;
    http_exchange_wake_reader(exchange);
}

static void complete_request(struct http2_connection *http2, struct http_exchange *exchange)
{
    struct http_request *request = &exchange->request;
    if (request->authority.length == 0) {
        request->authority =
            http_header_find(request->headers, request->header_count, TEXT("host"));
    }
    if (request->path.length == 0) {
        http_exchange_refuse(exchange, 501, "CONNECT is not served");
    }
    list_append(&http2->ready, &exchange->ready_link);
}

static void on_headers(struct http2_session *session, struct http2_stream *stream,
                       enum http2_block block, bool is_last)
{
    struct http_exchange *exchange = exchange_of(stream);
    if (block == HTTP2_BLOCK_HEADERS) {
        complete_request(http2_of_session(session), exchange);
    }
    if (is_last) {
        end_body(exchange);
    }
}

static void on_data(struct http2_session *session, struct http2_stream *stream, struct text part,
                    bool is_last)
{
    struct http_exchange *exchange = exchange_of(stream);
    bool is_wanted = exchange->running || !exchange->started;
    if (!is_wanted) {
        http2_stream_consume(session, stream, part.length);
    } else if (!buffer_append(&exchange->input, part)) {
        http2_stream_reset(session, stream, HTTP2_INTERNAL_ERROR);
    } else if (is_last) {
        end_body(exchange);
    } else {
        http_exchange_wake_reader(exchange);
    }
}

static void on_closed(struct http2_session *session, struct http2_stream *stream,
                      uint32_t error_code)
{
    struct http2_connection *http2 = http2_of_session(session);
    struct http_exchange *exchange = exchange_of(stream);
    (void)error_code;
    http2->waiting_bytes -= exchange->output.length - exchange->output_sent;
    buffer_clear(&exchange->output);
    exchange->output_sent = 0;
    if (exchange->running) {
        list_append(&http2->leaving, &exchange->leaving_link);
    }
    http_exchange_detach(exchange);
    if (list_is_empty(&http2->streams)) {
        http2->idle_since_ns = loop_now_ns(http2->connection->server->loop);
    }
}

static void count_ping(struct http2_connection *http2)
{
    struct http_connection *connection = http2->connection;
    bool has_calls = !list_is_empty(&http2->streams);
    if (!http2_server_keepalive_pinged(&http2->keepalive, connection->server, has_calls,
                                       loop_now_ns(connection->server->loop)) &&
        !http2->terminated) {
        http2_blame(connection, HTTP2_ENHANCE_YOUR_CALM, "too_many_pings"); /* gRFC A8 */
    }
}

static void on_ping(struct http2_session *session, const uint8_t *opaque, bool is_answer)
{
    struct http2_connection *http2 = http2_of_session(session);
    if (!is_answer) {
        count_ping(http2);
    } else if (memcmp(opaque, http2_drain_ping, HTTP2_PING_BYTES) == 0) {
        http2_end_notice(http2);
    }
}

const struct http2_session_events http2_server_events = {
    .opened = on_opened,
    .field = on_field,
    .headers = on_headers,
    .data = on_data,
    .write = http2_write_reply,
    .closed = on_closed,
    .ping = on_ping,
};
