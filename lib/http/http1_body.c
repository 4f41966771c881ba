/* The body of an HTTP/1.1 request. */
#include "http/http1_private.h"

/* The next run of the body within `pending`, and behind it. */
static struct text take_part(struct http1_connection *http1, size_t length_max)
{
    struct text available = text_slice(http1->pending, 0, length_max);
    struct text part = {NULL, 0};
    size_t taken = 0;
    if (http1->body_kind == HTTP1_BODY_LENGTH) {
        part = text_slice(available, 0, http1->body_left);
        taken = part.length;
        http1->body_left -= taken;
        if (http1->body_left == 0) {
            http1->body_kind = HTTP1_BODY_NONE;
        }
    } else if (http1->body_kind == HTTP1_BODY_CHUNKED) {
        taken = http1_chunked_take(&http1->chunked, available, &part);
        if (http1->chunked.state >= HTTP1_CHUNK_DONE) {
            http1->body_kind = HTTP1_BODY_NONE;
        }
    }
    http1->pending = text_slice(http1->pending, taken, http1->pending.length);
    return part;
}

void http1_take_body(struct http1_connection *http1)
{
    struct http_exchange *exchange = http1->exchange;
    size_t before = exchange->input.length;
    bool had_ended = exchange->body_ended || exchange->body_broken;

    while (http1->body_kind != HTTP1_BODY_NONE && http1->pending.length > 0 &&
           http_exchange_unseen(exchange) < HTTP1_BODY_BYTES_MAX) {
        struct text part = take_part(http1, HTTP1_BODY_BYTES_MAX - http_exchange_unseen(exchange));
        if (!buffer_append(&exchange->input, part)) {
            http1->chunked.state = HTTP1_CHUNK_BROKEN;
            http1->body_kind = HTTP1_BODY_NONE;
        }
    }
    if (http1->body_kind == HTTP1_BODY_NONE && !had_ended) {
        exchange->body_broken = http1->chunked.state == HTTP1_CHUNK_BROKEN;
        exchange->body_ended = !exchange->body_broken;
        http1->keep_alive &= exchange->body_ended;
    }
    bool has_ended = exchange->body_ended || exchange->body_broken;
    if (exchange->input.length > before || has_ended != had_ended) {
        exchange->expects_continue = false; /* it came without being asked for */
        http_exchange_wake_reader(exchange);
    }
}

void http1_discard_body(struct http1_connection *http1)
{
    while (http1->body_kind != HTTP1_BODY_NONE && http1->pending.length > 0) {
        size_t before = http1->pending.length;
        (void)take_part(http1, http1->pending.length);
        http1->discarded_bytes += before - http1->pending.length;
        if (http1->discarded_bytes > HTTP1_DISCARD_CHUNKS_BYTES_MAX) {
            http1->body_kind = HTTP1_BODY_NONE;
            http1->closing = true;
        }
    }
    if (http1->body_kind == HTTP1_BODY_NONE) {
        http1->discarding = false;
        http1->closing |= http1->chunked.state == HTTP1_CHUNK_BROKEN;
    }
}

void http1_settle(struct http1_connection *http1)
{
    struct http_transport *transport = http1->connection->transport;
    struct text pending = http1->pending;
    struct buffer *input = &http1->input;
    if (transport == NULL) {
        return;
    }
    bool is_within = input->length > 0 && pending.data >= input->data &&
                     pending.data <= input->data + input->length;
    if (pending.length == 0 || http1->closing) {
        buffer_clear(input);
    } else if (is_within) {
        buffer_consume(input, input->length - pending.length);
    } else {
        buffer_clear(input);
        if (!buffer_append(input, pending)) {
            http_connection_close(http1->connection);
            return;
        }
    }
    http1->pending = buffer_text(input);
    bool pause = input->length >= HTTP1_INPUT_BYTES_MAX;
    if (pause != http1->paused) {
        http1->paused = pause;
        if (pause) {
            transport->ops->pause(transport->state);
        } else {
            transport->ops->resume(transport->state);
        }
    }
}
