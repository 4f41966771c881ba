/* Reading a request's body. */
#include "base/clock.h"
#include "http/http_exchange.h"
#include "http/http_server_private.h"

static bool has_input(const struct http_exchange *exchange)
{
    return exchange->input.length > exchange->seen_bytes;
}

/* The peer may send as much again. */
static void acknowledge(struct http_exchange *exchange, size_t length)
{
    if (length > 0 && exchange->connection != NULL) {
        exchange->ops->consumed(exchange, length);
    }
}

static void give_back_read(struct http_exchange *exchange)
{
    size_t length = exchange->reading.length - exchange->acknowledged_bytes;
    buffer_clear(&exchange->reading);
    exchange->acknowledged_bytes = 0;
    acknowledge(exchange, length);
}

static void swap_input(struct http_exchange *exchange)
{
    struct buffer input = exchange->input;
    exchange->input = exchange->reading;
    exchange->reading = input;
}

static enum status broken(struct http_exchange *exchange)
{
    return call_fail(&exchange->call, STATUS_INVALID_ARGUMENT, "the request's body is malformed");
}

static enum status wait_for_body(struct http_exchange *exchange, int64_t timeout_ms)
{
    struct call waiting = call_within(&exchange->call, timeout_ms);
    enum status status = fiber_wait(&waiting, &exchange->readable);
    if (status == STATUS_DEADLINE_EXCEEDED && call_check(&exchange->call) == STATUS_OK) {
        return call_fail(&exchange->call, status, "the request's body came too slowly");
    }
    return status;
}

/* Until something has come that was not seen, or nothing will. */
static enum status await_input(struct http_exchange *exchange, int64_t timeout_ms)
{
    while (!has_input(exchange) && !exchange->body_ended && !exchange->body_broken) {
        if (exchange->connection == NULL) {
            return STATUS_CANCELLED;
        }
        exchange->ops->await_body(exchange);
        if (!has_input(exchange) && !exchange->body_ended && !exchange->body_broken &&
            exchange->connection != NULL) {
            enum status status = wait_for_body(exchange, timeout_ms);
            if (status != STATUS_OK) {
                return status;
            }
        }
    }
    return STATUS_OK;
}

static enum status read_within(struct http_exchange *exchange, int64_t timeout_ms,
                               struct text *ret_part)
{
    give_back_read(exchange);
    if (exchange->has_ahead) {
        exchange->has_ahead = false;
        *ret_part = exchange->ahead;
        return STATUS_OK;
    }
    enum status status = await_input(exchange, timeout_ms);
    if (status != STATUS_OK) {
        return status;
    }
    if (!has_input(exchange)) {
        *ret_part = (struct text){NULL, 0};
        return exchange->body_broken ? broken(exchange) : STATUS_OK;
    }
    swap_input(exchange);
    *ret_part = buffer_text(&exchange->reading);
    return STATUS_OK;
}

enum status http_read(struct http_exchange *exchange, struct text *ret_part)
{
    return read_within(exchange, exchange->server->body_timeout_ms, ret_part);
}

/* Takes up to all that has come to `length` bytes; what does so is acknowledged at once. */
static enum status await_more(struct http_exchange *exchange, size_t length)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK && exchange->input.length < length && !exchange->body_ended &&
           !exchange->body_broken) {
        exchange->seen_bytes = exchange->input.length;
        status = await_input(exchange, exchange->server->body_timeout_ms);
        acknowledge(exchange, exchange->input.length - exchange->seen_bytes);
    }
    exchange->seen_bytes = 0;
    return status == STATUS_OK && exchange->body_broken ? broken(exchange) : status;
}

enum status http_read_more(struct http_exchange *exchange, size_t bytes, struct text *part)
{
    struct buffer *reading = &exchange->reading;
    size_t offset = reading->length - part->length;
    size_t arrived = exchange->input.length;
    CHECK(part->data == reading->data + offset && bytes <= SIZE_MAX - offset);
    if (arrived > 0 && !buffer_append(reading, buffer_text(&exchange->input))) {
        return call_fail(&exchange->call, STATUS_RESOURCE_EXHAUSTED, "no memory for the body");
    }
    buffer_clear(&exchange->input);
    acknowledge(exchange, reading->length - exchange->acknowledged_bytes);
    /* What comes goes where the beginning is. */
    swap_input(exchange);
    enum status status = await_more(exchange, offset + bytes);
    swap_input(exchange);
    exchange->acknowledged_bytes = reading->length;
    *part = text_slice(buffer_text(reading), offset, reading->length);
    return status;
}

static enum status too_large(struct http_exchange *exchange, size_t bytes_max)
{
    return call_fail(&exchange->call, STATUS_RESOURCE_EXHAUSTED,
                     "the request's body is over %zu bytes", bytes_max);
}

struct collected {
    char *data;
    size_t length;
    size_t capacity;
};

static enum status collect(struct http_exchange *exchange, struct collected *body, struct text part,
                           size_t bytes_max)
{
    if (part.length > bytes_max - body->length) {
        return too_large(exchange, bytes_max);
    }
    size_t needed = body->length + part.length;
    if (needed > body->capacity) {
        size_t capacity = needed > 2 * body->capacity ? needed : 2 * body->capacity;
        char *data = arena_alloc(&exchange->arena, capacity);
        if (data == NULL) {
            return call_fail(&exchange->call, STATUS_RESOURCE_EXHAUSTED,
                             "the request is too large");
        }
        if (body->length > 0) {
            memcpy(data, body->data, body->length);
        }
        body->data = data;
        body->capacity = capacity;
    }
    memcpy(body->data + body->length, part.data, part.length);
    body->length = needed;
    return STATUS_OK;
}

/* What is left of the time that a body may take which is read whole: a peer must not hold a handler
 * by a byte now and then. */
static int64_t body_time_left_ms(const struct http_exchange *exchange, int64_t begun_ns,
                                 size_t received)
{
    int64_t earned_ms = (int64_t)received * 1000 / HTTP_BODY_RATE_MIN;
    int64_t passed_ms = (loop_now_ns(exchange->server->loop) - begun_ns) / CLOCK_NS_PER_MS;
    int64_t left_ms = exchange->server->body_timeout_ms + earned_ms - passed_ms;
    return left_ms > 0 ? left_ms : 1; /* to call_within(), 0 is no limit */
}

enum status http_read_all(struct http_exchange *exchange, size_t bytes_max, struct text *ret_body)
{
    struct collected body = {.data = NULL};
    int64_t begun_ns = loop_now_ns(exchange->server->loop);
    int64_t announced = exchange->request.content_length;
    if (announced > 0 && (uint64_t)announced > bytes_max) {
        return too_large(exchange, bytes_max);
    }
    for (;;) {
        struct text part = {NULL, 0};
        int64_t timeout_ms = body_time_left_ms(exchange, begun_ns, body.length);
        enum status status = read_within(exchange, timeout_ms, &part);
        if (status != STATUS_OK) {
            return status;
        }
        if (part.length == 0) {
            *ret_body = (struct text){body.data, body.length};
            return STATUS_OK;
        }
        status = collect(exchange, &body, part, bytes_max);
        if (status != STATUS_OK) {
            return status;
        }
    }
}

enum status http_read_ahead(struct http_exchange *exchange, size_t bytes_max, struct text *ret_body)
{
    enum status status = http_read_all(exchange, bytes_max, ret_body);
    if (status == STATUS_OK) {
        exchange->ahead = *ret_body;
        exchange->has_ahead = true;
    }
    return status;
}
