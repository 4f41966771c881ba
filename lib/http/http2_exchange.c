/* Replies over HTTP/2. Nothing here sends: it is submitted, and gathered at the end of the turn. */
#include "http/http2_server_private.h"
#include "http/http_server_private.h"

enum { REPLY_FIELDS_MAX = 2 * HTTP_HEADER_COUNT_MAX + 4 };

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

static size_t add_fields(nghttp2_nv *fields, size_t count, const struct http_header *headers,
                         size_t header_count)
{
    for (size_t i = 0; i < header_count; i++) {
        fields[count++] = http2_field(headers[i].name, headers[i].value);
    }
    return count;
}

static int submit_trailers(nghttp2_session *session, struct http_exchange *exchange)
{
    nghttp2_nv fields[HTTP_HEADER_COUNT_MAX];
    const struct http_exchange_reply *reply = &exchange->reply;
    size_t count = add_fields(fields, 0, reply->trailers, reply->trailer_count);
    return nghttp2_submit_trailer(session, exchange->stream_id, fields, count);
}

static ssize_t read_body(nghttp2_session *session, int32_t stream_id, uint8_t *buffer,
                         size_t length_max, uint32_t *flags, nghttp2_data_source *source,
                         void *user_data)
{
    (void)stream_id;
    (void)buffer;
    const struct http_connection *connection = user_data;
    struct http_exchange *exchange = source->ptr;
    if (connection->output.bytes.length >= HTTP2_GATHER_BYTES) {
        return NGHTTP2_ERR_PAUSE;
    }
    struct text pending = pending_body(exchange);
    if (pending.length == 0 && !exchange->reply.complete) {
        exchange->deferred = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    size_t length = pending.length < length_max ? pending.length : length_max;
    if (length == pending.length && exchange->reply.complete) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (exchange->reply.trailer_count > 0) {
            *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
            if (submit_trailers(session, exchange) != 0) {
                return NGHTTP2_ERR_CALLBACK_FAILURE;
            }
        }
    }
    if (length > 0) {
        *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    }
    return (ssize_t)length;
}

int http2_send_reply_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *frame_head,
                          size_t length, nghttp2_data_source *source, void *user_data)
{
    (void)session;
    (void)frame;
    struct http_connection *connection = user_data;
    struct http_exchange *exchange = source->ptr;
    struct text body = text_slice(pending_body(exchange), 0, length);
    if (!http2_append_data(&connection->output, frame_head, body)) {
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    take_body(connection->state, exchange, length);
    return 0;
}

static void send_head(struct http_exchange *exchange)
{
    nghttp2_nv fields[REPLY_FIELDS_MAX];
    struct http_server *server = exchange->server;
    struct http_exchange_reply *reply = &exchange->reply;
    size_t count = 0;

    struct text date = http_date_text(&server->date, loop_now_ns(server->loop));
    fields[count++] = http2_field(TEXT(":status"), (struct text){reply->status_text, 3});
    fields[count++] = http2_field(TEXT("date"), date);
    if (server->options.server_name.length > 0) {
        fields[count++] = http2_field(TEXT("server"), server->options.server_name);
    }
    count = add_fields(fields, count, reply->headers, reply->header_count);
    bool has_length = reply->is_whole && reply->trailer_count == 0;
    if (has_length && reply->status != 204 && reply->status != 304) {
        fields[count++] = http2_field(TEXT("content-length"), text_of(reply->length_text));
    }
    bool has_body =
        !reply->without_body && !(reply->complete && pending_body(exchange).length == 0);
    if (!has_body) {
        count = add_fields(fields, count, reply->trailers, reply->trailer_count);
    }
    nghttp2_data_provider provider = {.source = {.ptr = exchange}, .read_callback = read_body};
    exchange->submitted = true;
    if (has_body && pending_body(exchange).length > 0) {
        note_pending(exchange);
    }
    if (nghttp2_submit_response(http2_of(exchange)->session, exchange->stream_id, fields, count,
                                has_body ? &provider : NULL) != 0) {
        exchange->ops->abort(exchange, NGHTTP2_INTERNAL_ERROR);
    }
    schedule(exchange);
}

static void resume(struct http_exchange *exchange)
{
    if (exchange->deferred) {
        exchange->deferred = false;
        /* Fails only for a stream that is gone, which is told elsewhere. */
        (void)nghttp2_session_resume_data(http2_of(exchange)->session, exchange->stream_id);
    }
    schedule(exchange);
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
        exchange->ops->abort(exchange, NGHTTP2_INTERNAL_ERROR);
        return part.length;
    }
    if (part.length > 0) {
        http2_of(exchange)->waiting_bytes += part.length;
        note_pending(exchange);
    }
    resume(exchange);
    return part.length;
}

static bool has_closed_window(struct http_exchange *exchange)
{
    nghttp2_session *session = http2_of(exchange)->session;
    return nghttp2_session_get_remote_window_size(session) <= 0 ||
           nghttp2_session_get_stream_remote_window_size(session, exchange->stream_id) <= 0;
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
        resume(exchange);
    }
}

static void abort_stream(struct http_exchange *exchange, uint32_t error_code)
{
    (void)nghttp2_submit_rst_stream(http2_of(exchange)->session, NGHTTP2_FLAG_NONE,
                                    exchange->stream_id, error_code);
    schedule(exchange);
}

static void await_body(struct http_exchange *exchange)
{
    if (exchange->expects_continue && !exchange->submitted) {
        nghttp2_nv field = http2_field(TEXT(":status"), TEXT("100"));
        (void)nghttp2_submit_headers(http2_of(exchange)->session, NGHTTP2_FLAG_NONE,
                                     exchange->stream_id, NULL, &field, 1, NULL);
        schedule(exchange);
    }
    exchange->expects_continue = false;
}

static void consumed(struct http_exchange *exchange, size_t length)
{
    if (exchange->body_ended) {
        return; /* nothing more can come */
    }
    /* Fails only for a stream that is gone. */
    (void)nghttp2_session_consume_stream(http2_of(exchange)->session, exchange->stream_id, length);
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
