#include "support/wire_http.h"

#include "base/arena.h"
#include "http/tcp_connect.h"
#include "http/tcp_transport.h"
#include "loop/loop.h"
#include "support/cmocka_test.h"
#include "unit/http/raw_peer.h"

bool wire_http_holds(struct text text, const char *words)
{
    return text.length > 0 && memmem(text.data, text.length, words, strlen(words)) != NULL;
}

/* The length of what a HEAD would be answered with says nothing about what comes. */
static struct wire_reply parse(struct text request, struct text bytes)
{
    struct wire_reply reply = {.status = 0};
    uint64_t status;
    const char *end =
        bytes.length > 0 ? memmem(bytes.data, bytes.length, "\r\n\r\n", 4) : (const char *)NULL;
    if (end == NULL || !text_starts_with(bytes, TEXT("HTTP/1.1 ")) ||
        !text_to_u64(text_slice(bytes, 9, 12), &status)) {
        return reply;
    }
    size_t head = (size_t)(end - bytes.data) + 4;
    reply.status = (int)status;
    reply.head = text_slice(bytes, 0, head - 2);
    reply.body = text_slice(bytes, head, bytes.length);
    struct text length = wire_http_header(&reply, "content-length");
    uint64_t body_bytes;
    if (length.data != NULL && !text_starts_with(request, TEXT("HEAD "))) {
        assert_true(text_to_u64(length, &body_bytes));
        assert_true(body_bytes <= reply.body.length);
        reply.body = text_slice(reply.body, 0, (size_t)body_bytes);
    }
    return reply;
}

struct wire_reply wire_http_send(struct call *call, const char *address, struct text request)
{
    struct http_transport *transport;
    struct raw_peer peer;
    int fd;
    assert_int_equal(tcp_connect(loop_current(), call, text_of(address), &fd), STATUS_OK);
    assert_int_equal(tcp_transport_create(loop_current(), fd, &transport), STATUS_OK);
    raw_peer_open(&peer, transport);
    raw_peer_send(&peer, request);
    assert_true(raw_peer_await_end(&peer));
    struct text bytes = arena_copy(call->arena, buffer_text(&peer.received));
    assert_non_null(bytes.data);
    raw_peer_close(&peer);
    return parse(request, bytes);
}

struct wire_reply wire_http_ask(struct call *call, const char *address, const char *method,
                                const char *target, const char *headers, const char *body)
{
    struct text content = text_of(body);
    struct text length = {"", 0};
    if (body != NULL) {
        length = arena_format(call->arena, "content-length: %zu\r\n", content.length);
    }
    struct text request = arena_format(
        call->arena, "%s %s HTTP/1.1\r\nhost: %s\r\nconnection: close\r\n%s%.*s\r\n%.*s", method,
        target, address, headers, TEXT_ARGUMENTS(length), TEXT_ARGUMENTS(content));
    assert_non_null(request.data);
    return wire_http_send(call, address, request);
}

struct wire_reply wire_http_get(struct call *call, const char *address, const char *target)
{
    return wire_http_ask(call, address, "GET", target, "", NULL);
}

struct text wire_http_header(const struct wire_reply *reply, const char *name)
{
    struct text rest = reply->head;
    while (rest.data != NULL) {
        struct text value = text_next(&rest, '\n');
        if (text_equal_ignoring_case(text_next(&value, ':'), text_of(name))) {
            return text_trim(text_slice(value, 0, value.length > 0 ? value.length - 1 : 0));
        }
    }
    return (struct text){NULL, 0};
}
