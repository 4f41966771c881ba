/* A server at its limit of connections. */
#include <stdlib.h>

#include "base/clock.h"
#include "http/tcp_connect.h"
#include "http/tcp_transport.h"
#include "loop/fiber.h"
#include "unit/http/http_scene.h"

enum { BUSY = 0 };

/* Asks for /hello over TCP. false: the connection was closed. */
static bool is_let_in(struct http_scene *scene, struct text address)
{
    struct http_transport *transport;
    struct raw_peer peer;
    int fd;
    assert_int_equal(tcp_connect(scene->loop, &scene->call, address, &fd), STATUS_OK);
    assert_int_equal(tcp_transport_create(scene->loop, fd, &transport), STATUS_OK);
    raw_peer_open(&peer, transport);
    raw_peer_say(&peer, "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    bool is_answered = raw_peer_await(&peer, "hello");
    raw_peer_close(&peer);
    return is_answered;
}

/* Those that are idle yield, those that are at work do not. */
static void expect_yield(struct http_scene *scene, const struct raw_peer *peers)
{
    struct text address = http_scene_listen(scene);
    assert_false(is_let_in(scene, address)); /* all have just come */
    assert_int_equal(fiber_sleep(&scene->call, HTTP_CONNECTION_YIELD_MS * CLOCK_NS_PER_MS),
                     STATUS_OK);
    assert_true(is_let_in(scene, address));
    http_scene_settle();
    unsigned gone = 0;
    for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
        gone += peers[i].ended;
    }
    assert_int_equal(gone, 1);
    assert_false(peers[BUSY].ended);
}

static void connect_all(struct http_scene *scene)
{
    struct raw_peer *peers = calloc(HTTP_CONNECTIONS_MAX + 1, sizeof(*peers));
    struct http_transport *transport = NULL;
    assert_non_null(peers);
    for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
        http_scene_connect(scene, &peers[i]);
    }
    assert_int_equal(http_server_connection_count(scene->server), HTTP_CONNECTIONS_MAX);
    assert_int_equal(http_server_connect_loopback(scene->server, &transport),
                     STATUS_RESOURCE_EXHAUSTED);
    raw_peer_say(&peers[BUSY], "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    http_scene_await_entered(scene, 1);
    expect_yield(scene, peers);
    http_scene_connect(scene, &peers[HTTP_CONNECTIONS_MAX]); /* in place of the one that left */
    raw_peer_say(&peers[7], "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(raw_peer_await(&peers[7], "hello"));
    raw_peer_close(&peers[7]);
    http_scene_settle();
    http_scene_connect(scene, &peers[7]); /* one has left: there is room again */
    for (unsigned i = 0; i <= HTTP_CONNECTIONS_MAX; i++) {
        raw_peer_close(&peers[i]);
    }
    http_scene_await_left(scene, 1);
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
