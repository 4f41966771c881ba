#include "base/random.h"

#include <pthread.h>
#include <string.h>

#include "support/cmocka_test.h"

enum { DRAWS = 100000, BOUND = 10 };

static void below_is_uniform(void **state)
{
    (void)state;
    unsigned counts[BOUND] = {0};
    for (int i = 0; i < DRAWS; i++) {
        uint64_t value = random_below(BOUND);
        assert_true(value < BOUND);
        counts[value]++;
    }
    for (int i = 0; i < BOUND; i++) {
        /* Ten standard deviations (sqrt(100,000 * 0.1 * 0.9) is 95). */
        assert_in_range(counts[i], DRAWS / BOUND - 950, DRAWS / BOUND + 950);
    }
    assert_int_equal(random_below(1), 0);
    (void)random_below(UINT64_MAX);
}

static void fractions_stay_below_one(void **state)
{
    (void)state;
    double sum = 0;
    for (int i = 0; i < DRAWS; i++) {
        double value = random_fraction();
        assert_true(value >= 0 && value < 1);
        sum += value;
    }
    assert_true(sum / DRAWS > 0.49 && sum / DRAWS < 0.51);
}

static void fill_writes_what_was_asked(void **state)
{
    (void)state;
    void (*const fills[])(void *bytes, size_t count) = {random_fill, random_secret};
    for (size_t f = 0; f < 2; f++) {
        for (size_t count = 0; count <= 20; count++) {
            unsigned char any[24] = {0};
            /* A byte that stays zero in 64 fills was not written. */
            for (int i = 0; i < 64; i++) {
                unsigned char bytes[24] = {0};
                fills[f](bytes, count);
                for (size_t at = 0; at < sizeof(bytes); at++) {
                    any[at] |= bytes[at];
                }
            }
            for (size_t at = 0; at < sizeof(any); at++) {
                assert_int_equal(any[at] != 0, at < count);
            }
        }
    }
}

static void *draw(void *argument)
{
    *(uint64_t *)argument = random_below(UINT64_MAX);
    return NULL;
}

static void threads_draw_for_themselves(void **state)
{
    (void)state;
    uint64_t values[2];
    for (int i = 0; i < 2; i++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, draw, &values[i]), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
    assert_true(values[0] != values[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(below_is_uniform),
        cmocka_unit_test(fractions_stay_below_one),
        cmocka_unit_test(fill_writes_what_was_asked),
        cmocka_unit_test(threads_draw_for_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
