/* Whether a peer that says nothing is there still. */
#include "base/clock.h"
#include "support/in_fiber.h"
#include "unit/http/http2_frames.h"
#include "unit/http/http_scene.h"

enum { PING_BYTES = 8 };

#define SHORT_NS (20 * CLOCK_NS_PER_MS)
#define LONG_NS (3600 * CLOCK_NS_PER_S)

/* A client of ours and a server by hand. */
struct watch {
    struct http_scene scene;
    struct http2_client *client;
    struct raw_peer peer;
    size_t offset;
    unsigned closed;
};

static void on_closed(void *state)
{
    ((struct watch *)state)->closed++;
}

static void (*current_body)(struct watch *watch);

static void run(void *argument)
{
    (void)argument;
    struct watch watch = {.scene = {.loop = loop_current()}};
    struct http_transport *ends[2];
    const struct http2_client_events events = {.closed = on_closed, .state = &watch};
    arena_init(&watch.scene.arena, 16 * 1024 * 1024);
    call_init(&watch.scene.call, &watch.scene.arena, RAW_PEER_WAIT_MS);
    assert_int_equal(http_transport_pair(watch.scene.loop, &ends[0], &ends[1]), STATUS_OK);
    raw_peer_open(&watch.peer, ends[1]);
    assert_int_equal(http2_client_over(watch.scene.loop, ends[0], &events, &watch.client),
                     STATUS_OK);
    assert_true(raw_peer_await(&watch.peer, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
    watch.offset = 24;
    http2_frames_send(&watch.peer, FRAME_SETTINGS, 0, 0, TEXT(""));
    current_body(&watch);
    http2_client_destroy(watch.client);
    http_scene_settle();
    raw_peer_close(&watch.peer);
    arena_deinit(&watch.scene.arena);
}

static void run_watch(void (*body)(struct watch *watch))
{
    current_body = body;
    in_fiber(run, NULL);
}

/* The next PING or HEADERS. */
static struct http2_frame next_frame(struct watch *watch)
{
    struct http2_frame frame;
    do {
        assert_true(http2_frames_next(&watch->peer, &watch->offset, &frame));
    } while (frame.type != FRAME_PING && frame.type != FRAME_HEADERS);
    return frame;
}

static void answer_ping(struct watch *watch)
{
    struct http2_frame ping = next_frame(watch);
    char payload[PING_BYTES];
    assert_int_equal(ping.type, FRAME_PING);
    assert_int_equal(ping.flags & FLAG_ACK, 0);
    assert_int_equal(ping.payload.length, PING_BYTES);
    memcpy(payload, ping.payload.data, PING_BYTES);
    http2_frames_send(&watch->peer, FRAME_PING, FLAG_ACK, 0,
                      (struct text){payload, sizeof(payload)});
}

static struct http2_request *start(struct watch *watch)
{
    struct http2_request *request =
        http_scene_start(&watch->scene, watch->client, "POST", "/", true);
    assert_int_equal(next_frame(watch).type, FRAME_HEADERS);
    return request;
}

static void await_closed(struct watch *watch)
{
    while (watch->closed == 0) {
        assert_int_equal(fiber_sleep(&watch->scene.call, CLOCK_NS_PER_MS), STATUS_OK);
    }
}

static void lose_silent_peer(struct watch *watch)
{
    const struct http2_keepalive keepalive = {.time_ns = SHORT_NS, .timeout_ns = SHORT_NS};
    const struct http_header *headers;
    size_t count = 99;
    struct http2_request *request = start(watch);
    int64_t started_ns = clock_monotonic_ns();
    http2_client_keep_alive(watch->client, &keepalive);
    assert_int_equal(http2_request_headers(request, &headers, &count), STATUS_OK);
    assert_int_equal(count, 0);
    assert_int_equal(http2_request_outcome(request), HTTP2_CONNECTION_LOST);
    assert_true(clock_monotonic_ns() - started_ns >= SHORT_NS);
    http2_request_close(request);
    assert_int_equal(next_frame(watch).type, FRAME_PING);
    assert_int_equal(watch->closed, 1);
    assert_false(http2_client_is_usable(watch->client));
}

static void test_a_silent_peer_is_lost(void **state)
{
    (void)state;
    run_watch(lose_silent_peer);
}

/* The timeout is long against the time, so that answers always come within it. */
static void keep_answering_peer(struct watch *watch)
{
    const struct http2_keepalive keepalive = {.time_ns = CLOCK_NS_PER_MS,
                                              .timeout_ns = 500 * CLOCK_NS_PER_MS};
    struct http2_request *request = start(watch);
    http2_client_keep_alive(watch->client, &keepalive);
    for (int i = 0; i < 3; i++) {
        answer_ping(watch);
    }
    assert_int_equal(watch->closed, 0);
    await_closed(watch); /* when nobody answers any more */
    http2_request_close(request);
}

static void test_a_peer_that_answers_is_kept(void **state)
{
    (void)state;
    run_watch(keep_answering_peer);
}

/* Without requests nobody is asked; the next one asks at once, as there was silence long enough. */
static void leave_idle_peer(struct watch *watch)
{
    const struct http2_keepalive keepalive = {.time_ns = SHORT_NS, .timeout_ns = LONG_NS};
    http2_client_keep_alive(watch->client, &keepalive);
    assert_int_equal(fiber_sleep(&watch->scene.call, 3 * SHORT_NS), STATUS_OK);
    struct http2_request *request = start(watch); /* sees no PING before */
    answer_ping(watch);
    http2_request_close(request);
}

static void test_an_idle_peer_is_left_alone(void **state)
{
    (void)state;
    run_watch(leave_idle_peer);
}

static void ask_idle_peer(struct watch *watch)
{
    const struct http2_keepalive keepalive = {
        .time_ns = SHORT_NS, .timeout_ns = SHORT_NS, .without_requests = true};
    http2_client_keep_alive(watch->client, &keepalive);
    assert_int_equal(next_frame(watch).type, FRAME_PING);
    await_closed(watch);
}

static void test_an_idle_peer_may_be_asked(void **state)
{
    (void)state;
    run_watch(ask_idle_peer);
}

/* 2^63 - 1 ns of silence never come, and overflow nothing. */
static void never_ask(struct watch *watch)
{
    const struct http2_keepalive on = {.time_ns = SHORT_NS, .timeout_ns = SHORT_NS};
    const struct http2_keepalive never = {.time_ns = INT64_MAX, .timeout_ns = SHORT_NS};
    const struct http2_keepalive off = {.time_ns = 0, .timeout_ns = SHORT_NS};
    struct http2_request *request = start(watch);
    http2_client_keep_alive(watch->client, &on);
    http2_client_keep_alive(watch->client, &never);
    assert_int_equal(fiber_sleep(&watch->scene.call, 3 * SHORT_NS), STATUS_OK);
    http2_client_keep_alive(watch->client, &off);
    assert_int_equal(fiber_sleep(&watch->scene.call, 3 * SHORT_NS), STATUS_OK);
    struct http2_request *other = start(watch); /* sees no PING before */
    assert_int_equal(watch->closed, 0);
    http2_request_close(request);
    http2_request_close(other);
}

static void test_never_is_never(void **state)
{
    (void)state;
    run_watch(never_ask);
}

#define GOAWAY_CALM(words) TEXT("\0\0\0\0\0\0\0\x0b" words)

static void be_told_of_things(struct watch *watch)
{
    http2_frames_send(&watch->peer, FRAME_GOAWAY, 0, 0, GOAWAY_CALM("too_many_things"));
    await_closed(watch);
    assert_false(http2_client_asked_too_often(watch->client));
}

static void be_told_for_another_reason(struct watch *watch)
{
    http2_frames_send(&watch->peer, FRAME_GOAWAY, 0, 0, TEXT("\0\0\0\0\0\0\0\0too_many_pings"));
    await_closed(watch);
    assert_false(http2_client_asked_too_often(watch->client));
}

static void be_told_of_pings(struct watch *watch)
{
    http2_frames_send(&watch->peer, FRAME_GOAWAY, 0, 0, GOAWAY_CALM("too_many_pings"));
    await_closed(watch);
    assert_true(http2_client_asked_too_often(watch->client));
}

static void test_too_many_pings_are_noted(void **state)
{
    (void)state;
    run_watch(be_told_of_things);
    run_watch(be_told_for_another_reason);
    run_watch(be_told_of_pings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_silent_peer_is_lost),
        cmocka_unit_test(test_a_peer_that_answers_is_kept),
        cmocka_unit_test(test_an_idle_peer_is_left_alone),
        cmocka_unit_test(test_an_idle_peer_may_be_asked),
        cmocka_unit_test(test_never_is_never),
        cmocka_unit_test(test_too_many_pings_are_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
