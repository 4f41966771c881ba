/* Replies over HTTP/2: kept until the session gives the stream a turn, and then written to the
 * output without a copy in between. */
#include "http/http2_server_private.h"
#include "http/http_server_private.h"

static struct http2_connection *http2_of(struct http_exchange *exchange)
{
    return exchange->connection->state;
}

static void schedule(struct http_exchange *exchange)
{
    http_output_schedule(&exchange->connection->output);
}

/* What the session has not taken of the reply's body. */
static struct text pending_body(const struct http_exchange *exchange)
{
    return exchange->reply.is_whole ? exchange->reply.whole
                                    : text_slice(buffer_text(&exchange->output),
                                                 exchange->output_sent, exchange->output.length);
}

static int64_t now_ns(const struct http_exchange *exchange)
{
    return loop_now_ns(exchange->server->loop);
}

/* Something of the reply waits for the peer from now on, if it did not yet. */
static void note_pending(struct http_exchange *exchange)
{
    struct http2_connection *http2 = http2_of(exchange);
    if (list_is_empty(&http2->pending)) {
        http2->progress_ns = now_ns(exchange);
    }
    list_remove(&exchange->pending_link);
    list_append(&http2->pending, &exchange->pending_link);
}

static void take_body(struct http2_connection *http2, struct http_exchange *exchange, size_t length)
{
    struct http_exchange_reply *reply = &exchange->reply;
    http2->progress_ns = http_output_progress(http2->progress_ns, length, now_ns(exchange));
    if (reply->is_whole) {
        reply->whole = text_slice(reply->whole, length, reply->whole.length);
    } else {
        http2->waiting_bytes -= length;
        exchange->output_sent += length;
        if (exchange->output_sent == exchange->output.length) {
            exchange->output_sent = 0;
            buffer_clear(&exchange->output);
        }
    }
    if (pending_body(exchange).length == 0) {
        list_remove(&exchange->pending_link);
    }
}

/* Values that are another with every reply would only push useful ones out of the table. */
static enum hpack_indexing indexing_of(enum hpack_token token)
{
    switch ((int)token) {
    case HPACK_TOKEN_CONTENT_LENGTH:
    case HPACK_TOKEN_ENDPOINT_LOAD_METRICS:
    case HPACK_TOKEN_ETAG:
    case HPACK_TOKEN_GRPC_MESSAGE:
    case HPACK_TOKEN_GRPC_RETRY_PUSHBACK_MS:
    case HPACK_TOKEN_GRPC_STATUS_DETAILS:
    case HPACK_TOKEN_LAST_MODIFIED:
    case HPACK_TOKEN_LOCATION:
    case HPACK_TOKEN_RETRY_AFTER:
        return HPACK_NAME_INDEXED;
    case HPACK_TOKEN_SET_COOKIE:
        return HPACK_NEVER_INDEXED;
    default:
        return HPACK_INDEXED;
    }
}

static void add_field(struct http2_session *session, enum hpack_token token, struct text name,
                      struct text value)
{
    const struct hpack_field field = {.name = name, .value = value, .token = token};
    http2_stream_add_field(session, &field, indexing_of(token));
}

static void add_fields(struct http2_session *session, const struct http_header *headers,
                       size_t header_count)
{
    for (size_t i = 0; i < header_count; i++) {
        add_field(session, hpack_token_of(headers[i].name), headers[i].name, headers[i].value);
    }
}

static void write_continue(struct http2_session *session, struct http_exchange *exchange)
{
    exchange->wants_continue = false;
    if (!exchange->submitted) {
        http2_stream_begin_headers(session, &exchange->stream);
        add_field(session, HPACK_TOKEN_STATUS, TEXT(":status"), TEXT("100"));
        http2_stream_end_headers(session, &exchange->stream, false);
    }
}

static void write_head(struct http2_session *session, struct http_exchange *exchange)
{
    struct http_server *server = exchange->server;
    const struct http_exchange_reply *reply = &exchange->reply;
    struct text date = http_date_text(&server->date, loop_now_ns(server->loop));
    http2_stream_begin_headers(session, &exchange->stream);
    add_field(session, HPACK_TOKEN_STATUS, TEXT(":status"), (struct text){reply->status_text, 3});
    add_field(session, HPACK_TOKEN_DATE, TEXT("date"), date);
    if (server->options.server_name.length > 0) {
        add_field(session, HPACK_TOKEN_SERVER, TEXT("server"), server->options.server_name);
    }
    struct text caching = http_reply_cache_control(exchange);
    if (caching.length > 0) {
        add_field(session, HPACK_TOKEN_CACHE_CONTROL, TEXT("cache-control"), caching);
    }
    add_fields(session, reply->headers, reply->header_count);
    bool has_length = reply->is_whole && reply->trailer_count == 0;
    if (has_length && reply->status != 204 && reply->status != 304) {
        add_field(session, HPACK_TOKEN_CONTENT_LENGTH, TEXT("content-length"),
                  text_of(reply->length_text));
    }
    if (exchange->head_is_all) {
        add_fields(session, reply->trailers, reply->trailer_count);
    }
    http2_stream_end_headers(session, &exchange->stream, exchange->head_is_all);
    exchange->head_sent = true;
}

static void write_trailers(struct http2_session *session, struct http_exchange *exchange)
{
    http2_stream_begin_headers(session, &exchange->stream);
    add_fields(session, exchange->reply.trailers, exchange->reply.trailer_count);
    http2_stream_end_headers(session, &exchange->stream, true);
}

static void write_body(struct http2_session *session, struct http_exchange *exchange)
{
    const struct http_exchange_reply *reply = &exchange->reply;
    struct text pending = pending_body(exchange);
    bool is_last = reply->complete && reply->trailer_count == 0;
    if (pending.length > 0 || is_last) {
        size_t taken = http2_stream_send_data(session, &exchange->stream, pending, is_last);
        if (taken > 0) {
            take_body(http2_of_session(session), exchange, taken);
        }
        if (taken < pending.length || is_last) {
            return;
        }
    }
    if (reply->complete) {
        write_trailers(session, exchange);
    }
}

void http2_write_reply(struct http2_session *session, struct http2_stream *stream)
{
    struct http_exchange *exchange = CONTAINER_OF(stream, struct http_exchange, stream);
    if (exchange->wants_continue) {
        write_continue(session, exchange);
    }
    if (!exchange->submitted) {
        return;
    }
    http2_server_keepalive_sent(&http2_of_session(session)->keepalive);
    if (!exchange->head_sent) {
        write_head(session, exchange);
    }
    if (!exchange->head_is_all) {
        write_body(session, exchange);
    }
}

static void wake(struct http_exchange *exchange)
{
    http2_stream_wake(&http2_of(exchange)->session, &exchange->stream);
    schedule(exchange);
}

/* The array of a whole reply is the handler's, and it is written later. false: no memory. */
static bool keep_headers(struct http_exchange *exchange)
{
    struct http_exchange_reply *reply = &exchange->reply;
    size_t bytes = reply->header_count * sizeof(*reply->headers);
    if (!reply->is_whole || bytes == 0) {
        return true;
    }
    struct http_header *copy = arena_alloc(&exchange->arena, bytes);
    if (copy == NULL) {
        return false;
    }
    memcpy(copy, reply->headers, bytes);
    reply->headers = copy;
    return true;
}

static void send_head(struct http_exchange *exchange)
{
    const struct http_exchange_reply *reply = &exchange->reply;
    bool is_empty = pending_body(exchange).length == 0;
    if (!keep_headers(exchange)) {
        exchange->ops->abort(exchange, HTTP2_INTERNAL_ERROR);
        return;
    }
    exchange->submitted = true;
    exchange->head_is_all = reply->without_body || (reply->complete && is_empty);
    if (!exchange->head_is_all && !is_empty) {
        note_pending(exchange);
    }
    wake(exchange);
}

static size_t waiting(struct http_exchange *exchange)
{
    return http2_of(exchange)->waiting_bytes + http_output_waiting(&exchange->connection->output);
}

static size_t send_part(struct http_exchange *exchange, struct text part)
{
    size_t present = waiting(exchange);
    size_t room = present < HTTP_OUTPUT_BYTES_MAX ? HTTP_OUTPUT_BYTES_MAX - present : 0;
    part = text_slice(part, 0, room);
    if (!buffer_append(&exchange->output, part)) {
        exchange->ops->abort(exchange, HTTP2_INTERNAL_ERROR);
        return part.length;
    }
    if (part.length > 0) {
        http2_of(exchange)->waiting_bytes += part.length;
        note_pending(exchange);
    }
    wake(exchange);
    return part.length;
}

static bool has_closed_window(struct http_exchange *exchange)
{
    return !http2_stream_can_send(&http2_of(exchange)->session, &exchange->stream);
}

static bool must_wait(struct http_exchange *exchange)
{
    bool full = waiting(exchange) >= HTTP_OUTPUT_BYTES_MAX ||
                (pending_body(exchange).length > 0 && has_closed_window(exchange));
    list_remove(&exchange->writer_link);
    if (full) {
        list_append(&http2_of(exchange)->writers, &exchange->writer_link);
    }
    return full;
}

void http2_wake_writers(struct http2_connection *http2)
{
    struct list waiting_now = http2->writers;
    if (list_is_empty(&http2->writers)) {
        return;
    }
    /* Each is looked at once: those that must go on waiting join the list again. */
    waiting_now.next->previous = &waiting_now;
    waiting_now.previous->next = &waiting_now;
    list_init(&http2->writers);
    struct list *link;
    while ((link = list_take_first(&waiting_now)) != NULL) {
        struct http_exchange *exchange = CONTAINER_OF(link, struct http_exchange, writer_link);
        if (!must_wait(exchange)) {
            fiber_wait_signal(&exchange->writable);
        }
    }
}

static void send_end(struct http_exchange *exchange)
{
    if (!exchange->reply.without_body) {
        wake(exchange);
    }
}

static void abort_stream(struct http_exchange *exchange, uint32_t error_code)
{
    http2_stream_reset(&http2_of(exchange)->session, &exchange->stream, error_code);
    schedule(exchange);
}

static void await_body(struct http_exchange *exchange)
{
    if (exchange->expects_continue && !exchange->submitted) {
        exchange->wants_continue = true;
        wake(exchange);
    }
    exchange->expects_continue = false;
}

static void consumed(struct http_exchange *exchange, size_t length)
{
    if (exchange->body_ended) {
        return; /* nothing more can come */
    }
    http2_stream_consume(&http2_of(exchange)->session, &exchange->stream, length);
    schedule(exchange);
}

/* The stream closes when all has been sent; then the connection lets go. */
static void returned(struct http_exchange *exchange)
{
    (void)exchange;
}

const struct http_exchange_ops http2_exchange_ops = {
    .await_body = await_body,
    .consumed = consumed,
    .send_head = send_head,
    .send_part = send_part,
    .must_wait = must_wait,
    .send_end = send_end,
    .abort = abort_stream,
    .returned = returned,
};
