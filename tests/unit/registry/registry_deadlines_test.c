#include "registry/repository/registry_deadlines.h"

#include "base/clock.h"
#include "base/random.h"
#include "support/cmocka_test.h"

enum { CROWD = 2000 };

#define TICK_NS (REGISTRY_TICK_MS * CLOCK_NS_PER_MS)
/* Somewhere in a tick, far from the clock's start. */
#define START_NS (INT64_C(1000000) * CLOCK_NS_PER_S + 12345)

static unsigned collect(struct registry_deadlines *deadlines, int64_t now_ns)
{
    struct list due;
    unsigned count = 0;
    list_init(&due);
    registry_deadlines_collect(deadlines, now_ns, &due);
    while (registry_deadlines_next(deadlines, now_ns, &due) != NULL) {
        count++;
    }
    return count;
}

static void test_due_within_a_tick(void **state)
{
    static const int64_t delays_ms[] = {0, 1, 49, 50, 51, 999, 6000, 60000, 600000};
    static struct registry_deadlines deadlines;
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(delays_ms); i++) {
        struct registry_deadline deadline;
        int64_t due_ns = START_NS + delays_ms[i] * CLOCK_NS_PER_MS;
        int64_t now_ns = START_NS;
        registry_deadlines_init(&deadlines);
        registry_deadline_init(&deadline, 0);
        registry_deadline_start(&deadlines, &deadline, due_ns, START_NS);
        while (collect(&deadlines, now_ns) == 0) {
            assert_true(now_ns < due_ns + 2 * TICK_NS);
            now_ns += TICK_NS;
        }
        assert_true(now_ns >= due_ns);
        assert_true(now_ns <= due_ns + TICK_NS);
        assert_int_equal(deadlines.count, 0);
    }
}

static void test_moved(void **state)
{
    static struct registry_deadlines deadlines;
    struct registry_deadline deadline;
    (void)state;
    registry_deadlines_init(&deadlines);
    registry_deadline_init(&deadline, 0);
    registry_deadline_start(&deadlines, &deadline, START_NS + CLOCK_NS_PER_S, START_NS);
    registry_deadline_start(&deadlines, &deadline, START_NS + 3 * CLOCK_NS_PER_S, START_NS);
    assert_int_equal(deadlines.count, 1);
    assert_int_equal(collect(&deadlines, START_NS + 2 * CLOCK_NS_PER_S), 0);
    registry_deadline_start(&deadlines, &deadline, START_NS + 2100 * CLOCK_NS_PER_MS,
                            START_NS + 2 * CLOCK_NS_PER_S);
    assert_int_equal(collect(&deadlines, START_NS + 2200 * CLOCK_NS_PER_MS), 1);
    assert_false(registry_deadline_is_running(&deadline));

    registry_deadline_start(&deadlines, &deadline, START_NS + 4 * CLOCK_NS_PER_S,
                            START_NS + 3 * CLOCK_NS_PER_S);
    registry_deadline_stop(&deadlines, &deadline);
    registry_deadline_stop(&deadlines, &deadline);
    assert_int_equal(collect(&deadlines, START_NS + 9 * CLOCK_NS_PER_S), 0);
    assert_int_equal(deadlines.count, 0);
}

/* A heartbeat that is handled between the collection and the expiry counts. */
static void test_moved_while_due(void **state)
{
    static struct registry_deadlines deadlines;
    struct registry_deadline deadline;
    struct list due;
    int64_t late_ns = START_NS + 2 * CLOCK_NS_PER_S;
    (void)state;
    list_init(&due);
    registry_deadlines_init(&deadlines);
    registry_deadline_init(&deadline, 0);
    registry_deadline_start(&deadlines, &deadline, START_NS + CLOCK_NS_PER_S, START_NS);
    registry_deadlines_collect(&deadlines, late_ns, &due);
    registry_deadline_start(&deadlines, &deadline, late_ns + CLOCK_NS_PER_S, late_ns);
    assert_null(registry_deadlines_next(&deadlines, late_ns, &due));
    assert_int_equal(deadlines.count, 1);
    assert_int_equal(collect(&deadlines, late_ns + 2 * CLOCK_NS_PER_S), 1);
}

static void test_crowd_after_a_long_pause(void **state)
{
    static struct registry_deadlines deadlines;
    static struct registry_deadline crowd[CROWD];
    (void)state;
    registry_deadlines_init(&deadlines);
    for (size_t i = 0; i < CROWD; i++) {
        registry_deadline_init(&crowd[i], 0);
        registry_deadline_start(&deadlines, &crowd[i],
                                START_NS + (int64_t)random_below(300 * (uint64_t)CLOCK_NS_PER_S),
                                START_NS);
    }
    assert_int_equal(collect(&deadlines, START_NS + 400 * CLOCK_NS_PER_S), CROWD);
    assert_int_equal(deadlines.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_due_within_a_tick),
        cmocka_unit_test(test_moved),
        cmocka_unit_test(test_moved_while_due),
        cmocka_unit_test(test_crowd_after_a_long_pause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
