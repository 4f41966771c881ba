/* A server at its limit of connections. */
#include <stdlib.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
