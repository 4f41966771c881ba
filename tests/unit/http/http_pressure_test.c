/* Back-pressure: who does not read stops who writes, and memory stays within its limits. */
#include "base/clock.h"
#include "http/http1_private.h"
#include "http/http2_server.h"
#include "http2/http2_session.h"
#include "unit/http/http2_frames.h"
#include "unit/http/http_scene.h"

enum { FLOOD_BYTES = 16 * 1024 * 1024 };

/* Lets the loop turn until nothing more is written. */
static size_t settled_bytes(struct http_scene *scene)
{
    size_t before;
    do {
        before = scene->written_bytes;
        http_scene_settle();
    } while (scene->written_bytes != before);
    return before;
}

/* The handler writes without end to a peer that has stopped to read. */
static void flood_http1(struct http_scene *scene)
{
    struct raw_peer peer;
    http_scene_connect(scene, &peer);
    peer.transport->ops->pause(peer.transport->state);
    raw_peer_say(&peer, "GET /flood?bytes=16777216 HTTP/1.1\r\nHost: a\r\n\r\n");
    http_scene_await_entered(scene, 1);
    size_t stopped_at = settled_bytes(scene);
    assert_true(stopped_at >= HTTP_OUTPUT_BYTES_MAX / 2);
    assert_true(stopped_at <= HTTP_OUTPUT_BYTES_MAX + HTTP_LOOPBACK_BYTES_MAX + 128 * 1024);
    assert_int_equal(scene->left, 0);
    peer.transport->ops->resume(peer.transport->state);
    assert_true(raw_peer_await(&peer, "\r\n0\r\n\r\n"));
    assert_true(peer.received.length > FLOOD_BYTES);
    assert_int_equal(scene->last_status, STATUS_OK);
    raw_peer_close(&peer);
}

static void test_slow_reader_of_http1(void **state)
{
    (void)state;
    http_scene_run(flood_http1, NULL);
}

static void flood_http2(struct http_scene *scene)
{
    struct http2_client *client = http_scene_connect_http2(scene);
    struct http2_request *request =
        http_scene_start(scene, client, "GET", "/flood?bytes=16777216", true);
    struct text part = {NULL, 0};
    size_t received = 0;
    http_scene_await_entered(scene, 1);
    size_t stopped_at = settled_bytes(scene);
    assert_true(stopped_at <= HTTP_OUTPUT_BYTES_MAX + HTTP2_CLIENT_WINDOW_BYTES + 128 * 1024);
    assert_int_equal(scene->left, 0);
    do {
        assert_int_equal(http2_request_read(request, &part), STATUS_OK);
        assert_true(part.length <= HTTP2_CLIENT_WINDOW_BYTES);
        received += part.length;
    } while (part.length > 0);
    assert_int_equal(received, FLOOD_BYTES);
    assert_int_equal(scene->last_status, STATUS_OK);
    http2_request_close(request);
    http2_client_destroy(client);
}

static void test_slow_reader_of_http2(void **state)
{
    (void)state;
    http_scene_run(flood_http2, NULL);
}

/* One stream whose window is closed does not hold up the others. */
static void starve_one(struct http_scene *scene)
{
    struct http2_client *client = http_scene_connect_http2(scene);
    struct http2_request *request =
        http_scene_start(scene, client, "GET", "/flood?bytes=16777216", true);
    http_scene_await_entered(scene, 1);
    (void)settled_bytes(scene);
    struct http_answer answer =
        http_scene_ask(scene, client, "GET", "/large?bytes=500000", (struct text){NULL, 0});
    assert_int_equal(answer.body.length, 500000);
    answer = http_scene_ask(scene, client, "POST", "/echo", TEXT("still here"));
    assert_true(text_equal(answer.body, TEXT("still here")));
    http2_request_close(request);
    http_scene_await_left(scene, 1);
    assert_int_equal(scene->last_status, STATUS_CANCELLED);
    http2_client_destroy(client);
}

static void test_starved_stream(void **state)
{
    (void)state;
    http_scene_run(starve_one, NULL);
}

/* Replies share the connection frame by frame: a small one does not wait for a large one. */
static void share_connection(struct http_scene *scene)
{
    struct raw_peer peer;
    struct http2_frame frame;
    size_t offset = 0;
    size_t large_bytes = 0;
    http_scene_connect(scene, &peer);
    raw_peer_say(&peer, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    http2_frames_send(&peer, FRAME_SETTINGS, 0, 0, TEXT("\0\x04\x7f\xff\xff\xff"));
    http2_frames_send_number(&peer, FRAME_WINDOW_UPDATE, 0, 0x7fff0000 - 65535);
    http2_frames_request(&peer, 1, "GET", "/large?bytes=8000000", NULL, NULL, true);
    http2_frames_request(&peer, 3, "GET", "/hello", NULL, NULL, true);
    do {
        assert_true(http2_frames_next(&peer, &offset, &frame));
        if (frame.type == FRAME_DATA && frame.stream_id == 1) {
            large_bytes += frame.payload.length;
        }
    } while (frame.type != FRAME_DATA || frame.stream_id != 3);
    assert_true(large_bytes < 1000000);
    while (large_bytes < 8000000) {
        assert_true(http2_frames_find(&peer, &offset, FRAME_DATA, &frame));
        large_bytes += frame.payload.length;
    }
    assert_int_equal(frame.flags, FLAG_END_STREAM);
    raw_peer_close(&peer);
}

static void test_shared_connection(void **state)
{
    (void)state;
    http_scene_run(share_connection, NULL);
}

/* The handler does not read yet: the peer gets rid of no more than the limits. */
static void fill_http1(struct http_scene *scene)
{
    struct raw_peer peer;
    char part[16 * 1024];
    size_t sent = 0;
    memset(part, 'a', sizeof(part));
    http_scene_connect(scene, &peer);
    raw_peer_say(&peer, "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 4194304\r\n\r\n");
    http_scene_await_entered(scene, 1);
    for (unsigned idle = 0; idle < 100; idle++) {
        size_t taken = raw_peer_send_some(&peer, (struct text){part, sizeof(part)});
        sent += taken;
        idle = taken > 0 ? 0 : idle;
        fiber_yield();
    }
    assert_true(sent >= HTTP1_BODY_BYTES_MAX);
    assert_true(sent <= HTTP1_BODY_BYTES_MAX + HTTP1_INPUT_BYTES_MAX + 2 * HTTP_LOOPBACK_BYTES_MAX);
    http_scene_open_gate(scene);
    while (sent < 4194304) {
        size_t length = 4194304 - sent < sizeof(part) ? 4194304 - sent : sizeof(part);
        raw_peer_send(&peer, (struct text){part, length});
        sent += length;
    }
    assert_true(raw_peer_await(&peer, "read 4194304"));
    raw_peer_close(&peer);
}

static void test_slow_handler_of_http1(void **state)
{
    (void)state;
    http_scene_run(fill_http1, NULL);
}

struct upload {
    struct http2_request *request;
    size_t sent;
    enum status status;
    bool is_over;
};

static void upload_all(void *argument)
{
    struct upload *upload = argument;
    char part[16 * 1024];
    memset(part, 'a', sizeof(part));
    upload->status = STATUS_OK;
    while (upload->sent < 4194304 && upload->status == STATUS_OK) {
        upload->status = http2_request_write(upload->request, (struct text){part, sizeof(part)},
                                             upload->sent + sizeof(part) == 4194304);
        upload->sent += sizeof(part);
    }
    upload->is_over = true;
}

static void fill_http2(struct http_scene *scene)
{
    struct http2_client *client = http_scene_connect_http2(scene);
    struct upload upload = {.request = http_scene_start(scene, client, "POST", "/slow", false)};
    struct text part = {NULL, 0};
    http_scene_await_entered(scene, 1);
    assert_int_equal(fiber_start(scene->loop, upload_all, &upload), STATUS_OK);
    http_scene_settle();
    assert_false(upload.is_over);
    assert_true(upload.sent >= HTTP2_SERVER_WINDOW_BYTES);
    assert_true(upload.sent <= HTTP2_SERVER_WINDOW_BYTES + HTTP2_SEND_BYTES_MAX + 2 * 16 * 1024);
    /* Other streams of the connection go on. */
    struct http_answer answer = http_scene_ask(scene, client, "POST", "/echo", TEXT("by the way"));
    assert_true(text_equal(answer.body, TEXT("by the way")));
    http_scene_open_gate(scene);
    assert_int_equal(http2_request_read(upload.request, &part), STATUS_OK);
    assert_true(text_equal(part, TEXT("read 4194304")));
    assert_true(upload.is_over);
    assert_int_equal(upload.status, STATUS_OK);
    http2_request_close(upload.request);
    http2_client_destroy(client);
}

static void test_slow_handler_of_http2(void **state)
{
    (void)state;
    http_scene_run(fill_http2, NULL);
}

/* A peer that never takes its reply is given up, and the handler told. */
static void give_up(struct http_scene *scene)
{
    struct raw_peer peer;
    http_scene_connect(scene, &peer);
    peer.transport->ops->pause(peer.transport->state);
    raw_peer_say(&peer, "GET /flood?bytes=16777216 HTTP/1.1\r\nHost: a\r\n\r\n");
    http_scene_await_left(scene, 1);
    assert_int_equal(scene->last_status, STATUS_CANCELLED);
    assert_int_equal(http_server_connection_count(scene->server), 0);
    raw_peer_close(&peer);
}

static void test_peer_that_never_reads(void **state)
{
    (void)state;
    static const struct http_server_options options = {.body_timeout_ms = 50};
    http_scene_run(give_up, &options);
}

/* Requests that wait in a pipeline are not taken, nor is memory for them. */
static void pipeline_without_end(struct http_scene *scene)
{
    static const char request[] = "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n";
    struct raw_peer peer;
    size_t sent = 0;
    http_scene_connect(scene, &peer);
    for (unsigned idle = 0; idle < 100; idle++) {
        size_t taken = raw_peer_send_some(&peer, text_of(request));
        sent += taken;
        idle = taken > 0 ? 0 : idle;
        fiber_yield();
    }
    assert_int_equal(scene->entered, 1);
    assert_true(sent <= HTTP1_INPUT_BYTES_MAX + 2 * HTTP_LOOPBACK_BYTES_MAX);
    http_scene_open_gate(scene);
    assert_true(raw_peer_await(&peer, "waited"));
    http_scene_await_entered(scene, 2);
    raw_peer_close(&peer);
    http_scene_await_left(scene, 2);
}

static void test_pipeline(void **state)
{
    (void)state;
    http_scene_run(pipeline_without_end, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slow_reader_of_http1),  cmocka_unit_test(test_slow_reader_of_http2),
        cmocka_unit_test(test_starved_stream),        cmocka_unit_test(test_shared_connection),
        cmocka_unit_test(test_slow_handler_of_http1), cmocka_unit_test(test_slow_handler_of_http2),
        cmocka_unit_test(test_peer_that_never_reads), cmocka_unit_test(test_pipeline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
