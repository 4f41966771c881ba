/* Reading a request's body. */
#include "base/clock.h"
#include "http/http_exchange.h"
#include "http/http_server_private.h"

static void give_back_read(struct http_exchange *exchange)
{
    size_t length = exchange->reading.length;
    if (length > 0) {
        buffer_clear(&exchange->reading);
        if (exchange->connection != NULL) {
            exchange->ops->consumed(exchange, length);
        }
    }
}

static bool lend_input(struct http_exchange *exchange, struct text *ret_part)
{
    if (exchange->input.length == 0) {
        return false;
    }
    struct buffer empty = exchange->reading;
    exchange->reading = exchange->input;
    exchange->input = empty;
    *ret_part = buffer_text(&exchange->reading);
    return true;
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

static enum status read_within(struct http_exchange *exchange, int64_t timeout_ms,
                               struct text *ret_part)
{
    give_back_read(exchange);
    for (;;) {
        if (lend_input(exchange, ret_part)) {
            return STATUS_OK;
        }
        if (exchange->body_broken) {
            return broken(exchange);
        }
        if (exchange->body_ended) {
            *ret_part = (struct text){NULL, 0};
            return STATUS_OK;
        }
        if (exchange->connection == NULL) {
            return STATUS_CANCELLED;
        }
        exchange->ops->await_body(exchange);
        if (exchange->input.length == 0 && !exchange->body_ended && !exchange->body_broken &&
            exchange->connection != NULL) {
            enum status status = wait_for_body(exchange, timeout_ms);
            if (status != STATUS_OK) {
                return status;
            }
        }
    }
}

enum status http_read(struct http_exchange *exchange, struct text *ret_part)
{
    return read_within(exchange, exchange->server->body_timeout_ms, ret_part);
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
