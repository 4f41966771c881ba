#include "support/http_loopback.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "http/http_transport.h"
#include "loop/fiber.h"
#include "support/cmocka_test.h"

enum { REPLY_BYTES_MAX = 16 * 1024 * 1024 };

struct exchange {
    struct http_transport *transport;
    struct text rest; /* of the request */
    struct buffer reply;
    struct fiber_wait ended;
};

static void on_received(void *state, struct text bytes)
{
    struct exchange *exchange = state;
    assert_true(buffer_append(&exchange->reply, bytes));
}

static void send_rest(void *state)
{
    struct exchange *exchange = state;
    struct http_transport *transport = exchange->transport;
    if (exchange->rest.length == 0) {
        return;
    }
    ssize_t sent = transport->ops->write(transport->state, exchange->rest);
    if (sent > 0) {
        exchange->rest = text_slice(exchange->rest, (size_t)sent, exchange->rest.length);
    }
}

static void on_ended(void *state)
{
    struct exchange *exchange = state;
    fiber_wait_signal(&exchange->ended);
}

static size_t find(struct text text, struct text part)
{
    for (size_t i = 0; i + part.length <= text.length; i++) {
        if (memcmp(text.data + i, part.data, part.length) == 0) {
            return i;
        }
    }
    return text.length;
}

static struct http_loopback_reply parse(struct call *call, struct text bytes)
{
    uint64_t status;
    struct text reply = arena_copy(call->arena, bytes);
    size_t end = find(reply, TEXT("\r\n\r\n"));
    assert_true(end < reply.length);
    assert_true(text_starts_with(reply, TEXT("HTTP/1.1 ")));
    assert_true(text_to_u64(text_slice(reply, 9, 12), &status));
    return (struct http_loopback_reply){
        .status = (int)status,
        .head = text_slice(reply, 0, end + 2),
        .body = text_slice(reply, end + 4, reply.length),
    };
}

struct http_loopback_reply http_loopback_send(struct http_server *server, struct call *call,
                                              const char *method, const char *target,
                                              const char *body)
{
    return http_loopback_send_with(server, call, method, target, NULL, body);
}

struct http_loopback_reply http_loopback_send_with(struct http_server *server, struct call *call,
                                                   const char *method, const char *target,
                                                   const char *headers, const char *body)
{
    struct exchange exchange;
    struct http_transport *transport = NULL;
    struct text content = text_of(body);
    struct text request = arena_format(call->arena,
                                       "%s %s HTTP/1.1\r\nhost: localhost\r\nconnection: "
                                       "close\r\n%scontent-length: %zu\r\n\r\n%.*s",
                                       method, target, headers != NULL ? headers : "",
                                       content.length, TEXT_ARGUMENTS(content));
    buffer_init(&exchange.reply, REPLY_BYTES_MAX);
    fiber_wait_init(&exchange.ended);
    assert_non_null(request.data);
    assert_int_equal(http_server_connect_loopback(server, &transport), STATUS_OK);
    exchange.transport = transport;
    exchange.rest = request;
    transport->events = (struct http_transport_events){on_received, send_rest, on_ended, &exchange};
    send_rest(&exchange);
    assert_int_equal(fiber_wait(call, &exchange.ended), STATUS_OK);
    transport->ops->close(transport->state);
    struct http_loopback_reply reply = parse(call, buffer_text(&exchange.reply));
    buffer_deinit(&exchange.reply);
    return reply;
}

struct text http_loopback_header(const struct http_loopback_reply *reply, const char *name)
{
    struct text rest = reply->head;
    while (rest.data != NULL) {
        struct text value = text_next(&rest, '\n');
        if (text_equal_ignoring_case(text_next(&value, ':'), text_of(name))) {
            return text_trim(text_slice(value, 0, value.length - 1));
        }
    }
    return (struct text){NULL, 0};
}
