/* Draining: what runs is finished, nothing new is begun, every peer is told. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "http/http_server_private.h"
#include "http/tcp_transport.h"
#include "unit/http/http2_frames.h"
#include "unit/http/http_scene.h"

struct draining {
    struct http_scene *scene;
    struct call call;
    enum status status;
    bool is_over;
};

static void drain(void *argument)
{
    struct draining *draining = argument;
    draining->status = http_server_drain(draining->scene->server, &draining->call);
    draining->is_over = true;
    fiber_wait_signal(&draining->scene->changed);
}

static void start_drain(struct http_scene *scene, struct draining *draining, int64_t timeout_ms)
{
    *draining = (struct draining){.scene = scene, .status = STATUS_UNKNOWN};
    draining->call = call_within(&scene->call, timeout_ms);
    assert_int_equal(fiber_start(scene->loop, drain, draining), STATUS_OK);
    http_scene_settle();
}

static void await_drain(struct http_scene *scene, struct draining *draining)
{
    while (!draining->is_over) {
        assert_int_equal(fiber_wait(&scene->call, &scene->changed), STATUS_OK);
    }
}

static void drain_http1(struct http_scene *scene)
{
    struct draining draining;
    struct raw_peer idle;
    struct raw_peer busy;
    struct raw_peer silent;
    http_scene_connect(scene, &silent); /* has said nothing at all */
    http_scene_connect(scene, &idle);
    raw_peer_say(&idle, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(raw_peer_await(&idle, "hello"));
    http_scene_connect(scene, &busy);
    raw_peer_say(&busy,
                 "GET /wait HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    http_scene_await_entered(scene, 1);

    start_drain(scene, &draining, 0);
    assert_true(raw_peer_await_end(&idle));
    assert_true(raw_peer_await_end(&silent));
    assert_false(draining.is_over);
    assert_false(busy.ended);
    struct http_transport *transport = NULL;
    assert_int_equal(http_server_connect_loopback(scene->server, &transport),
                     STATUS_RESOURCE_EXHAUSTED);

    http_scene_open_gate(scene);
    await_drain(scene, &draining);
    assert_int_equal(draining.status, STATUS_OK);
    assert_true(raw_peer_await_end(&busy));
    assert_true(raw_peer_has(&busy, "connection: close"));
    assert_true(raw_peer_has(&busy, "waited"));
    assert_false(raw_peer_has(&busy, "hello")); /* the second one was not begun */
    raw_peer_close(&idle);
    raw_peer_close(&busy);
    raw_peer_close(&silent);
}

static void test_http1(void **state)
{
    (void)state;
    http_scene_run(drain_http1, NULL);
}

/* Finds the next ping, and answers it. */
static void answer_ping(struct raw_peer *peer, size_t *offset)
{
    struct http2_frame frame;
    char opaque[8];
    assert_true(http2_frames_find(peer, offset, FRAME_PING, &frame));
    memcpy(opaque, frame.payload.data, sizeof(opaque));
    http2_frames_send(peer, FRAME_PING, FLAG_ACK, 0, (struct text){opaque, sizeof(opaque)});
}

static void drain_http2(struct http_scene *scene)
{
    struct draining draining;
    struct raw_peer peer;
    struct http2_frame frame;
    size_t offset = 0;
    http_scene_connect(scene, &peer);
    http2_frames_open(&peer);
    http2_frames_request(&peer, 1, "GET", "/wait", NULL, NULL, true);
    http_scene_await_entered(scene, 1);

    start_drain(scene, &draining, 0);
    assert_true(http2_frames_find(&peer, &offset, FRAME_GOAWAY, &frame));
    assert_int_equal(http2_frames_number(&frame, 0), 0x7fffffff);
    assert_int_equal(http2_frames_number(&frame, 4), 0);
    /* What was under way when the notice was sent is served still. */
    http2_frames_request(&peer, 3, "GET", "/hello", NULL, NULL, true);
    assert_true(raw_peer_await(&peer, "hello"));
    /* Only a ping that comes behind the notice tells, when it is answered, that that was read. */
    answer_ping(&peer, &offset);
    assert_true(http2_frames_find(&peer, &offset, FRAME_GOAWAY, &frame));
    assert_int_equal(http2_frames_number(&frame, 0), 3);
    /* What comes after it is not. */
    http2_frames_request(&peer, 5, "GET", "/wait", NULL, NULL, true);
    http_scene_settle();
    assert_int_equal(scene->entered, 1);
    assert_false(draining.is_over);

    http_scene_open_gate(scene);
    assert_true(raw_peer_await(&peer, "waited"));
    assert_true(raw_peer_await_end(&peer));
    raw_peer_close(&peer);
    await_drain(scene, &draining);
    assert_int_equal(draining.status, STATUS_OK);
}

static void test_http2(void **state)
{
    (void)state;
    http_scene_run(drain_http2, NULL);
}

/* A peer with nothing under way is told in both steps too: a request may be on its way from it. */
static void drain_idle(struct http_scene *scene)
{
    struct draining draining;
    struct raw_peer peer;
    struct http2_frame frame;
    size_t offset = 0;
    http_scene_connect(scene, &peer);
    http2_frames_open(&peer);
    http_scene_settle();

    start_drain(scene, &draining, 0);
    assert_true(http2_frames_find(&peer, &offset, FRAME_GOAWAY, &frame));
    assert_int_equal(http2_frames_number(&frame, 0), 0x7fffffff);
    assert_false(draining.is_over);
    http2_frames_request(&peer, 1, "GET", "/hello", NULL, NULL, true);
    assert_true(raw_peer_await(&peer, "hello"));
    assert_false(draining.is_over);
    answer_ping(&peer, &offset);
    assert_true(http2_frames_find(&peer, &offset, FRAME_GOAWAY, &frame));
    assert_int_equal(http2_frames_number(&frame, 0), 1);
    assert_true(raw_peer_await_end(&peer));
    raw_peer_close(&peer);
    await_drain(scene, &draining);
    assert_int_equal(draining.status, STATUS_OK);
}

static void test_idle(void **state)
{
    (void)state;
    http_scene_run(drain_idle, NULL);
}

/* A peer that never answers the ping is waited for no longer than HTTP_DRAIN_ACK_MS. */
static void drain_unanswered(struct http_scene *scene)
{
    struct draining draining;
    struct raw_peer peer;
    struct http2_frame frame;
    size_t offset = 0;
    http_scene_connect(scene, &peer);
    http2_frames_open(&peer);
    http2_frames_request(&peer, 1, "GET", "/hello", NULL, NULL, true);
    assert_true(raw_peer_await(&peer, "hello"));

    int64_t start_ns = clock_monotonic_ns();
    start_drain(scene, &draining, 0);
    await_drain(scene, &draining);
    int64_t elapsed_ms = (clock_monotonic_ns() - start_ns) / CLOCK_NS_PER_MS;
    assert_int_equal(draining.status, STATUS_OK);
    assert_in_range(elapsed_ms, HTTP_DRAIN_ACK_MS - 10, 5 * HTTP_DRAIN_ACK_MS);
    assert_true(http2_frames_find(&peer, &offset, FRAME_GOAWAY, &frame));
    assert_true(http2_frames_find(&peer, &offset, FRAME_GOAWAY, &frame));
    assert_int_equal(http2_frames_number(&frame, 0), 1);
    assert_true(raw_peer_await_end(&peer));
    raw_peer_close(&peer);
}

static void test_unanswered(void **state)
{
    (void)state;
    http_scene_run(drain_unanswered, NULL);
}

struct told {
    unsigned refusing;
    unsigned closed;
};

static void on_refusing(void *state)
{
    struct told *told = state;
    assert_int_equal(told->closed, 0);
    told->refusing++;
}

static void on_closed(void *state)
{
    struct told *told = state;
    told->closed++;
}

/* A client of ours: it stops by itself, its running request ends well, the connection closes. */
static void drain_client(struct http_scene *scene)
{
    struct draining draining;
    struct told told = {0, 0};
    struct http_transport *transport = NULL;
    struct http2_client *client = NULL;
    const struct http2_client_events events = {
        .refusing = on_refusing, .closed = on_closed, .state = &told};
    assert_int_equal(http_server_connect_loopback(scene->server, &transport), STATUS_OK);
    assert_int_equal(http2_client_over(scene->loop, transport, &events, &client), STATUS_OK);
    struct http2_request *request = http_scene_start(scene, client, "GET", "/wait", true);
    http_scene_await_entered(scene, 1);

    start_drain(scene, &draining, 0);
    assert_int_equal(told.refusing, 1);
    assert_false(http2_client_is_usable(client));
    assert_int_equal(http2_client_request_count(client), 1);
    http_scene_open_gate(scene);
    await_drain(scene, &draining);
    struct text part = {NULL, 0};
    assert_int_equal(http2_request_read(request, &part), STATUS_OK);
    assert_true(text_equal(part, TEXT("waited")));
    assert_int_equal(http2_request_read(request, &part), STATUS_OK);
    assert_int_equal(http2_request_outcome(request), HTTP2_COMPLETE);
    http2_request_close(request);
    http_scene_settle();
    assert_int_equal(told.refusing, 1);
    assert_int_equal(told.closed, 1);
    http2_client_destroy(client);
}

static void test_client(void **state)
{
    (void)state;
    http_scene_run(drain_client, NULL);
}

/* The deadline comes first: the rest is cancelled by destroying the server. */
static void drain_in_vain(struct http_scene *scene)
{
    struct draining draining;
    struct raw_peer peer;
    http_scene_connect(scene, &peer);
    raw_peer_say(&peer, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    http_scene_await_entered(scene, 1);
    start_drain(scene, &draining, 20);
    await_drain(scene, &draining);
    assert_int_equal(draining.status, STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(http_server_exchange_count(scene->server), 1);
    http_server_destroy(scene->server);
    scene->server = NULL;
    assert_int_equal(scene->last_status, STATUS_CANCELLED);
    raw_peer_close(&peer);
}

static void test_deadline(void **state)
{
    (void)state;
    http_scene_run(drain_in_vain, NULL);
}

/* A large reply leaves whole before draining is over. */
static void drain_large(struct http_scene *scene)
{
    struct draining draining;
    struct raw_peer peer;
    http_scene_connect(scene, &peer);
    peer.transport->ops->pause(peer.transport->state);
    raw_peer_say(&peer, "GET /large?bytes=3000000 HTTP/1.1\r\nHost: a\r\n\r\n");
    http_scene_settle();
    start_drain(scene, &draining, 0);
    assert_false(draining.is_over);
    peer.transport->ops->resume(peer.transport->state);
    await_drain(scene, &draining);
    http_server_destroy(scene->server);
    scene->server = NULL;
    assert_true(raw_peer_await_bytes(&peer, 3000000));
    raw_peer_close(&peer);
}

static void test_large(void **state)
{
    (void)state;
    http_scene_run(drain_large, NULL);
}

/* Closing at once would reset the connection as soon as the peer says anything, and the peer could
 * lose what it has not read yet: it is the one that closes first. */
static void part(struct http_scene *scene)
{
    struct draining draining;
    struct raw_peer peer;
    size_t offset = 0;
    http_scene_connect(scene, &peer);
    http2_frames_open(&peer);
    http2_frames_request(&peer, 1, "GET", "/hello", NULL, NULL, true);
    assert_true(raw_peer_await(&peer, "hello"));
    start_drain(scene, &draining, 0);
    answer_ping(&peer, &offset);
    assert_true(raw_peer_await_end(&peer));
    http2_frames_send(&peer, FRAME_PING, 0, 0, TEXT("01234567"));
    http_scene_settle();
    assert_false(draining.is_over);
    assert_int_equal(http_server_connection_count(scene->server), 0);
    int64_t closed_ns = clock_monotonic_ns();
    raw_peer_close(&peer);
    await_drain(scene, &draining);
    assert_int_equal(draining.status, STATUS_OK);
    assert_true(clock_monotonic_ns() - closed_ns < HTTP_PARTING_MS * CLOCK_NS_PER_MS / 2);
}

static void test_parting(void **state)
{
    (void)state;
    http_scene_run(part, NULL);
}

/* Peers that do not close: so many are waited for, one more is closed at once, and none for long.
 */
static void part_from_many(struct http_scene *scene)
{
    static struct raw_peer peers[HTTP_PARTINGS_MAX + 1];
    for (size_t i = 0; i < ARRAY_LENGTH(peers); i++) {
        struct http_transport *near_end;
        struct http_transport *far_end;
        assert_int_equal(http_transport_pair(scene->loop, &near_end, &far_end), STATUS_OK);
        raw_peer_open(&peers[i], far_end);
        http_parting_begin(scene->server, near_end);
    }
    assert_int_equal(scene->server->parting_count, HTTP_PARTINGS_MAX);
    for (size_t i = 0; i < ARRAY_LENGTH(peers); i++) {
        assert_true(raw_peer_await_end(&peers[i]));
    }
    raw_peer_close(&peers[0]);
    http_scene_settle();
    assert_int_equal(scene->server->parting_count, HTTP_PARTINGS_MAX - 1);
    struct draining draining;
    start_drain(scene, &draining, 0);
    assert_false(draining.is_over);
    await_drain(scene, &draining);
    assert_int_equal(draining.status, STATUS_OK);
    assert_int_equal(scene->server->parting_count, 0);
    for (size_t i = 1; i < ARRAY_LENGTH(peers); i++) {
        raw_peer_close(&peers[i]);
    }
}

static void test_partings_limit(void **state)
{
    (void)state;
    http_scene_run(part_from_many, NULL);
}

/* A connection that the kernel has made, but nobody has accepted yet. */
static void connect_unseen(struct http_scene *scene, struct text address, struct raw_peer *peer)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct http_transport *transport;
    struct text host;
    uint16_t port;
    assert_int_equal(http_address_split(&scene->call, address, &host, &port), STATUS_OK);
    where.sin_port = htons(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&where, sizeof(where)), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(tcp_transport_create(scene->loop, fd, &transport), STATUS_OK);
    raw_peer_open(peer, transport);
}

static void drain_unseen(struct http_scene *scene)
{
    struct draining draining;
    struct raw_peer http1;
    struct raw_peer http2;
    struct http2_frame frame;
    size_t offset = 0;
    struct text address = http_scene_listen(scene);
    connect_unseen(scene, address, &http1);
    connect_unseen(scene, address, &http2);
    start_drain(scene, &draining, 0);
    raw_peer_say(&http1, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    http2_frames_open(&http2);
    http2_frames_request(&http2, 1, "GET", "/hello", NULL, NULL, true);

    assert_true(raw_peer_await(&http1, "hello"));
    assert_true(raw_peer_has(&http1, "connection: close"));
    assert_true(raw_peer_await_end(&http1));
    assert_true(raw_peer_await(&http2, "hello"));
    assert_true(http2_frames_find(&http2, &offset, FRAME_GOAWAY, &frame));
    answer_ping(&http2, &offset);
    assert_true(raw_peer_await_end(&http2));
    raw_peer_close(&http1);
    raw_peer_close(&http2);
    await_drain(scene, &draining);
    assert_int_equal(draining.status, STATUS_OK);
}

static void test_unseen(void **state)
{
    (void)state;
    http_scene_run(drain_unseen, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http1),  cmocka_unit_test(test_http2),
        cmocka_unit_test(test_idle),   cmocka_unit_test(test_unanswered),
        cmocka_unit_test(test_client), cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_large),  cmocka_unit_test(test_parting),
        cmocka_unit_test(test_unseen), cmocka_unit_test(test_partings_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
