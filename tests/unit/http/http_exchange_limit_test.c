/* A server at its limit of exchanges. */
#include <stdlib.h>

#include "unit/http/http2_frames.h"
#include "unit/http/http_scene.h"

static void begin_all(struct http_scene *scene)
{
    enum { PEERS = HTTP_EXCHANGES_MAX / HTTP_STREAMS_DEFAULT };
    struct raw_peer *peers = calloc(PEERS, sizeof(*peers));
    struct raw_peer last;
    assert_non_null(peers);
    for (unsigned i = 0; i < PEERS; i++) {
        http_scene_connect(scene, &peers[i]);
        http2_frames_open(&peers[i]);
        for (uint32_t j = 0; j < HTTP_STREAMS_DEFAULT; j++) {
            http2_frames_request(&peers[i], 2 * j + 1, "GET", "/wait", NULL, NULL, true);
        }
        http_scene_await_entered(scene, (i + 1) * HTTP_STREAMS_DEFAULT);
    }
    assert_int_equal(http_server_exchange_count(scene->server), HTTP_EXCHANGES_MAX);
    http_scene_connect(scene, &last);
    raw_peer_say(&last, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(raw_peer_await(&last, "HTTP/1.1 503 Service Unavailable"));
    raw_peer_close(&peers[0]);
    http_scene_await_left(scene, HTTP_STREAMS_DEFAULT);
    raw_peer_say(&last, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(raw_peer_await(&last, "hello"));
    for (unsigned i = 1; i < PEERS; i++) {
        raw_peer_close(&peers[i]);
    }
    raw_peer_close(&last);
    http_scene_await_left(scene, HTTP_EXCHANGES_MAX);
    free(peers);
}

static void test_exchanges(void **state)
{
    (void)state;
    /* So that no connection has its share before. */
    static const struct http_server_options options = {.calls_max = 2 * HTTP_EXCHANGES_MAX};
    http_scene_run(begin_all, &options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exchanges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
