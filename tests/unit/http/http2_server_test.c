/* What an HTTP/2 client sees of the server, frame by frame where that matters. */
#include "base/clock.h"
#include "http2/http2_budget.h"
#include "http2/http2_session.h"
#include "unit/http/http2_frames.h"
#include "unit/http/http_scene.h"

static void open_raw(struct http_scene *scene, struct raw_peer *peer)
{
    http_scene_connect(scene, peer);
    http2_frames_open(peer);
}

static void reply_with_trailers_only(struct http_scene *scene)
{
    struct http2_client *client = http_scene_connect_http2(scene);
    struct http_answer answer =
        http_scene_ask(scene, client, "GET", "/trailers-only", (struct text){NULL, 0});
    assert_true(answer.headers_only);
    assert_int_equal(answer.trailer_count, 0);
    assert_int_equal(answer.body.length, 0);
    assert_true(text_equal(http_answer_header(&answer, "x-sum"), TEXT("42")));
    assert_true(text_equal(http_answer_header(&answer, "content-type"), TEXT("text/plain")));
    http2_client_destroy(client);

    /* One frame and no other on the stream. */
    struct raw_peer peer;
    struct http2_frame frame;
    size_t offset = 0;
    open_raw(scene, &peer);
    http2_frames_request(&peer, 1, "GET", "/trailers-only", NULL, NULL, true);
    assert_true(http2_frames_find(&peer, &offset, FRAME_HEADERS, &frame));
    assert_int_equal(frame.flags, FLAG_END_HEADERS | FLAG_END_STREAM);
    http_scene_settle();
    assert_int_equal(peer.received.length, offset);
    raw_peer_close(&peer);
}

static void test_trailers_only(void **state)
{
    (void)state;
    http_scene_run(reply_with_trailers_only, NULL);
}

/* The reply is whole, then the rest of the request is refused, without an error. */
static void reply_early(struct http_scene *scene)
{
    static const struct {
        const char *method;
        const char *path;
        unsigned want_types[4];
        size_t want_count;
    } rows[] = {
        {"POST", "/ignore", {FRAME_HEADERS, FRAME_DATA, FRAME_RST_STREAM}, 3},
        {"GET", "/parts", {FRAME_HEADERS, FRAME_DATA, FRAME_HEADERS, FRAME_RST_STREAM}, 4},
        {"POST", "/trailers-only", {FRAME_HEADERS, FRAME_RST_STREAM}, 2},
        {"GET", "/absent", {FRAME_HEADERS, FRAME_DATA, FRAME_RST_STREAM}, 3},
        {"GET", "/empty", {FRAME_HEADERS, FRAME_RST_STREAM}, 2},
    };
    struct raw_peer peer;
    size_t offset = 0;
    open_raw(scene, &peer);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        uint32_t stream_id = (uint32_t)(2 * i + 1);
        http2_frames_request(&peer, stream_id, rows[i].method, rows[i].path, NULL, NULL, false);
        unsigned last_type = FRAME_SETTINGS;
        for (size_t j = 0; j < rows[i].want_count;) {
            struct http2_frame frame;
            assert_true(http2_frames_next(&peer, &offset, &frame));
            if (frame.stream_id != stream_id ||
                (frame.type == FRAME_DATA && last_type == FRAME_DATA)) {
                continue;
            }
            assert_int_equal(frame.type, rows[i].want_types[j]);
            if (frame.type == FRAME_RST_STREAM) {
                assert_int_equal(http2_frames_number(&frame, 0), 0);
            }
            last_type = frame.type;
            j++;
        }
    }
    http_scene_settle();
    assert_int_equal(http_server_exchange_count(scene->server), 0);
    raw_peer_close(&peer);
}

static void test_early_reply(void **state)
{
    (void)state;
    http_scene_run(reply_early, NULL);
}

static struct http_answer ask_with_header(struct http_scene *scene, struct http2_client *client,
                                          struct text path, const char *name, struct text value)
{
    struct http2_request *request = NULL;
    struct http_answer answer = {.status = 0};
    const struct http_header *headers;
    uint64_t status = 0;
    const struct http_header fields[] = {
        {TEXT_INIT(":method"), TEXT_INIT("GET")},
        {TEXT_INIT(":scheme"), TEXT_INIT("http")},
        {TEXT_INIT(":path"), path},
        {TEXT_INIT(":authority"), TEXT_INIT("a")},
        {text_of(name), value},
    };
    assert_int_equal(
        http2_request_start(client, &scene->call, fields, ARRAY_LENGTH(fields), true, &request),
        STATUS_OK);
    assert_int_equal(http2_request_headers(request, &headers, &answer.header_count), STATUS_OK);
    if (answer.header_count > 0) {
        assert_true(text_to_u64(headers[0].value, &status));
    }
    answer.status = (int)status;
    answer.outcome = http2_request_outcome(request);
    http2_request_close(request);
    return answer;
}

static void reach_limits(struct http_scene *scene)
{
    struct http2_client *client = http_scene_connect_http2(scene);
    char *filler = arena_alloc(&scene->arena, 64 * 1024);
    assert_non_null(filler);
    memset(filler, 'a', 64 * 1024);
    filler[0] = '/';
    /* :method GET 42, :scheme http 43, :path / 38, :authority a 43, x 33. */
    size_t value_max = HTTP_HEADER_LIST_BYTES_MAX - 42 - 43 - 38 - 43 - 33;
    struct text root = TEXT("/");
    struct http_answer answer =
        ask_with_header(scene, client, root, "x", (struct text){filler, value_max});
    assert_int_equal(answer.status, 404);
    answer = ask_with_header(scene, client, root, "x", (struct text){filler, value_max + 1});
    assert_int_equal(answer.status, 431);
    answer = ask_with_header(scene, client, root, "x", (struct text){filler, 60000});
    assert_int_equal(answer.status, 431);
    answer = ask_with_header(scene, client, (struct text){filler, HTTP_TARGET_BYTES_MAX}, "x",
                             TEXT("y"));
    assert_int_equal(answer.status, 404);
    answer = ask_with_header(scene, client, (struct text){filler, HTTP_TARGET_BYTES_MAX + 1}, "x",
                             TEXT("y"));
    assert_int_equal(answer.status, 414);
    /* The connection has not suffered. */
    answer = ask_with_header(scene, client, TEXT("/hello"), "x", TEXT(" spaces are let pass "));
    assert_int_equal(answer.status, 200);
    http2_client_destroy(client);
}

static void test_limits(void **state)
{
    (void)state;
    http_scene_run(reach_limits, NULL);
}

static void exceed_streams(struct http_scene *scene)
{
    struct raw_peer peer;
    struct http2_frame frame;
    size_t offset = 0;
    struct http2_client *client = http_scene_connect_http2(scene);
    http_scene_settle(); /* SETTINGS come */
    struct http2_request *first = http_scene_start(scene, client, "GET", "/wait", true);
    assert_true(http2_client_is_ready(client));
    struct http2_request *second = http_scene_start(scene, client, "GET", "/hello", true);
    assert_false(http2_client_is_ready(client));
    assert_true(http2_client_is_usable(client));
    struct http2_request *third = NULL;
    static const struct http_header headers[] = {{TEXT_INIT(":method"), TEXT_INIT("GET")}};
    assert_int_equal(http2_request_start(client, &scene->call, headers, 1, true, &third),
                     STATUS_UNAVAILABLE);
    http_scene_await_entered(scene, 1);
    http2_request_close(first);
    http2_request_close(second);
    http2_client_destroy(client);
    http_scene_await_left(scene, 1);

    open_raw(scene, &peer);
    for (uint32_t i = 0; i < 3; i++) {
        http2_frames_request(&peer, 2 * i + 1, "GET", "/wait", NULL, NULL, true);
    }
    assert_true(http2_frames_find(&peer, &offset, FRAME_RST_STREAM, &frame));
    assert_int_equal(frame.stream_id, 5);
    assert_int_equal(http2_frames_number(&frame, 0), 7); /* REFUSED_STREAM */
    http_scene_await_entered(scene, 3);
    raw_peer_close(&peer);
    http_scene_await_left(scene, 3);
}

static void test_stream_limit(void **state)
{
    (void)state;
    static const struct http_server_options options = {.streams_max = 2};
    http_scene_run(exceed_streams, &options);
}

static void expect_continue(struct http_scene *scene)
{
    struct raw_peer peer;
    struct http2_frame frame;
    size_t offset = 0;
    open_raw(scene, &peer);
    http2_frames_request(&peer, 1, "POST", "/echo", "expect", "100-continue", false);
    assert_true(http2_frames_find(&peer, &offset, FRAME_HEADERS, &frame));
    assert_int_equal(frame.flags, FLAG_END_HEADERS);
    /* "100", Huffman coded. */
    assert_non_null(memmem(frame.payload.data, frame.payload.length, "\x82\x08\x01", 3));
    http2_frames_send(&peer, FRAME_DATA, FLAG_END_STREAM, 1, TEXT("abc"));
    assert_true(http2_frames_find(&peer, &offset, FRAME_DATA, &frame));
    assert_true(text_equal(frame.payload, TEXT("abc")));
    raw_peer_close(&peer);
}

static void test_expect(void **state)
{
    (void)state;
    http_scene_run(expect_continue, NULL);
}

/* Waits for GOAWAY; returns its error code. */
static uint32_t goaway_code(struct raw_peer *peer)
{
    struct http2_frame frame;
    size_t offset = 0;
    assert_true(http2_frames_find(peer, &offset, FRAME_GOAWAY, &frame));
    return http2_frames_number(&frame, 4);
}

enum { ENHANCE_YOUR_CALM = 11 };

/* Each window past its maximum makes the server reset a stream (CVE-2025-8671). */
static void make_resets(struct http_scene *scene)
{
    struct raw_peer peer;
    open_raw(scene, &peer);
    for (uint32_t i = 0; i < HTTP2_STRIKES_MAX + 200 && !peer.ended; i++) {
        uint32_t stream_id = 2 * i + 1;
        http2_frames_request(&peer, stream_id, "GET", "/wait", NULL, NULL, true);
        http2_frames_send_number(&peer, FRAME_WINDOW_UPDATE, stream_id, 0x7fffffff);
        fiber_yield();
    }
    assert_int_equal(goaway_code(&peer), ENHANCE_YOUR_CALM);
    assert_true(raw_peer_await_end(&peer));
    raw_peer_close(&peer);
    http_scene_settle();
    assert_int_equal(http_server_exchange_count(scene->server), 0);
}

static void test_made_resets(void **state)
{
    (void)state;
    http_scene_run(make_resets, NULL);
}

/* CVE-2023-44487. */
static void reset_rapidly(struct http_scene *scene)
{
    struct raw_peer peer;
    open_raw(scene, &peer);
    for (uint32_t i = 0; i < HTTP2_RESETS_MAX + 1000 && !peer.ended; i++) {
        http2_frames_request(&peer, 2 * i + 1, "GET", "/wait", NULL, NULL, true);
        http2_frames_send_number(&peer, FRAME_RST_STREAM, 2 * i + 1, 8);
    }
    assert_true(raw_peer_await_end(&peer));
    (void)goaway_code(&peer);
    raw_peer_close(&peer);
    http_scene_settle();
    assert_int_equal(http_server_exchange_count(scene->server), 0);
}

static void test_rapid_resets(void **state)
{
    (void)state;
    http_scene_run(reset_rapidly, NULL);
}

/* One header after the other, in CONTINUATION frames without end. */
static void continue_for_ever(struct http_scene *scene)
{
    struct raw_peer peer;
    char block[1024];
    open_raw(scene, &peer);
    memset(block, 0x84,
           sizeof(block)); /* :path / over and over; even the first two are malformed */
    http2_frames_send(&peer, FRAME_HEADERS, 0, 1, TEXT("\x82\x86"));
    for (unsigned i = 0; i < 100 && !peer.ended; i++) {
        http2_frames_send(&peer, FRAME_CONTINUATION, 0, 1, (struct text){block, sizeof(block)});
        fiber_yield();
    }
    assert_true(raw_peer_await_end(&peer));
    raw_peer_close(&peer);
}

static void test_continuation_flood(void **state)
{
    (void)state;
    http_scene_run(continue_for_ever, NULL);
}

static void time_out(struct http_scene *scene)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    struct raw_peer peer;
    http_scene_connect(scene, &peer);
    raw_peer_say(&peer, preface); /* and no SETTINGS */
    assert_true(raw_peer_await_end(&peer));
    raw_peer_close(&peer);

    open_raw(scene, &peer); /* half a header block */
    http2_frames_send(&peer, FRAME_HEADERS, FLAG_END_STREAM, 1, TEXT("\x82\x86"));
    assert_true(raw_peer_await_end(&peer));
    raw_peer_close(&peer);

    open_raw(scene, &peer); /* idle, though pings keep coming */
    while (!peer.ended) {
        http2_frames_send(&peer, FRAME_PING, 0, 0, TEXT("12345678"));
        assert_int_equal(fiber_sleep(&scene->call, 5 * CLOCK_NS_PER_MS), STATUS_OK);
    }
    assert_int_equal(goaway_code(&peer), 0);
    raw_peer_close(&peer);

    open_raw(scene, &peer); /* half a body */
    http2_frames_request(&peer, 1, "POST", "/read", NULL, NULL, false);
    http2_frames_send(&peer, FRAME_DATA, 0, 1, TEXT("abc"));
    http_scene_await_left(scene, 1);
    assert_int_equal(scene->last_status, STATUS_DEADLINE_EXCEEDED);
    raw_peer_close(&peer);
}

static void test_timeouts(void **state)
{
    (void)state;
    static const struct http_server_options options = {
        .idle_timeout_ms = 60,
        .header_timeout_ms = 40,
        .body_timeout_ms = 30,
        .ping_interval_min_ms = 1,
        .pings_without_calls = true,
    };
    http_scene_run(time_out, &options);
}

static void misbehave(struct http_scene *scene)
{
    static const struct {
        const char *name;
        const char *header;
        const char *value;
    } malformed[] = {
        {"connection header", "connection", "close"}, {"upper case", "X-Upper", "a"},
        {"unknown pseudo header", ":color", "blue"},  {"te", "te", "gzip"},
        {"control character", "x", "a\x01"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(malformed); i++) {
        struct raw_peer peer;
        struct http2_frame frame;
        size_t offset = 0;
        open_raw(scene, &peer);
        http2_frames_request(&peer, 1, "GET", "/hello", malformed[i].header, malformed[i].value,
                             true);
        if (!http2_frames_find(&peer, &offset, FRAME_RST_STREAM, &frame) ||
            http2_frames_number(&frame, 0) != 1) {
            fail_msg("%s is let pass", malformed[i].name);
        }
        raw_peer_close(&peer);
    }
    assert_int_equal(scene->entered, 0);

    /* Less than content-length says: the handler is not told that all is there. */
    struct raw_peer peer;
    struct http2_frame frame;
    size_t offset = 0;
    open_raw(scene, &peer);
    http2_frames_request(&peer, 1, "POST", "/read", "content-length", "5", false);
    http2_frames_send(&peer, FRAME_DATA, FLAG_END_STREAM, 1, TEXT("abc"));
    assert_true(http2_frames_find(&peer, &offset, FRAME_RST_STREAM, &frame));
    http_scene_await_left(scene, 1);
    assert_int_equal(scene->last_status, STATUS_CANCELLED);
    raw_peer_close(&peer);

    http_scene_connect(scene, &peer);
    raw_peer_say(&peer, "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n");
    assert_true(raw_peer_await_end(&peer));
    raw_peer_close(&peer);
}

static void test_malformed(void **state)
{
    (void)state;
    http_scene_run(misbehave, NULL);
}

static void connect_method(struct http_scene *scene)
{
    struct http2_client *client = http_scene_connect_http2(scene);
    struct http2_request *request = NULL;
    const struct http_header *headers;
    size_t count;
    const struct http_header fields[] = {{TEXT_INIT(":method"), TEXT_INIT("CONNECT")},
                                         {TEXT_INIT(":authority"), TEXT_INIT("a:80")}};
    assert_int_equal(http2_request_start(client, &scene->call, fields, 2, true, &request),
                     STATUS_OK);
    assert_int_equal(http2_request_headers(request, &headers, &count), STATUS_OK);
    assert_true(text_equal(headers[0].value, TEXT("501")));
    http2_request_close(request);
    http2_client_destroy(client);
}

static void test_connect(void **state)
{
    (void)state;
    http_scene_run(connect_method, NULL);
}

/* Trailers of a request end its body and are otherwise ignored. */
static void send_trailers(struct http_scene *scene)
{
    struct raw_peer peer;
    struct http2_frame frame;
    size_t offset = 0;
    open_raw(scene, &peer);
    http2_frames_request(&peer, 1, "POST", "/echo", NULL, NULL, false);
    http2_frames_send(&peer, FRAME_DATA, 0, 1, TEXT("abc"));
    http2_frames_send(&peer, FRAME_HEADERS, FLAG_END_STREAM | FLAG_END_HEADERS, 1,
                      TEXT("\x00\x03sum\x02"
                           "42"));
    assert_true(http2_frames_find(&peer, &offset, FRAME_DATA, &frame));
    assert_true(text_equal(frame.payload, TEXT("abc")));
    raw_peer_close(&peer);
}

static void test_request_trailers(void **state)
{
    (void)state;
    http_scene_run(send_trailers, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trailers_only), cmocka_unit_test(test_early_reply),
        cmocka_unit_test(test_limits),        cmocka_unit_test(test_stream_limit),
        cmocka_unit_test(test_expect),        cmocka_unit_test(test_made_resets),
        cmocka_unit_test(test_rapid_resets),  cmocka_unit_test(test_continuation_flood),
        cmocka_unit_test(test_timeouts),      cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_connect),       cmocka_unit_test(test_request_trailers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
