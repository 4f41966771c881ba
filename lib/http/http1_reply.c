/* Replies over HTTP/1.1. They are appended to the connection's output, which goes out at the end of
 * the turn. */
#include <stdio.h>

#include "http/http1_private.h"
#include "http/http_server_private.h"

static struct http1_connection *http1_of(struct http_exchange *exchange)
{
    return exchange->connection->state;
}

/* Without memory for it, a reply breaks off. */
static void break_off(struct http1_connection *http1)
{
    http1->keep_alive = false;
    http1->closing = true;
    http1->broken_off = true;
    http1->exchange->reply.state = HTTP_REPLY_ENDED;
    http1->exchange->reply.whole = (struct text){NULL, 0};
    http_output_schedule(&http1->connection->output);
}

/* A head or trailers under construction. */
struct writer {
    struct buffer *bytes;
    bool failed;
};

static void put(struct writer *writer, struct text text)
{
    writer->failed |= !buffer_append(writer->bytes, text);
}

static void put_header(struct writer *writer, struct text name, struct text value)
{
    put(writer, name);
    put(writer, TEXT(": "));
    put(writer, value);
    put(writer, TEXT("\r\n"));
}

static void put_headers(struct writer *writer, const struct http_header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put_header(writer, headers[i].name, headers[i].value);
    }
}

/* Whether the rest of the request's body is little enough to be skipped. */
static bool can_keep(const struct http1_connection *http1, const struct http_exchange *exchange)
{
    if (http1->body_kind == HTTP1_BODY_NONE) {
        return true;
    }
    return !exchange->expects_continue &&
           (http1->body_kind == HTTP1_BODY_CHUNKED || http1->body_left <= HTTP1_DISCARD_BYTES_MAX);
}

static void put_framing(struct writer *writer, struct http1_connection *http1,
                        const struct http_exchange *exchange)
{
    const struct http_exchange_reply *reply = &exchange->reply;
    if (reply->is_whole) {
        if (reply->status != 204 && reply->status != 304) {
            put_header(writer, TEXT("content-length"), text_of(reply->length_text));
        }
    } else if (!reply->without_body) {
        http1->is_chunked_reply = http1->minor_version == 1;
        if (http1->is_chunked_reply) {
            put_header(writer, TEXT("transfer-encoding"), TEXT("chunked"));
        } else {
            http1->keep_alive = false; /* the end of the connection is the end of the body */
        }
    }
    if (!http1->keep_alive) {
        put_header(writer, TEXT("connection"), TEXT("close"));
    } else if (http1->minor_version == 0) {
        put_header(writer, TEXT("connection"), TEXT("keep-alive"));
    }
}

static void put_end(struct writer *writer, const struct http1_connection *http1,
                    const struct http_exchange_reply *reply)
{
    if (http1->is_chunked_reply && !reply->without_body) {
        put(writer, TEXT("0\r\n"));
        put_headers(writer, reply->trailers, reply->trailer_count);
        put(writer, TEXT("\r\n"));
    }
}

void http1_move_whole(struct http1_connection *http1)
{
    struct text *whole = &http1->exchange->reply.whole;
    struct http_output *output = &http1->connection->output;
    struct text part = text_slice(*whole, 0, HTTP_OUTPUT_KEPT_BYTES_MAX);
    if (part.length == 0 || http_output_waiting(output) >= HTTP_OUTPUT_KEPT_BYTES_MAX) {
        return;
    }
    if (!buffer_append(&output->bytes, part)) {
        break_off(http1);
        return;
    }
    *whole = text_slice(*whole, part.length, whole->length);
}

static void send_head(struct http_exchange *exchange)
{
    struct http1_connection *http1 = http1_of(exchange);
    struct http_server *server = exchange->server;
    struct http_exchange_reply *reply = &exchange->reply;
    struct writer writer = {.bytes = &exchange->connection->output.bytes};

    http1->keep_alive &= can_keep(http1, exchange) && !exchange->connection->draining;
    http1->is_chunked_reply = false;
    put(&writer, TEXT("HTTP/1.1 "));
    put(&writer, (struct text){reply->status_text, 3});
    put(&writer, TEXT(" "));
    put(&writer, text_of(http_reason(reply->status)));
    put(&writer, TEXT("\r\n"));
    put_header(&writer, TEXT("date"), http_date_text(&server->date, loop_now_ns(server->loop)));
    if (server->options.server_name.length > 0) {
        put_header(&writer, TEXT("server"), server->options.server_name);
    }
    struct text caching = http_reply_cache_control(exchange);
    if (caching.length > 0) {
        put_header(&writer, TEXT("cache-control"), caching);
    }
    put_headers(&writer, reply->headers, reply->header_count);
    put_framing(&writer, http1, exchange);
    put(&writer, TEXT("\r\n"));
    if (reply->complete) {
        put_end(&writer, http1, reply);
        http1_move_whole(http1);
    }
    if (writer.failed) {
        break_off(http1);
    }
    http_output_schedule(&exchange->connection->output);
}

static size_t send_part(struct http_exchange *exchange, struct text part)
{
    struct http1_connection *http1 = http1_of(exchange);
    struct http_output *output = &exchange->connection->output;
    size_t present = http_output_waiting(output);
    size_t room = present < HTTP_OUTPUT_BYTES_MAX ? HTTP_OUTPUT_BYTES_MAX - present : 0;
    struct writer writer = {.bytes = &output->bytes};
    char size[24];

    part = text_slice(part, 0, room);
    if (part.length == 0) {
        return 0; /* an empty chunk would be the last one */
    }
    if (http1->is_chunked_reply) {
        int length = snprintf(size, sizeof(size), "%zx\r\n", part.length);
        CHECK(length > 0);
        put(&writer, (struct text){size, (size_t)length});
    }
    put(&writer, part);
    if (http1->is_chunked_reply) {
        put(&writer, TEXT("\r\n"));
    }
    if (writer.failed) {
        break_off(http1);
    }
    http_output_schedule(output);
    return part.length;
}

static bool must_wait(struct http_exchange *exchange)
{
    struct http1_connection *http1 = http1_of(exchange);
    http1->writer_waits =
        http_output_waiting(&exchange->connection->output) >= HTTP_OUTPUT_BYTES_MAX;
    return http1->writer_waits;
}

static void send_end(struct http_exchange *exchange)
{
    struct http1_connection *http1 = http1_of(exchange);
    struct writer writer = {.bytes = &exchange->connection->output.bytes};
    put_end(&writer, http1, &exchange->reply);
    if (writer.failed) {
        break_off(http1);
    }
    http_output_schedule(&exchange->connection->output);
}

/* What was written before goes out; that the connection then ends says that it is not all. */
static void abort_reply(struct http_exchange *exchange, uint32_t http2_error_code)
{
    (void)http2_error_code;
    break_off(http1_of(exchange));
}

static void await_body(struct http_exchange *exchange)
{
    struct http1_connection *http1 = http1_of(exchange);
    struct http_output *output = &exchange->connection->output;
    http1_take_body(http1);
    if (!http1->advancing) {
        http1_settle(http1);
    }
    if (exchange->connection != NULL && exchange->expects_continue &&
        exchange->reply.state <= HTTP_REPLY_STARTED) {
        exchange->expects_continue = false;
        if (!buffer_append(&output->bytes, TEXT("HTTP/1.1 100 Continue\r\n\r\n"))) {
            break_off(http1);
        }
        http_output_schedule(output);
    }
}

static void consumed(struct http_exchange *exchange, size_t length)
{
    (void)exchange; /* room is made when the next part is awaited */
    (void)length;
}

/* The next request is taken where callbacks run, not in the handler's fiber. */
static void returned(struct http_exchange *exchange)
{
    http_output_schedule(&exchange->connection->output);
}

const struct http_exchange_ops http1_exchange_ops = {
    .await_body = await_body,
    .consumed = consumed,
    .send_head = send_head,
    .send_part = send_part,
    .must_wait = must_wait,
    .send_end = send_end,
    .abort = abort_reply,
    .returned = returned,
};
