/* The peer goes away, at every stage of an exchange: the handler is told, and nothing is left. */
#include "unit/http/http2_frames.h"
#include "unit/http/http_scene.h"

struct stage {
    const char *name;
    const char *method;
    const char *path;
    const char *body; /* what comes of it before the peer goes */
    bool end;         /* whether that is all of it */
    bool waits;       /* the handler is in its wait when the peer goes */
};

static const struct stage stages[] = {
    {"before the body", "POST", "/read", "", false, true},
    {"within the body", "POST", "/read", "abc", false, true},
    {"while it waits", "GET", "/wait", "", true, true},
    {"before it reads", "POST", "/slow", "abc", true, true},
    {"before it reads half a body", "POST", "/slow", "abc", false, true},
    {"while it writes", "GET", "/flood?bytes=16777216", "", true, true},
    {"after the reply", "GET", "/hello", "", true, false},
    {"after the reply, within the body", "POST", "/ignore", "abc", false, false},
};

static void check_stage(struct http_scene *scene, const struct stage *stage, unsigned count)
{
    if (stage->waits) {
        http_scene_await_left(scene, count);
        if (scene->last_status != STATUS_CANCELLED) {
            fail_msg("%s: %s", stage->name, status_name(scene->last_status));
        }
        assert_int_equal(scene->observed_status, strstr(stage->path, "flood") != NULL ? 200 : 0);
    }
    http_scene_settle();
    assert_int_equal(http_server_exchange_count(scene->server), 0);
}

static void go_away_http1(struct http_scene *scene)
{
    unsigned waited = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(stages); i++) {
        const struct stage *stage = &stages[i];
        struct raw_peer peer;
        http_scene_connect(scene, &peer);
        if (strstr(stage->path, "flood") != NULL) {
            peer.transport->ops->pause(peer.transport->state);
        }
        raw_peer_send(&peer,
                      arena_format(&scene->arena,
                                   "%s %s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n%s",
                                   stage->method, stage->path,
                                   strlen(stage->body) + (stage->end ? 0 : 1), stage->body));
        if (stage->waits) {
            http_scene_await_entered(scene, ++waited);
        } else {
            assert_true(raw_peer_await(&peer, "hello"));
        }
        http_scene_settle();
        raw_peer_close(&peer);
        check_stage(scene, stage, waited);
        assert_int_equal(http_server_connection_count(scene->server), 0);
    }
}

static void test_http1(void **state)
{
    (void)state;
    http_scene_run(go_away_http1, NULL);
}

/* how: 0 closes the connection, 1 resets the stream. */
static void go_away_http2(struct http_scene *scene, unsigned how)
{
    unsigned waited = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(stages); i++) {
        const struct stage *stage = &stages[i];
        struct raw_peer peer;
        http_scene_connect(scene, &peer);
        http2_frames_open(&peer);
        struct text body = text_of(stage->body);
        http2_frames_request(&peer, 1, stage->method, stage->path, NULL, NULL,
                             stage->end && body.length == 0);
        if (body.length > 0) {
            http2_frames_send(&peer, FRAME_DATA, stage->end ? FLAG_END_STREAM : 0, 1, body);
        }
        if (stage->waits) {
            http_scene_await_entered(scene, ++waited);
        } else {
            assert_true(raw_peer_await(&peer, "hello"));
        }
        http_scene_settle();
        if (how == 0) {
            raw_peer_close(&peer);
        } else {
            http2_frames_send_number(&peer, FRAME_RST_STREAM, 1, 8);
        }
        check_stage(scene, stage, waited);
        assert_int_equal(http_server_connection_count(scene->server), how);
        raw_peer_close(&peer);
        http_scene_settle();
    }
}

static void close_http2(struct http_scene *scene)
{
    go_away_http2(scene, 0);
}

static void reset_http2(struct http_scene *scene)
{
    go_away_http2(scene, 1);
}

static void test_http2_closed(void **state)
{
    (void)state;
    http_scene_run(close_http2, NULL);
}

static void test_http2_reset(void **state)
{
    (void)state;
    http_scene_run(reset_http2, NULL);
}

/* The request and its reset come in one piece: no handler is begun for it. */
static void reset_at_once(struct http_scene *scene)
{
    struct raw_peer peer;
    http_scene_connect(scene, &peer);
    http2_frames_open(&peer);
    http2_frames_request(&peer, 1, "GET", "/wait", NULL, NULL, true);
    http2_frames_send_number(&peer, FRAME_RST_STREAM, 1, 8);
    http2_frames_request(&peer, 3, "GET", "/hello", NULL, NULL, true);
    assert_true(raw_peer_await(&peer, "hello"));
    assert_int_equal(scene->entered, 0);
    raw_peer_close(&peer);
}

static void test_reset_at_once(void **state)
{
    (void)state;
    http_scene_run(reset_at_once, NULL);
}

/* The server goes first: every handler is told and waited for. */
static void destroy_server(struct http_scene *scene)
{
    struct raw_peer first;
    struct raw_peer second;
    http_scene_connect(scene, &first);
    raw_peer_say(&first, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    http_scene_connect(scene, &second);
    http2_frames_open(&second);
    http2_frames_request(&second, 1, "POST", "/read", NULL, NULL, false);
    http_scene_await_entered(scene, 2);
    http_server_destroy(scene->server);
    assert_int_equal(scene->left, 2);
    assert_int_equal(scene->last_status, STATUS_CANCELLED);
    assert_true(raw_peer_await_end(&first));
    assert_true(raw_peer_await_end(&second));
    raw_peer_close(&first);
    raw_peer_close(&second);
    scene->server = NULL;
}

static void test_server_goes_first(void **state)
{
    (void)state;
    http_scene_run(destroy_server, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http1),
        cmocka_unit_test(test_http2_closed),
        cmocka_unit_test(test_http2_reset),
        cmocka_unit_test(test_reset_at_once),
        cmocka_unit_test(test_server_goes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
