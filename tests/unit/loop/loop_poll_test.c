#include "loop/loop_poll.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { BYTES = 1024 };

struct end {
    int fd;
    unsigned told;
    size_t received;
};

static void on_ready(void *argument)
{
    struct end *end = argument;
    char bytes[BYTES];
    ssize_t count;
    end->told++;
    while ((count = recv(end->fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
        end->received += (size_t)count;
    }
}

static void run_poll(void *unused)
{
    int fds[2];
    struct arena arena;
    struct call call;
    struct loop_poll *poll;
    (void)unused;
    arena_init(&arena, BYTES);
    call_init(&call, &arena, 10000);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    struct end end = {.fd = fds[0]};
    assert_int_equal(loop_poll_open(loop_current(), fds[0], on_ready, &end, &poll), STATUS_OK);

    /* It can be written all the time, and that is told only to who wants it. */
    assert_int_equal(send(fds[1], "abc", 3, 0), 3);
    while (end.received < 3) {
        assert_int_equal(fiber_sleep(&call, CLOCK_NS_PER_MS), STATUS_OK);
    }
    assert_int_equal(end.told, 1);
    loop_poll_set_writable(poll, true);
    while (end.told < 3) {
        assert_int_equal(fiber_sleep(&call, CLOCK_NS_PER_MS), STATUS_OK);
    }
    loop_poll_set_writable(poll, false);
    unsigned told = end.told;
    assert_int_equal(send(fds[1], "d", 1, 0), 1);
    while (end.received < 4) {
        assert_int_equal(fiber_sleep(&call, CLOCK_NS_PER_MS), STATUS_OK);
    }
    assert_int_equal(end.told, told + 1);
    loop_poll_close(poll);
    (void)close(fds[0]);
    (void)close(fds[1]);
    arena_deinit(&arena);
}

static void test_poll(void **state)
{
    (void)state;
    in_fiber(run_poll, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_poll)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
