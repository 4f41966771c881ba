/* Any bytes as HTTP/1.1 requests: to the parser, where cutting them must change nothing, and to a
 * server, which must answer or hang up and keep nothing. The first byte says where they are cut. */
#include <stdlib.h>

#include "http/http1_parser.h"
#include "http/http_server.h"
#include "http/http_transport.h"
#include "loop/fiber.h"
#include "loop/loop.h"

enum { TURNS_MAX = 1000 };

static void check_parser(struct text bytes, size_t cut)
{
    struct http1_refusal refusal = {0, NULL};
    struct http1_refusal cut_refusal = {0, NULL};
    struct http1_scan scan = {.offset = 0};
    size_t length = 0;
    size_t cut_length = 0;
    enum http1_result result = http1_scan(&scan, bytes, &length, &refusal);

    scan = (struct http1_scan){.offset = 0};
    enum http1_result cut_result =
        http1_scan(&scan, text_slice(bytes, 0, cut), &cut_length, &cut_refusal);
    if (cut_result == HTTP1_MORE) {
        cut_result = http1_scan(&scan, bytes, &cut_length, &cut_refusal);
    }
    CHECK(result == cut_result && length == cut_length && refusal.status == cut_refusal.status);
    if (result == HTTP1_DONE) {
        struct http1_head head;
        char *copy = malloc(length);
        CHECK(copy != NULL && length <= HTTP1_HEAD_BYTES_MAX);
        memcpy(copy, bytes.data, length);
        if (http1_parse(copy, length, &head, &refusal) == HTTP1_DONE) {
            CHECK(head.method.length > 0 && head.target.length > 0);
            CHECK(head.content_length == 0 || !head.is_chunked);
        }
        free(copy);
    }
}

static void echo(void *state, struct http_exchange *exchange)
{
    struct text body = {NULL, 0};
    (void)state;
    enum status status = http_read_all(exchange, HTTP_BODY_BYTES_MAX, &body);
    if (status == STATUS_OK) {
        http_reply(exchange, &(struct http_reply){.status = 200, .body = body});
    } else {
        http_reply_problem(exchange, status);
    }
}

static const struct http_route routes[] = {
    {NULL, "/*", echo, NULL},
};

/* A client that says the bytes in two pieces and leaves. */
struct visit {
    struct http_server *server;
    struct http_transport *transport;
    struct text bytes;
    size_t cut;
    unsigned turns;
    bool ended;
};

static void on_received(void *state, struct text bytes)
{
    (void)state;
    (void)bytes;
}

static void on_drained(void *state)
{
    (void)state;
}

static void on_ended(void *state)
{
    struct visit *visit = state;
    visit->ended = true;
}

static void say(struct visit *visit, struct text bytes)
{
    if (!visit->ended) {
        (void)visit->transport->ops->write(visit->transport->state, bytes); /* as much as fits */
    }
    for (unsigned i = 0; i < 8; i++) {
        fiber_yield();
    }
}

static void run_visit(void *argument)
{
    struct visit *visit = argument;
    CHECK(http_server_connect_loopback(visit->server, &visit->transport) == STATUS_OK);
    visit->transport->events = (struct http_transport_events){
        .received = on_received,
        .drained = on_drained,
        .ended = on_ended,
        .state = visit,
    };
    say(visit, text_slice(visit->bytes, 0, visit->cut));
    say(visit, text_slice(visit->bytes, visit->cut, visit->bytes.length));
    visit->transport->ops->close(visit->transport->state);
}

static bool is_over(void *argument)
{
    struct visit *visit = argument;
    CHECK(visit->turns++ < TURNS_MAX);
    return fiber_count(loop_current()) == 0 && http_server_connection_count(visit->server) == 0;
}

static void check_server(struct text bytes, size_t cut)
{
    struct loop *loop;
    struct visit visit = {.bytes = bytes, .cut = cut};
    struct http_server_options options = {.routes = routes, .route_count = ARRAY_LENGTH(routes)};
    CHECK(loop_create(&loop) == STATUS_OK);
    CHECK(http_server_create(loop, &options, &visit.server) == STATUS_OK);
    CHECK(fiber_start(loop, run_visit, &visit) == STATUS_OK);
    loop_run_until(loop, is_over, &visit);
    CHECK(http_server_exchange_count(visit.server) == 0);
    http_server_destroy(visit.server);
    loop_destroy(loop);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0) {
        struct text bytes = {(const char *)data + 1, size - 1};
        size_t cut = data[0] < bytes.length ? data[0] : bytes.length;
        check_parser(bytes, cut);
        check_server(bytes, cut);
    }
    return 0;
}
