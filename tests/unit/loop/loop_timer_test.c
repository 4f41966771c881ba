#include <stdlib.h>

#include "base/clock.h"
#include "base/random.h"
#include "loop/loop.h"
#include "support/cmocka_test.h"

enum { TIMERS = 10000, SPREAD_MS = 50 };

struct crowd {
    unsigned running;
    int64_t last_ns;
    unsigned wrong; /* expired out of order, or early, or though stopped */
};

struct crowd_timer {
    struct loop_timer timer;
    struct crowd *crowd;
    bool stopped;
};

static void expire_in_order(struct loop_timer *timer)
{
    struct crowd_timer *one = CONTAINER_OF(timer, struct crowd_timer, timer);
    struct crowd *crowd = one->crowd;
    if (one->stopped || timer->due_ns < crowd->last_ns || timer->due_ns > clock_monotonic_ns() ||
        timer->place != 0) {
        crowd->wrong++;
    }
    crowd->last_ns = timer->due_ns;
    crowd->running--;
}

static int64_t some_time(void)
{
    return clock_monotonic_ns() + (int64_t)random_below(SPREAD_MS * CLOCK_NS_PER_MS);
}

/* Starts all, stops a third of them, starts a third of those again, moves some. */
static void start_crowd(struct loop *loop, struct crowd *crowd, struct crowd_timer *timers)
{
    for (unsigned i = 0; i < TIMERS; i++) {
        timers[i] = (struct crowd_timer){.timer.expire = expire_in_order, .crowd = crowd};
        assert_int_equal(loop_timer_start(loop, &timers[i].timer, some_time()), STATUS_OK);
        crowd->running++;
    }
    for (unsigned i = 0; i < TIMERS; i += 3) {
        loop_timer_stop(loop, &timers[i].timer);
        timers[i].stopped = true;
        crowd->running--;
    }
    for (unsigned i = 0; i < TIMERS; i += 9) {
        assert_int_equal(loop_timer_start(loop, &timers[i].timer, some_time()), STATUS_OK);
        timers[i].stopped = false;
        crowd->running++;
    }
    for (unsigned i = 1; i < TIMERS; i += 30) {
        assert_int_equal(loop_timer_start(loop, &timers[i].timer, some_time()), STATUS_OK);
    }
}

static bool none_runs(void *argument)
{
    return *(unsigned *)argument == 0;
}

static void ten_thousand_expire_in_order(void **state)
{
    (void)state;
    struct loop *loop;
    struct crowd crowd = {.running = 0};
    struct crowd_timer *timers = calloc(TIMERS, sizeof(*timers));
    assert_non_null(timers);
    assert_int_equal(loop_create(&loop), STATUS_OK);
    start_crowd(loop, &crowd, timers);
    loop_run_until(loop, none_runs, &crowd.running);
    assert_int_equal(crowd.wrong, 0);
    loop_destroy(loop);
    free(timers);
}

struct repeat {
    struct loop_timer timer;
    unsigned left;
    unsigned *running;
};

/* Always in the past: each expiry must be in a turn of its own, and the last one frees it. */
static void restart_or_free(struct loop_timer *timer)
{
    struct repeat *repeat = CONTAINER_OF(timer, struct repeat, timer);
    if (repeat->left > 0) {
        repeat->left--;
        assert_int_equal(loop_timer_start(loop_current(), timer, timer->due_ns - 1), STATUS_OK);
        return;
    }
    --*repeat->running;
    free(repeat);
}

static void a_timer_may_restart_or_free_itself(void **state)
{
    (void)state;
    struct loop *loop;
    unsigned running = 0;
    assert_int_equal(loop_create(&loop), STATUS_OK);
    for (unsigned i = 0; i < 4; i++) {
        struct repeat *repeat = calloc(1, sizeof(*repeat));
        assert_non_null(repeat);
        *repeat = (struct repeat){{.expire = restart_or_free}, i, &running};
        running++;
        assert_int_equal(loop_timer_start(loop, &repeat->timer, 0), STATUS_OK);
    }
    loop_run_until(loop, none_runs, &running);
    loop_destroy(loop);
}

struct couple {
    struct loop_timer first;
    struct loop_timer second;
    struct loop_timer last;
    unsigned left;
};

static void stop_second(struct loop_timer *timer)
{
    struct couple *couple = CONTAINER_OF(timer, struct couple, first);
    loop_timer_stop(loop_current(), &couple->second);
    loop_timer_stop(loop_current(), &couple->second);
}

static void fail_second(struct loop_timer *timer)
{
    (void)timer;
    fail_msg("a stopped timer expired");
}

static void end_last(struct loop_timer *timer)
{
    CONTAINER_OF(timer, struct couple, last)->left--;
}

static void a_due_timer_can_be_stopped_by_another(void **state)
{
    (void)state;
    struct loop *loop;
    struct couple couple = {.first.expire = stop_second,
                            .second.expire = fail_second,
                            .last.expire = end_last,
                            .left = 1};
    assert_int_equal(loop_create(&loop), STATUS_OK);
    loop_timer_stop(loop, &couple.first);
    assert_int_equal(loop_timer_start(loop, &couple.last, 3), STATUS_OK);
    assert_int_equal(loop_timer_start(loop, &couple.second, 2), STATUS_OK);
    assert_int_equal(loop_timer_start(loop, &couple.first, 1), STATUS_OK);
    loop_run_until(loop, none_runs, &couple.left);
    assert_int_equal(couple.second.place, 0);
    loop_destroy(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_expire_in_order),
        cmocka_unit_test(a_timer_may_restart_or_free_itself),
        cmocka_unit_test(a_due_timer_can_be_stopped_by_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
