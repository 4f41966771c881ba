/* Two ends joined in memory. */
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "unit/http/http_scene.h"
#include "unit/http/raw_peer.h"

struct ends {
    struct raw_peer first;
    struct raw_peer second;
};

static void open_ends(struct ends *ends)
{
    struct http_transport *first = NULL;
    struct http_transport *second = NULL;
    assert_int_equal(http_transport_pair(loop_current(), &first, &second), STATUS_OK);
    assert_string_equal(first->peer, "");
    raw_peer_open(&ends->first, first);
    raw_peer_open(&ends->second, second);
}

static void close_ends(struct ends *ends)
{
    raw_peer_close(&ends->first);
    raw_peer_close(&ends->second);
}

static void talk(void *argument)
{
    struct ends ends;
    (void)argument;
    open_ends(&ends);
    raw_peer_say(&ends.first, "ping");
    assert_int_equal(ends.second.received.length, 0); /* not within the write */
    assert_true(raw_peer_await(&ends.second, "ping"));
    raw_peer_say(&ends.second, "pong");
    raw_peer_say(&ends.second, "pang");
    assert_true(raw_peer_await(&ends.first, "pongpang"));
    close_ends(&ends);
}

static void test_talk(void **state)
{
    (void)state;
    in_fiber(talk, NULL);
}

static void fill(void *argument)
{
    static char bytes[HTTP_LOOPBACK_BYTES_MAX + 1000];
    struct ends ends;
    (void)argument;
    open_ends(&ends);
    ends.second.transport->ops->pause(ends.second.transport->state);
    assert_int_equal(raw_peer_send_some(&ends.first, (struct text){bytes, sizeof(bytes)}),
                     HTTP_LOOPBACK_BYTES_MAX);
    assert_int_equal(raw_peer_send_some(&ends.first, TEXT("a")), 0);
    http_scene_settle();
    assert_int_equal(ends.second.received.length, 0);
    ends.second.transport->ops->resume(ends.second.transport->state);
    assert_true(raw_peer_await_bytes(&ends.second, HTTP_LOOPBACK_BYTES_MAX));
    http_scene_settle();
    assert_true(ends.first.changed.signalled); /* drained */
    assert_int_equal(raw_peer_send_some(&ends.first, TEXT("a")), 1);
    close_ends(&ends);
}

static void test_full(void **state)
{
    (void)state;
    in_fiber(fill, NULL);
}

static void end(void *argument)
{
    struct ends ends;
    (void)argument;
    open_ends(&ends);
    raw_peer_say(&ends.first, "last words");
    ends.first.transport->ops->shutdown(ends.first.transport->state);
    assert_true(raw_peer_await_end(&ends.second));
    assert_true(raw_peer_has(&ends.second, "last words"));
    raw_peer_say(&ends.second, "still heard");
    assert_true(raw_peer_await(&ends.first, "still heard"));
    close_ends(&ends);

    /* Closed with something written: it arrives, then the end. */
    open_ends(&ends);
    raw_peer_say(&ends.first, "last words");
    raw_peer_close(&ends.first);
    assert_true(raw_peer_await_end(&ends.second));
    assert_true(raw_peer_has(&ends.second, "last words"));
    assert_true(ends.second.transport->ops->write(ends.second.transport->state, TEXT("a")) < 0);
    raw_peer_close(&ends.second);

    /* Paused when it ends: told later. */
    open_ends(&ends);
    ends.second.transport->ops->pause(ends.second.transport->state);
    raw_peer_say(&ends.first, "last words");
    raw_peer_close(&ends.first);
    http_scene_settle();
    assert_false(ends.second.ended);
    ends.second.transport->ops->resume(ends.second.transport->state);
    assert_true(raw_peer_await_end(&ends.second));
    assert_true(raw_peer_has(&ends.second, "last words"));
    raw_peer_close(&ends.second);
}

static void test_end(void **state)
{
    (void)state;
    in_fiber(end, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_talk),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
