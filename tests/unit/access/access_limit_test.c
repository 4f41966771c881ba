#include "access/access_limit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"
#include "support/cmocka_test.h"

#define START_NS (INT64_C(5) * CLOCK_NS_PER_S)

static struct access_limit *create(unsigned rate, unsigned burst)
{
    struct access_limit *limit = NULL;
    assert_int_equal(access_limit_create(rate, burst, &limit), STATUS_OK);
    return limit;
}

static bool take(struct access_limit *limit, const char *client, int64_t now_ns)
{
    int64_t wait_ns;
    return access_limit_take(limit, text_of(client), now_ns, &wait_ns);
}

static void lets_a_burst_and_then_its_rate(void **state)
{
    struct access_limit *limit = create(10, 3);
    int64_t wait_ns = 0;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_true(take(limit, "a", START_NS));
    }
    assert_false(access_limit_take(limit, TEXT("a"), START_NS, &wait_ns));
    assert_int_equal(wait_ns, CLOCK_NS_PER_S / 10);
    assert_false(take(limit, "a", START_NS + wait_ns - 1));
    assert_true(take(limit, "a", START_NS + wait_ns));
    assert_false(take(limit, "a", START_NS + wait_ns));
    assert_true(take(limit, "b", START_NS)); /* others are not held up */
    /* However long it was silent, it has saved up no more than a burst. */
    int64_t late_ns = START_NS + 1000 * CLOCK_NS_PER_S;
    for (size_t i = 0; i < 3; i++) {
        assert_true(take(limit, "a", late_ns));
    }
    assert_false(take(limit, "a", late_ns));
    access_limit_destroy(limit);
    access_limit_destroy(NULL);
}

/* Refused ones cost nothing: who goes on trying gets its rate all the same. */
static void is_its_rate_for_who_does_not_stop(void **state)
{
    struct access_limit *limit = create(100, 1);
    unsigned taken = 0;
    (void)state;
    for (int64_t ms = 0; ms < 10000; ms++) {
        taken += take(limit, "a", START_NS + ms * CLOCK_NS_PER_MS);
    }
    assert_int_equal(taken, 1000);
    access_limit_destroy(limit);
}

/* Far more clients than there is room for: each new one may, and one that is held back stays so
 * while others' full buckets can be given away. */
static void has_room_for_any_number(void **state)
{
    enum { CLIENTS = 100000 };
    struct access_limit *limit = create(1, 1);
    (void)state;
    assert_true(take(limit, "held", START_NS));
    for (unsigned i = 0; i < CLIENTS; i++) {
        char client[16];
        (void)snprintf(client, sizeof(client), "client %u", i);
        int64_t now_ns = START_NS - 2 * CLOCK_NS_PER_S; /* full again long ago */
        assert_true(take(limit, client, now_ns));
    }
    assert_false(take(limit, "held", START_NS));
    access_limit_destroy(limit);
}

static void has_bounds(void **state)
{
    static const struct {
        unsigned rate;
        unsigned burst;
        enum status want;
    } cases[] = {
        {1, 1, STATUS_OK},
        {ACCESS_LIMIT_RATE_MAX, ACCESS_LIMIT_BURST_MAX, STATUS_OK},
        {0, 1, STATUS_INVALID_ARGUMENT},
        {1, 0, STATUS_INVALID_ARGUMENT},
        {ACCESS_LIMIT_RATE_MAX + 1, 1, STATUS_INVALID_ARGUMENT},
        {1, ACCESS_LIMIT_BURST_MAX + 1, STATUS_INVALID_ARGUMENT},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct access_limit *limit = NULL;
        assert_int_equal(access_limit_create(cases[i].rate, cases[i].burst, &limit), cases[i].want);
        access_limit_destroy(limit);
    }
}

enum { THREADS = 4, TRIES = 20000 };

struct rush {
    struct access_limit *limit;
    atomic_uint taken;
};

static void *try_all(void *argument)
{
    struct rush *rush = argument;
    for (unsigned i = 0; i < TRIES; i++) {
        atomic_fetch_add(&rush->taken, take(rush->limit, "a", START_NS));
    }
    return NULL;
}

/* No two threads get the same piece. */
static void holds_among_threads(void **state)
{
    struct rush rush = {.limit = create(1000, 5000)};
    pthread_t threads[THREADS];
    (void)state;
    assert_true(take(rush.limit, "a", START_NS));
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, try_all, &rush), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(rush.taken, 4999);
    access_limit_destroy(rush.limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_a_burst_and_then_its_rate),
        cmocka_unit_test(is_its_rate_for_who_does_not_stop),
        cmocka_unit_test(has_room_for_any_number),
        cmocka_unit_test(has_bounds),
        cmocka_unit_test(holds_among_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
