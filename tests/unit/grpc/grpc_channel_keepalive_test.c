/* How often a channel asks whether its servers are there still. */
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "grpc/grpc_channel_private.h"
#include "support/cmocka_test.h"
#include "unit/grpc/grpc_fixture.h"

static struct grpc_channel *create(struct grpc_fixture *fixture, int64_t time_ms,
                                   int64_t timeout_ms)
{
    const struct grpc_channel_options options = {
        .pool = fixture->pool,
        .target = "asked",
        .keepalive_time_ms = time_ms,
        .keepalive_timeout_ms = timeout_ms,
    };
    struct grpc_channel *channel;
    assert_int_equal(grpc_channel_create(fixture->loop, &options, &channel), STATUS_OK);
    return channel;
}

static void the_time_has_a_least(struct grpc_fixture *fixture)
{
    static const struct {
        int64_t time_ms;
        int64_t timeout_ms;
        int64_t want_time_ms;
        int64_t want_timeout_ms;
    } rows[] = {
        {0, 0, 0, GRPC_KEEPALIVE_TIMEOUT_MS},
        {1, 1, GRPC_KEEPALIVE_TIME_MIN_MS, 1},
        {GRPC_KEEPALIVE_TIME_MIN_MS + 1, 0, GRPC_KEEPALIVE_TIME_MIN_MS + 1,
         GRPC_KEEPALIVE_TIMEOUT_MS},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct grpc_channel *channel = create(fixture, rows[i].time_ms, rows[i].timeout_ms);
        assert_int_equal(channel->keepalive.time_ns, rows[i].want_time_ms * CLOCK_NS_PER_MS);
        assert_int_equal(channel->keepalive.timeout_ns, rows[i].want_timeout_ms * CLOCK_NS_PER_MS);
        grpc_channel_destroy(channel);
    }
}
FIXTURE_LOOPBACK_TEST(the_time_has_a_least)

#define SETTINGS "\0\0\0\4\0\0\0\0\0"
#define GOAWAY "\0\0\x16\7\0\0\0\0\0\0\0\0\0\0\0\0\x0btoo_many_pings"

/* Accepts, says that it speaks HTTP/2, and that it is asked too often. */
static int refuse_once(struct grpc_fixture *fixture, int listener)
{
    static const char words[] = SETTINGS GOAWAY;
    int fd = -1;
    while (fd < 0) {
        assert_int_equal(fiber_sleep(&fixture->call, CLOCK_NS_PER_MS), STATUS_OK);
        fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    }
    assert_int_equal(write(fd, words, sizeof(words) - 1), sizeof(words) - 1);
    return fd;
}

static void await_time(struct grpc_fixture *fixture, const struct grpc_channel *channel,
                       int64_t time_ms)
{
    while (channel->keepalive.time_ns != time_ms * CLOCK_NS_PER_MS) {
        assert_int_equal(fiber_sleep(&fixture->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
}

static void a_server_that_is_asked_too_often_is_asked_less(struct grpc_fixture *fixture)
{
    char address[HTTP_ADDRESS_BYTES_MAX];
    int fds[2];
    struct grpc_channel *channel = create(fixture, 15000, 0);
    int listener = grpc_fixture_reserve(address);
    struct text name = text_of(address);
    assert_int_equal(listen(listener, 1), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(fds); i++) {
        assert_int_equal(grpc_channel_update(channel, &name, 1), STATUS_OK); /* connects at once */
        fds[i] = refuse_once(fixture, listener);
        await_time(fixture, channel, i == 0 ? 30000 : 60000);
    }
    grpc_channel_destroy(channel);
    close(fds[0]);
    close(fds[1]);
    close(listener);
}
FIXTURE_LOOPBACK_TEST(a_server_that_is_asked_too_often_is_asked_less)

static void doubling_has_an_end(struct grpc_fixture *fixture)
{
    struct grpc_channel *channel = create(fixture, INT64_MAX / CLOCK_NS_PER_MS, 0);
    grpc_channel_ask_less(channel);
    grpc_channel_ask_less(channel);
    assert_int_equal(channel->keepalive.time_ns, INT64_MAX);
    grpc_channel_destroy(channel);
}
FIXTURE_LOOPBACK_TEST(doubling_has_an_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_time_has_a_least_loopback),
        cmocka_unit_test(a_server_that_is_asked_too_often_is_asked_less_loopback),
        cmocka_unit_test(doubling_has_an_end_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
