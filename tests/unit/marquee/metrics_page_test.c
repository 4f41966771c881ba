/* What `marquee status` reads out of /metrics. */
#include "marquee/metrics_page.h"

#include "support/cmocka_test.h"

static const struct text page = TEXT_INIT("# HELP lag_events Events.\n"
                                          "# TYPE lag_events gauge\n"
                                          "lag_events{partition=\"0\"} 3\n"
                                          "lag_events{partition=\"1\"} 4.5\n"
                                          "lag_events_more 100\n"
                                          "memory_bytes 1.5e+06\n"
                                          "broken\n"
                                          "broken_too x\n");

static void test_sum_and_max(void **state)
{
    static const struct {
        const char *family;
        bool is_there;
        double sum;
        double max;
    } rows[] = {
        {"lag_events", true, 7.5, 4.5},
        {"lag_events_more", true, 100, 100},
        {"memory_bytes", true, 1.5e6, 1.5e6},
        {"lag", false, 0, 0},
        {"broken", false, 0, 0},
        {"broken_too", false, 0, 0},
        {"# HELP lag_events", false, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        double sum;
        double max;
        print_message("%s\n", rows[i].family);
        assert_int_equal(metrics_page_sum(page, rows[i].family, &sum), rows[i].is_there);
        assert_int_equal(metrics_page_max(page, rows[i].family, &max), rows[i].is_there);
        if (rows[i].is_there) {
            assert_true(sum == rows[i].sum);
            assert_true(max == rows[i].max);
        }
    }
}

static void test_the_largest_may_be_negative(void **state)
{
    double max;
    (void)state;
    assert_true(metrics_page_max(TEXT("age -3\nage{a=\"b\"} -1.5\n"), "age", &max));
    assert_true(max == -1.5);
}

static void test_an_empty_page(void **state)
{
    double sum;
    (void)state;
    assert_false(metrics_page_sum(TEXT(""), "age", &sum));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sum_and_max),
        cmocka_unit_test(test_the_largest_may_be_negative),
        cmocka_unit_test(test_an_empty_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
