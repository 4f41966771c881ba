/* Floods of frames over HTTP/2: what is within the budget is served, what is past it ends the
 * connection with ENHANCE_YOUR_CALM, and nothing stays behind. */
#include "http2/http2_budget.h"
#include "http2/http2_session.h"
#include "unit/http/http2_frames.h"
#include "unit/http/http_scene.h"

enum {
    ENHANCE_YOUR_CALM = 11,
    CANCEL = 8,
    SPENT = 1, /* on the SETTINGS of the beginning; its stream gives some back */
    UNKNOWN_TYPE = 0xbe,
    BURST = 50, /* frames between two looks whether the server has had enough */
};

struct flood {
    const char *name;
    unsigned type;
    unsigned flags;
    uint32_t stream_id;
    struct text payload;
};

static const struct flood floods[] = {
    {"answers to pings that nobody sent", FRAME_PING, FLAG_ACK, 0, TEXT_INIT("12345678")},
    {"SETTINGS", FRAME_SETTINGS, 0, 0, TEXT_INIT("\0\4\0\0\xff\xff")},
    {"empty SETTINGS", FRAME_SETTINGS, 0, 0, TEXT_INIT("")},
    {"PRIORITY", FRAME_PRIORITY, 0, 101, TEXT_INIT("\0\0\0\1\x10")},
    {"PRIORITY_UPDATE", 0x10, 0, 0, TEXT_INIT("\0\0\0\1u=1")},
    {"empty DATA", FRAME_DATA, 0, 1, TEXT_INIT("")},
    {"windows opened by a byte", FRAME_WINDOW_UPDATE, 0, 0, TEXT_INIT("\0\0\0\1")},
    {"a stream's window by a byte", FRAME_WINDOW_UPDATE, 0, 1, TEXT_INIT("\0\0\0\1")},
    {"unknown frames", UNKNOWN_TYPE, 0, 0, TEXT_INIT("abc")},
};

static void await_goaway(struct raw_peer *peer, uint32_t want_code)
{
    struct http2_frame frame;
    size_t offset = 0;
    assert_true(http2_frames_find(peer, &offset, FRAME_GOAWAY, &frame));
    assert_int_equal(http2_frames_number(&frame, 4), want_code);
    assert_true(raw_peer_await_end(peer));
}

static void expect_nothing_left(struct http_scene *scene)
{
    http_scene_settle();
    assert_int_equal(http_server_exchange_count(scene->server), 0);
    assert_int_equal(http_server_connection_count(scene->server), 0);
}

static void send_many(struct raw_peer *peer, const struct flood *flood, unsigned count)
{
    for (unsigned i = 0; i < count && !peer->ended; i++) {
        http2_frames_send(peer, flood->type, flood->flags, flood->stream_id, flood->payload);
        if (i % BURST == 0) {
            fiber_yield();
        }
    }
}

static void flood_each(struct http_scene *scene)
{
    for (size_t i = 0; i < ARRAY_LENGTH(floods); i++) {
        struct raw_peer peer;
        struct http2_frame frame;
        size_t offset = 0;
        print_message("%s\n", floods[i].name);
        http_scene_connect(scene, &peer);
        http2_frames_open(&peer);
        http2_frames_request(&peer, 1, "POST", "/echo", NULL, NULL, false);
        send_many(&peer, &floods[i], HTTP2_CONTROLS_MAX - SPENT);
        http2_frames_request(&peer, 3, "GET", "/hello", NULL, NULL, true);
        do {
            assert_true(http2_frames_find(&peer, &offset, FRAME_DATA, &frame));
        } while (frame.stream_id != 3);
        assert_true(text_equal(frame.payload, TEXT("hello")));
        send_many(&peer, &floods[i], 2 * HTTP2_CONTROLS_MAX);
        await_goaway(&peer, ENHANCE_YOUR_CALM);
        raw_peer_close(&peer);
        expect_nothing_left(scene);
    }
}

static void test_floods(void **state)
{
    (void)state;
    http_scene_run(flood_each, NULL);
}

/* Two of four requests are cancelled, far past the burst: each reply pays for a reset. */
static void cancel_often(struct http_scene *scene)
{
    struct raw_peer peer;
    struct http2_frame frame;
    size_t offset = 0;
    uint32_t stream_id = 1;
    http_scene_connect(scene, &peer);
    http2_frames_open(&peer);
    for (unsigned i = 0; i < 2 * HTTP2_RESETS_MAX; i++) {
        http2_frames_request(&peer, stream_id, "GET", "/wait", NULL, NULL, true);
        http2_frames_request(&peer, stream_id + 2, "GET", "/hello", NULL, NULL, true);
        http2_frames_send_number(&peer, FRAME_RST_STREAM, stream_id, CANCEL);
        assert_true(http2_frames_find(&peer, &offset, FRAME_DATA, &frame));
        assert_int_equal(frame.stream_id, stream_id + 2);
        stream_id += 4;
    }
    raw_peer_close(&peer);
    expect_nothing_left(scene);
}

static void test_honest_cancels(void **state)
{
    (void)state;
    http_scene_run(cancel_often, NULL);
}

/* RST_STREAM with any code is one. */
static void reset_rapidly(struct http_scene *scene)
{
    for (uint32_t code = 0; code <= CANCEL; code += CANCEL) {
        struct raw_peer peer;
        http_scene_connect(scene, &peer);
        http2_frames_open(&peer);
        for (uint32_t i = 0; i < 2 * HTTP2_RESETS_MAX && !peer.ended; i++) {
            http2_frames_request(&peer, 2 * i + 1, "GET", "/wait", NULL, NULL, true);
            http2_frames_send_number(&peer, FRAME_RST_STREAM, 2 * i + 1, code);
        }
        await_goaway(&peer, ENHANCE_YOUR_CALM);
        raw_peer_close(&peer);
        expect_nothing_left(scene);
    }
}

static void test_rapid_resets(void **state)
{
    (void)state;
    http_scene_run(reset_rapidly, NULL);
}

/* Handlers that do not hear of it when their stream is reset: no more of them than streams. */
static void leave_handlers_behind(struct http_scene *scene)
{
    enum { STREAMS = 10 };
    struct raw_peer peer;
    struct http2_frame frame;
    size_t offset = 0;
    http_scene_connect(scene, &peer);
    http2_frames_open(&peer);
    for (uint32_t i = 0; i < STREAMS; i++) {
        http2_frames_request(&peer, 2 * i + 1, "GET", "/stubborn", NULL, NULL, true);
        http_scene_await_entered(scene, i + 1);
        http2_frames_send_number(&peer, FRAME_RST_STREAM, 2 * i + 1, CANCEL);
    }
    http2_frames_request(&peer, 2 * STREAMS + 1, "GET", "/hello", NULL, NULL, true);
    assert_true(http2_frames_find(&peer, &offset, FRAME_RST_STREAM, &frame));
    assert_int_equal(frame.stream_id, 2 * STREAMS + 1);
    assert_int_equal(http2_frames_number(&frame, 0), 7); /* REFUSED_STREAM: safe to try again */
    assert_int_equal(scene->entered, STREAMS);
    http_scene_open_gate(scene);
    http_scene_await_left(scene, 1);
    http2_frames_request(&peer, 2 * STREAMS + 3, "GET", "/hello", NULL, NULL, true);
    assert_true(http2_frames_find(&peer, &offset, FRAME_DATA, &frame));
    assert_int_equal(frame.stream_id, 2 * STREAMS + 3);
    raw_peer_close(&peer);
    http_scene_settle();
    assert_int_equal(http_server_connection_count(scene->server), 0);
    assert_int_equal(http_server_exchange_count(scene->server), STREAMS - 1);
    for (uint32_t i = 1; i < STREAMS; i++) {
        http_scene_open_gate(scene);
    }
    http_scene_await_left(scene, STREAMS);
    expect_nothing_left(scene);
}

static void test_handlers_left_behind(void **state)
{
    (void)state;
    static const struct http_server_options options = {.streams_max = 10};
    http_scene_run(leave_handlers_behind, &options);
}

static void continue_block(struct http_scene *scene, unsigned count, bool is_served)
{
    struct raw_peer peer;
    struct http2_frame frame;
    size_t offset = 0;
    http_scene_connect(scene, &peer);
    http2_frames_open(&peer);
    /* GET, http, /, authority a: complete already in the first. */
    http2_frames_send(&peer, FRAME_HEADERS, FLAG_END_STREAM, 1,
                      TEXT("\x82\x86\x84\x01\x01"
                           "a"));
    for (unsigned i = 1; i <= count; i++) {
        http2_frames_send(&peer, FRAME_CONTINUATION, i == count ? FLAG_END_HEADERS : 0, 1,
                          TEXT(""));
    }
    if (is_served) {
        assert_true(http2_frames_find(&peer, &offset, FRAME_HEADERS, &frame));
    } else {
        await_goaway(&peer, ENHANCE_YOUR_CALM);
    }
    raw_peer_close(&peer);
    expect_nothing_left(scene);
}

static void continue_blocks(struct http_scene *scene)
{
    continue_block(scene, HTTP2_CONTINUATIONS_MAX, true);
    continue_block(scene, HTTP2_CONTINUATIONS_MAX + 1, false);
}

static void test_continuations(void **state)
{
    (void)state;
    http_scene_run(continue_blocks, NULL);
}

/* Windows that stay closed, or open by a byte now and then, hold a complete reply for no longer
 * than the body timeout. */
static void close_windows(struct http_scene *scene)
{
    struct raw_peer peer;
    http_scene_connect(scene, &peer);
    raw_peer_say(&peer, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    http2_frames_send(&peer, FRAME_SETTINGS, 0, 0, TEXT("\0\4\0\0\0\0"));
    http2_frames_request(&peer, 1, "GET", "/large?bytes=500000", NULL, NULL, true);
    while (!peer.ended) {
        http2_frames_send_number(&peer, FRAME_WINDOW_UPDATE, 1, 1);
        assert_int_equal(fiber_sleep(&scene->call, 1000 * 1000), STATUS_OK);
    }
    await_goaway(&peer, ENHANCE_YOUR_CALM);
    raw_peer_close(&peer);
    expect_nothing_left(scene);
}

/* A stream whose reply goes on may stand still for the idle time. */
static void let_stream_stand(struct http_scene *scene)
{
    struct raw_peer peer;
    struct http2_frame frame;
    size_t offset = 0;
    http_scene_connect(scene, &peer);
    raw_peer_say(&peer, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    http2_frames_send(&peer, FRAME_SETTINGS, 0, 0, TEXT("\0\4\0\0\0\0"));
    http2_frames_request(&peer, 1, "GET", "/flood?bytes=16777216", NULL, NULL, true);
    http_scene_await_entered(scene, 1);
    assert_int_equal(fiber_sleep(&scene->call, 100 * 1000 * 1000), STATUS_OK); /* twice its time */
    assert_false(peer.ended);
    http2_frames_send_number(&peer, FRAME_WINDOW_UPDATE, 1, 1000);
    assert_true(http2_frames_find(&peer, &offset, FRAME_DATA, &frame));
    await_goaway(&peer, ENHANCE_YOUR_CALM);
    http_scene_await_left(scene, 1);
    raw_peer_close(&peer);
    expect_nothing_left(scene);
}

static void test_window_games(void **state)
{
    (void)state;
    static const struct http_server_options whole = {.body_timeout_ms = 60};
    static const struct http_server_options parts = {.body_timeout_ms = 50, .idle_timeout_ms = 400};
    http_scene_run(close_windows, &whole);
    http_scene_run(let_stream_stand, &parts);
}

/* A byte now and then does not keep a body's reader waiting for ever. */
static void trickle_body(struct http_scene *scene)
{
    struct raw_peer peers[2];
    for (unsigned i = 0; i < 2; i++) {
        http_scene_connect(scene, &peers[i]);
    }
    http2_frames_open(&peers[0]);
    http2_frames_request(&peers[0], 1, "POST", "/read", NULL, NULL, false);
    raw_peer_say(&peers[1], "POST /read HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n");
    http_scene_await_entered(scene, 2);
    while (scene->left < 2) {
        http2_frames_send(&peers[0], FRAME_DATA, 0, 1, TEXT("a"));
        raw_peer_say(&peers[1], "a");
        assert_int_equal(fiber_sleep(&scene->call, 5 * 1000 * 1000), STATUS_OK);
    }
    assert_int_equal(scene->last_status, STATUS_DEADLINE_EXCEEDED);
    for (unsigned i = 0; i < 2; i++) {
        raw_peer_close(&peers[i]);
    }
    expect_nothing_left(scene);
}

static void test_trickled_body(void **state)
{
    (void)state;
    static const struct http_server_options options = {.body_timeout_ms = 100};
    http_scene_run(trickle_body, &options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_floods),        cmocka_unit_test(test_honest_cancels),
        cmocka_unit_test(test_rapid_resets),  cmocka_unit_test(test_handlers_left_behind),
        cmocka_unit_test(test_continuations), cmocka_unit_test(test_window_games),
        cmocka_unit_test(test_trickled_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
