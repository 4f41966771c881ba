/* More requests than the server has room for. */
#include "http/http_overload.h"

#include "base/clock.h"
#include "unit/http/http2_frames.h"
#include "unit/http/http_scene.h"

enum { CALLS_MAX = 8, HALF = CALLS_MAX / 2 };

static void open_peer(struct http_scene *scene, struct raw_peer *peer)
{
    http_scene_connect(scene, peer);
    http2_frames_open(peer);
}

static void flood_from(struct raw_peer *peer, uint32_t first, unsigned count, const char *path)
{
    for (uint32_t i = 0; i < count; i++) {
        http2_frames_request(peer, first + 2 * i, "GET", path, NULL, NULL, true);
    }
    http_scene_settle();
}

static void flood(struct raw_peer *peer, unsigned count, const char *path)
{
    flood_from(peer, 1, count, path);
}

static void ask(struct http_scene *scene, const char *path, int want_status, struct text *ret_later)
{
    struct http2_client *client = http_scene_connect_http2(scene);
    struct http_answer answer = http_scene_ask(scene, client, "GET", path, TEXT(""));
    assert_int_equal(answer.status, want_status);
    *ret_later = http_answer_header(&answer, "retry-after");
    http2_client_destroy(client);
}

/* One connection asks for four times what there is; another asks for little. */
static void share(struct http_scene *scene)
{
    struct raw_peer greedy;
    struct raw_peer honest[HALF];
    struct text later = {NULL, 0};
    open_peer(scene, &greedy);
    flood(&greedy, 4 * CALLS_MAX, "/wait");
    assert_int_equal(scene->entered, HALF);
    assert_int_equal(http_server_refused_count(scene->server), 4 * CALLS_MAX - HALF);
    assert_int_equal(scene->observed, 4 * CALLS_MAX - HALF);
    assert_int_equal(scene->observed_status, 429);
    assert_string_equal(scene->observed_route, "/wait");
    for (unsigned i = 0; i < HALF; i++) {
        open_peer(scene, &honest[i]);
        flood(&honest[i], 1, "/wait");
        assert_int_equal(scene->entered, HALF + 1 + i);
    }
    ask(scene, "/hello", 503, &later); /* now it is full */
    assert_true(text_equal(later, TEXT("2")));
    assert_int_equal(fiber_count(scene->loop), CALLS_MAX + 1);

    for (unsigned i = 0; i < CALLS_MAX; i++) {
        http_scene_open_gate(scene);
    }
    http_scene_await_left(scene, CALLS_MAX);
    for (unsigned i = 0; i < HALF; i++) {
        assert_true(raw_peer_await(&honest[i], "waited"));
        raw_peer_close(&honest[i]);
    }
    ask(scene, "/hello", 200, &later);
    raw_peer_close(&greedy);
}

/* A client that goes away takes its load with it, as soon as its handlers have noticed. */
static void leave(struct http_scene *scene)
{
    struct raw_peer peer;
    struct text later = {NULL, 0};
    struct raw_peer other;
    for (unsigned i = 0; i < 3; i++) {
        open_peer(scene, &peer);
        flood(&peer, HALF, "/wait");
        assert_int_equal(scene->entered, (2 * i + 1) * HALF);
        for (uint32_t j = 0; j < HALF; j++) {
            http2_frames_send_number(&peer, FRAME_RST_STREAM, 2 * j + 1, 8);
        }
        http_scene_await_left(scene, (2 * i + 1) * HALF);
        flood_from(&peer, 2 * HALF + 1, HALF, "/wait");
        assert_int_equal(scene->entered, (2 * i + 2) * HALF);
        raw_peer_close(&peer);
        http_scene_await_left(scene, (2 * i + 2) * HALF);
    }
    open_peer(scene, &peer);
    open_peer(scene, &other);
    flood(&peer, HALF, "/wait");
    flood(&other, CALLS_MAX / 3, "/wait"); /* its share, as nobody else is there */
    assert_int_equal(scene->entered, 7 * HALF + CALLS_MAX / 3);
    assert_int_equal(http_server_refused_count(scene->server), 0);
    raw_peer_close(&peer);
    raw_peer_close(&other);
    http_scene_await_left(scene, scene->entered);
    ask(scene, "/hello", 200, &later);
}

static void test_calls(void **state)
{
    (void)state;
    static const struct http_server_options options = {.calls_max = CALLS_MAX};
    http_scene_run(share, &options);
    http_scene_run(leave, &options);
}

/* Over HTTP/1.1 the connection goes on. */
static void refuse_http1(struct http_scene *scene)
{
    struct raw_peer waiting;
    struct raw_peer peer;
    http_scene_connect(scene, &waiting);
    raw_peer_say(&waiting, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    http_scene_await_entered(scene, 1);
    http_scene_connect(scene, &peer);
    raw_peer_say(&peer, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    assert_true(raw_peer_await(&peer, "HTTP/1.1 503 Service Unavailable"));
    assert_true(raw_peer_await(&peer, "\r\nretry-after: 2\r\n"));
    assert_true(raw_peer_await(&peer, "the server has as many requests as it takes"));
    http_scene_open_gate(scene);
    assert_true(raw_peer_await(&waiting, "waited"));
    raw_peer_say(&peer, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    assert_true(raw_peer_await(&peer, "\r\n\r\nabc"));
    raw_peer_close(&peer);
    raw_peer_close(&waiting);
}

static void test_http1(void **state)
{
    (void)state;
    static const struct http_server_options options = {.calls_max = 1};
    http_scene_run(refuse_http1, &options);
}

enum { DELAY_MAX_MS = 100, BUSY = 60, BUSY_MS = 5 };

/* Each turn of the loop brings three times what it can do in the time. */
static void hold_up(struct http_scene *scene)
{
    struct raw_peer peer;
    struct raw_peer late;
    struct text later = {NULL, 0};
    open_peer(scene, &peer);
    flood(&peer, BUSY, "/busy?bytes=5");
    assert_int_equal(scene->busy, BUSY); /* late once, the reason may be any */
    assert_int_equal(http_server_refused_count(scene->server), 0);

    open_peer(scene, &late);
    flood(&late, BUSY, "/busy?bytes=5");
    unsigned served = scene->busy - BUSY;
    assert_in_range(served, 1, DELAY_MAX_MS / BUSY_MS + 1);
    assert_int_equal(http_server_refused_count(scene->server), BUSY - served);
    assert_int_equal(scene->observed_status, 503);
    ask(scene, "/hello", 200, &later); /* in a turn of its own */
    raw_peer_close(&peer);
    raw_peer_close(&late);
}

static void test_delay(void **state)
{
    (void)state;
    static const struct http_server_options options = {.delay_max_ms = DELAY_MAX_MS};
    http_scene_run(hold_up, &options);
}

struct told {
    unsigned asked;
    enum http_overload_answer answer;
};

static enum http_overload_answer on_overload(void *state, struct http_exchange *exchange,
                                             const struct http_overload *overload)
{
    struct told *told = state;
    told->asked++;
    assert_int_equal(overload->status, STATUS_UNAVAILABLE);
    assert_in_range(overload->retry_after_ms, HTTP_RETRY_AFTER_MS + 1, 2 * HTTP_RETRY_AFTER_MS);
    assert_ptr_equal(http_exchange_overload(exchange), overload);
    assert_string_equal(http_exchange_route(exchange)->path, "/hello");
    if (told->answer == HTTP_OVERLOAD_ANSWERED) {
        http_reply(exchange, &(struct http_reply){.status = 418});
    }
    return told->answer;
}

static struct told told;

static void let_owner_decide(struct http_scene *scene)
{
    struct raw_peer waiting;
    struct text later = {NULL, 0};
    open_peer(scene, &waiting);
    flood(&waiting, 1, "/wait");
    told = (struct told){.answer = HTTP_OVERLOAD_SERVE};
    ask(scene, "/hello", 200, &later);
    assert_int_equal(http_server_refused_count(scene->server), 0);
    told.answer = HTTP_OVERLOAD_ANSWERED;
    ask(scene, "/hello", 418, &later);
    told.answer = HTTP_OVERLOAD_PROBLEM;
    ask(scene, "/hello", 503, &later);
    assert_int_equal(http_server_refused_count(scene->server), 2);
    assert_int_equal(told.asked, 3);
    http_scene_open_gate(scene);
    http_scene_await_left(scene, 1);
    raw_peer_close(&waiting);
}

static void test_owner(void **state)
{
    (void)state;
    static const struct http_server_options options = {
        .calls_max = 1, .overloaded = on_overload, .overloaded_state = &told};
    http_scene_run(let_owner_decide, &options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_http1),
        cmocka_unit_test(test_delay),
        cmocka_unit_test(test_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
