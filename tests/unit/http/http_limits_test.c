/* A server at its limits of connections and of exchanges. */
#include <stdlib.h>

#include "unit/http/http2_frames.h"
#include "unit/http/http_scene.h"

static void connect_all(struct http_scene *scene)
{
    struct raw_peer *peers = calloc(HTTP_CONNECTIONS_MAX, sizeof(*peers));
    struct http_transport *transport = NULL;
    assert_non_null(peers);
    for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
        http_scene_connect(scene, &peers[i]);
    }
    assert_int_equal(http_server_connection_count(scene->server), HTTP_CONNECTIONS_MAX);
    assert_int_equal(http_server_connect_loopback(scene->server, &transport),
                     STATUS_RESOURCE_EXHAUSTED);
    raw_peer_say(&peers[7], "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(raw_peer_await(&peers[7], "hello"));
    raw_peer_close(&peers[7]);
    http_scene_settle();
    http_scene_connect(scene, &peers[7]); /* one has left: there is room again */
    for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
        raw_peer_close(&peers[i]);
    }
    http_scene_settle();
    assert_int_equal(http_server_connection_count(scene->server), 0);
    free(peers);
}

static void test_connections(void **state)
{
    (void)state;
    http_scene_run(connect_all, NULL);
}

#ifdef EXCHANGES_TOO
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
    http_scene_run(begin_all, NULL);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connections),
#ifdef EXCHANGES_TOO
        cmocka_unit_test(test_exchanges),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
