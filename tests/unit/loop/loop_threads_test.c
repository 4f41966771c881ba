#include <pthread.h>
#include <signal.h>

#include "base/clock.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "support/cmocka_test.h"

enum { COUNT = 3 };

struct visit {
    struct loop_threads *threads;
    enum status answers[COUNT];
    struct loop *seen[COUNT];
    pthread_t on[COUNT];
};

static enum status look(void *argument, unsigned index)
{
    struct visit *visit = argument;
    visit->seen[index] = loop_current();
    visit->on[index] = pthread_self();
    if (fiber_sleep(NULL, CLOCK_NS_PER_MS) != STATUS_OK) {
        return STATUS_INTERNAL;
    }
    return visit->answers[index];
}

static void each_loop_is_visited_on_its_thread(void **state)
{
    (void)state;
    struct visit visit = {.threads = NULL};
    assert_int_equal(loop_threads_start(COUNT, &visit.threads), STATUS_OK);
    assert_int_equal(loop_threads_count(visit.threads), COUNT);
    assert_int_equal(loop_threads_each(visit.threads, look, &visit), STATUS_OK);
    for (unsigned i = 0; i < COUNT; i++) {
        assert_ptr_equal(visit.seen[i], loop_threads_at(visit.threads, i));
        for (unsigned other = 0; other < i; other++) {
            assert_false(pthread_equal(visit.on[i], visit.on[other]));
        }
    }
    loop_threads_destroy(visit.threads);
}

static void the_first_failure_by_index_is_returned(void **state)
{
    (void)state;
    struct visit visit = {.answers = {STATUS_OK, STATUS_NOT_FOUND, STATUS_UNAVAILABLE}};
    assert_int_equal(loop_threads_start(COUNT, &visit.threads), STATUS_OK);
    assert_int_equal(loop_threads_each(visit.threads, look, &visit), STATUS_NOT_FOUND);
    loop_threads_destroy(visit.threads);
}

static enum status look_at_signals(void *argument, unsigned index)
{
    (void)argument;
    (void)index;
    sigset_t blocked;
    bool right = pthread_sigmask(SIG_SETMASK, NULL, &blocked) == 0 &&
                 sigismember(&blocked, SIGTERM) == 1 && sigismember(&blocked, SIGINT) == 1 &&
                 sigismember(&blocked, SIGSEGV) == 0;
    return right ? STATUS_OK : STATUS_INTERNAL;
}

static void signals_are_left_to_other_threads(void **state)
{
    (void)state;
    struct loop_threads *threads;
    sigset_t before;
    sigset_t after;
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &before), 0);
    assert_int_equal(loop_threads_start(2, &threads), STATUS_OK);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &after), 0);
    assert_int_equal(sigismember(&before, SIGTERM), sigismember(&after, SIGTERM));
    assert_int_equal(loop_threads_each(threads, look_at_signals, NULL), STATUS_OK);
    loop_threads_destroy(threads);
    loop_threads_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_loop_is_visited_on_its_thread),
        cmocka_unit_test(the_first_failure_by_index_is_returned),
        cmocka_unit_test(signals_are_left_to_other_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
