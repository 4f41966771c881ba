/* Connections that are pinged too often, that have vanished, that nobody uses, that are too old. */
#include "http/http2_server_keepalive.h"

#include "base/clock.h"
#include "http/http_server_private.h"
#include "unit/http/http2_frames.h"
#include "unit/http/http_scene.h"

enum { ENHANCE_YOUR_CALM = 11 };

static void open_peer(struct http_scene *scene, struct raw_peer *peer)
{
    http_scene_connect(scene, peer);
    http2_frames_open(peer);
    http_scene_settle();
}

static void ping(struct raw_peer *peer)
{
    http2_frames_send(peer, FRAME_PING, 0, 0, TEXT("12345678"));
    http_scene_settle();
}

/* The next GOAWAY must have this code, last stream and word. */
static void expect_goaway(struct raw_peer *peer, size_t *offset, uint32_t last, uint32_t code,
                          const char *word)
{
    struct http2_frame frame;
    assert_true(http2_frames_find(peer, offset, FRAME_GOAWAY, &frame));
    assert_int_equal(http2_frames_number(&frame, 0), last);
    assert_int_equal(http2_frames_number(&frame, 4), code);
    struct text said = text_slice(frame.payload, 8, frame.payload.length);
    assert_true(text_equal(said, text_of(word)));
}

/* The next PING of the server. */
static void answer_ping(struct raw_peer *peer, size_t *offset)
{
    struct http2_frame frame;
    char opaque[8];
    do {
        assert_true(http2_frames_find(peer, offset, FRAME_PING, &frame));
    } while ((frame.flags & FLAG_ACK) != 0);
    memcpy(opaque, frame.payload.data, sizeof(opaque));
    http2_frames_send(peer, FRAME_PING, FLAG_ACK, 0, (struct text){opaque, sizeof(opaque)});
}

static void ping_too_often(struct http_scene *scene)
{
    struct raw_peer peer;
    size_t offset = 0;
    open_peer(scene, &peer);
    http2_frames_request(&peer, 1, "GET", "/wait", NULL, NULL, true);
    http_scene_await_entered(scene, 1);
    for (unsigned i = 0; i < 1 + HTTP2_PING_STRIKES_MAX; i++) {
        ping(&peer); /* the first comes after nothing */
        assert_false(peer.ended);
    }
    ping(&peer);
    expect_goaway(&peer, &offset, 1, ENHANCE_YOUR_CALM, "too_many_pings");
    assert_true(raw_peer_await_end(&peer));
    http_scene_await_left(scene, 1);
    assert_int_equal(scene->last_status, STATUS_CANCELLED);
    raw_peer_close(&peer);
}

/* What estimates the bandwidth pings for every few replies (BDP). */
static void ping_beside_calls(struct http_scene *scene)
{
    struct raw_peer peer;
    open_peer(scene, &peer);
    for (uint32_t i = 0; i < 20; i++) {
        raw_peer_forget(&peer);
        http2_frames_request(&peer, 2 * i + 1, "GET", "/hello", NULL, NULL, true);
        assert_true(raw_peer_await(&peer, "hello"));
        for (unsigned j = 0; j < 1 + HTTP2_PING_STRIKES_MAX; j++) {
            ping(&peer); /* the first one after the reply takes the strikes back */
            assert_false(peer.ended);
        }
    }
    raw_peer_close(&peer);
}

static void test_pings(void **state)
{
    (void)state;
    http_scene_run(ping_too_often, NULL);
    http_scene_run(ping_beside_calls, NULL);
}

/* At a permitted pace: with a call under way, or without one where that is permitted too. */
static void test_pace(void **state)
{
    (void)state;
    const int64_t interval_ns = 10 * CLOCK_NS_PER_MS;
    static const struct {
        bool permitted;
        bool has_calls;
        int64_t pace_percent;
        bool want;
    } cases[] = {
        {false, true, 100, true}, {false, true, 99, false}, {false, false, 100, false},
        {true, false, 100, true}, {true, false, 99, false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct http_server server = {.ping_interval_min_ms = 10};
        struct http2_server_keepalive keepalive = {.strikes = 0};
        int64_t now_ns = CLOCK_NS_PER_S;
        bool well = true;
        server.options.pings_without_calls = cases[i].permitted;
        for (unsigned j = 0; j < 10; j++) {
            well &= http2_server_keepalive_pinged(&keepalive, &server, cases[i].has_calls, now_ns);
            now_ns += interval_ns * cases[i].pace_percent / 100;
        }
        assert_int_equal(well, cases[i].want);
    }
    struct http_server server = {.ping_interval_min_ms = 10};
    struct http2_server_keepalive keepalive = {.strikes = 0};
    for (int64_t i = 1; i < 10; i++) {
        int64_t now_ns = i * HTTP2_PING_WITHOUT_CALLS_MS * CLOCK_NS_PER_MS;
        assert_true(http2_server_keepalive_pinged(&keepalive, &server, false, now_ns));
    }
}

/* Its host is gone: nothing comes any more, not even the end. */
static void vanish(struct http_scene *scene)
{
    struct raw_peer peer;
    struct raw_peer living;
    struct http2_frame frame;
    size_t offset = 0;
    size_t living_offset = 0;
    open_peer(scene, &peer);
    http2_frames_request(&peer, 1, "GET", "/wait", NULL, NULL, true);
    http_scene_await_entered(scene, 1);
    open_peer(scene, &living);
    for (unsigned i = 0; i < 3; i++) {
        answer_ping(&living, &living_offset);
    }
    http_scene_await_left(scene, 1);
    assert_int_equal(scene->last_status, STATUS_CANCELLED);
    assert_true(http2_frames_find(&peer, &offset, FRAME_PING, &frame));
    assert_true(raw_peer_await_end(&peer));
    http_scene_settle();
    assert_int_equal(http_server_exchange_count(scene->server), 0);
    assert_int_equal(http_server_connection_count(scene->server), 1);
    assert_false(living.ended);
    answer_ping(&living, &living_offset);
    raw_peer_close(&peer);
    raw_peer_close(&living);
}

static void test_vanished(void **state)
{
    (void)state;
    static const struct http_server_options options = {.keepalive_time_ms = 60,
                                                       .keepalive_timeout_ms = 50};
    http_scene_run(vanish, &options);
}

/* A request that was under way when the server grew tired of waiting is served still. */
static void idle(struct http_scene *scene)
{
    struct raw_peer peer;
    size_t offset = 0;
    open_peer(scene, &peer);
    expect_goaway(&peer, &offset, 0x7fffffff, 0, "");
    http2_frames_request(&peer, 1, "GET", "/hello", NULL, NULL, true);
    answer_ping(&peer, &offset);
    expect_goaway(&peer, &offset, 1, 0, "max_idle");
    assert_true(raw_peer_await(&peer, "hello"));
    assert_true(raw_peer_await_end(&peer));
    raw_peer_close(&peer);
}

static void test_idle(void **state)
{
    (void)state;
    static const struct http_server_options options = {.idle_timeout_ms = 50};
    http_scene_run(idle, &options);
}

static double lowest(void)
{
    return 0;
}

static double middle(void)
{
    return 0.5;
}

static void test_jitter(void **state)
{
    (void)state;
    struct http_server server = {.options = {.connection_age_max_ms = 1000}};
    server.options.age_fraction = lowest;
    assert_int_equal(http_server_age_due_ns(&server, 7), 7 + 900 * CLOCK_NS_PER_MS);
    server.options.age_fraction = middle;
    assert_int_equal(http_server_age_due_ns(&server, 7), 7 + 1000 * CLOCK_NS_PER_MS);
    server.options.age_fraction = NULL;
    int64_t least_ns = INT64_MAX;
    int64_t most_ns = 0;
    for (unsigned i = 0; i < 1000; i++) {
        int64_t age_ns = http_server_age_due_ns(&server, 0);
        least_ns = age_ns < least_ns ? age_ns : least_ns;
        most_ns = age_ns > most_ns ? age_ns : most_ns;
    }
    assert_in_range(least_ns, 900 * CLOCK_NS_PER_MS, 920 * CLOCK_NS_PER_MS);
    assert_in_range(most_ns, 1080 * CLOCK_NS_PER_MS, 1100 * CLOCK_NS_PER_MS);
    server.options.connection_age_max_ms = 0;
    assert_int_equal(http_server_age_due_ns(&server, 7), INT64_MAX);
}

/* What runs is finished; what is idle is told, over HTTP/1.1 by closing. */
static void grow_old(struct http_scene *scene)
{
    struct raw_peer peer;
    struct raw_peer plain;
    size_t offset = 0;
    open_peer(scene, &peer);
    http_scene_connect(scene, &plain);
    raw_peer_say(&plain, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(raw_peer_await(&plain, "hello"));
    http2_frames_request(&peer, 1, "GET", "/wait", NULL, NULL, true);
    http_scene_await_entered(scene, 1);
    expect_goaway(&peer, &offset, 0x7fffffff, 0, "");
    answer_ping(&peer, &offset);
    expect_goaway(&peer, &offset, 1, 0, "max_age");
    assert_int_equal(scene->left, 0);
    http_scene_open_gate(scene);
    assert_true(raw_peer_await(&peer, "waited"));
    assert_true(raw_peer_await_end(&peer));
    assert_true(raw_peer_await_end(&plain));
    assert_int_equal(scene->last_status, STATUS_OK);
    raw_peer_close(&peer);
    raw_peer_close(&plain);
}

/* The handler does not end: after the grace, its call does. */
static void outlive_grace(struct http_scene *scene)
{
    struct raw_peer peer;
    struct raw_peer plain;
    open_peer(scene, &peer);
    http2_frames_request(&peer, 1, "GET", "/wait", NULL, NULL, true);
    http_scene_connect(scene, &plain);
    raw_peer_say(&plain, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    http_scene_await_entered(scene, 2);
    http_scene_await_left(scene, 2);
    assert_int_equal(scene->last_status, STATUS_CANCELLED);
    assert_true(raw_peer_await_end(&peer));
    assert_true(raw_peer_await_end(&plain));
    raw_peer_close(&peer);
    raw_peer_close(&plain);
}

static void test_age(void **state)
{
    (void)state;
    static const struct http_server_options patient = {.connection_age_max_ms = 60,
                                                       .age_fraction = lowest};
    static const struct http_server_options strict = {
        .connection_age_max_ms = 40, .connection_age_grace_ms = 30, .age_fraction = middle};
    http_scene_run(grow_old, &patient);
    http_scene_run(outlive_grace, &strict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pings),    cmocka_unit_test(test_pace),
        cmocka_unit_test(test_vanished), cmocka_unit_test(test_idle),
        cmocka_unit_test(test_jitter),   cmocka_unit_test(test_age),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
