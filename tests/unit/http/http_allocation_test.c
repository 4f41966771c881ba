/* In its stride, a request takes nothing from the heap; over HTTP/2 a new second's date may. */
#include <stdlib.h>

#include "base/clock.h"
#include "support/allocation_count.h"
#include "unit/http/http_scene.h"

enum { WARM_UP = 300, REQUESTS = 1000 };

static void ask_http1(struct raw_peer *peer, const char *request, const char *want)
{
    uint64_t before = 0;
    for (unsigned i = 0; i < WARM_UP + REQUESTS; i++) {
        before = i == WARM_UP ? allocation_count() : before;
        raw_peer_forget(peer);
        raw_peer_say(peer, request);
        assert_true(raw_peer_await(peer, want));
    }
    assert_int_equal(allocation_count() - before, 0);
}

static void run_http1(struct http_scene *scene)
{
    struct raw_peer peer;
    http_scene_connect(scene, &peer);
    ask_http1(&peer, "GET /json HTTP/1.1\r\nHost: a\r\n\r\n", "{\"name\":\"value\"}");
    ask_http1(&peer, "GET /hello HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\n\r\n", "hello");
    ask_http1(&peer, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
              "\r\n\r\nabc");
    ask_http1(&peer,
              "POST /stream HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
              "3\r\nabc\r\n0\r\n\r\n",
              "\r\n0\r\nx-sum: 42\r\n\r\n");
    raw_peer_close(&peer);
}

static void test_http1(void **state)
{
    (void)state;
    http_scene_run(run_http1, NULL);
}

static void ask_http2(struct http_scene *scene, struct http2_client *client, const char *path,
                      struct text body)
{
    int64_t start_ms = clock_wall_ms();
    uint64_t before = 0;
    struct text part;
    for (unsigned i = 0; i < WARM_UP + REQUESTS; i++) {
        before = i == WARM_UP ? allocation_count() : before;
        struct http2_request *request = http_scene_start(scene, client, "POST", path, false);
        assert_int_equal(http2_request_write(request, body, true), STATUS_OK);
        do {
            part = (struct text){NULL, 0};
            assert_int_equal(http2_request_read(request, &part), STATUS_OK);
        } while (part.length > 0);
        assert_int_equal(http2_request_outcome(request), HTTP2_COMPLETE);
        http2_request_close(request);
    }
    uint64_t taken = allocation_count() - before;
    assert_in_range(taken, 0, allocation_count_for_dates(start_ms));
}

static void run_http2(struct http_scene *scene)
{
    struct http2_client *client = http_scene_connect_http2(scene);
    ask_http2(scene, client, "/json", TEXT(""));
    ask_http2(scene, client, "/echo", TEXT("abc"));
    ask_http2(scene, client, "/stream", TEXT("abc"));
    http2_client_destroy(client);
}

static void test_http2(void **state)
{
    (void)state;
    http_scene_run(run_http2, NULL);
}

/* That the count counts. */
static void test_counter(void **state)
{
    (void)state;
    uint64_t before = allocation_count();
    void *volatile pointer = malloc(1);
    free(pointer);
    assert_int_equal(allocation_count() - before, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counter),
        cmocka_unit_test(test_http1),
        cmocka_unit_test(test_http2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
