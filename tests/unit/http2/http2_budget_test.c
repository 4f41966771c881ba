#include "http2/http2_budget.h"

#include "base/clock.h"
#include "support/cmocka_test.h"

static const struct {
    enum http2_cost cost;
    unsigned burst;
    unsigned a_second;
} limits[] = {
    {HTTP2_COST_STRIKE, HTTP2_STRIKES_MAX, HTTP2_STRIKES_A_SECOND},
    {HTTP2_COST_CONTROL, HTTP2_CONTROLS_MAX, HTTP2_CONTROLS_A_SECOND},
    {HTTP2_COST_RESET, HTTP2_RESETS_MAX, HTTP2_RESETS_A_SECOND},
};

static unsigned take_all(struct http2_budget *budget, enum http2_cost cost, int64_t now_ns)
{
    unsigned count = 0;
    while (http2_budget_take(budget, cost, now_ns)) {
        count++;
    }
    return count;
}

static void test_burst_and_rate(void **state)
{
    (void)state;
    assert_int_equal(ARRAY_LENGTH(limits), HTTP2_COSTS);
    for (size_t i = 0; i < ARRAY_LENGTH(limits); i++) {
        struct http2_budget budget = {{0}};
        int64_t now_ns = 7 * CLOCK_NS_PER_S;
        assert_int_equal(take_all(&budget, limits[i].cost, now_ns), limits[i].burst);
        assert_int_equal(take_all(&budget, limits[i].cost, now_ns), 0);
        now_ns += CLOCK_NS_PER_S;
        assert_int_equal(take_all(&budget, limits[i].cost, now_ns), limits[i].a_second);
        /* Parts of a second are not lost. */
        unsigned count = 0;
        for (int64_t end_ns = now_ns + CLOCK_NS_PER_S; now_ns < end_ns; now_ns += CLOCK_NS_PER_MS) {
            count += take_all(&budget, limits[i].cost, now_ns);
        }
        assert_in_range(count, limits[i].a_second - 1, limits[i].a_second);
        /* However long it is away. */
        now_ns += 1000 * 1000 * CLOCK_NS_PER_S;
        assert_int_equal(take_all(&budget, limits[i].cost, now_ns), limits[i].burst);
        for (size_t j = 0; j < HTTP2_COSTS; j++) {
            assert_int_equal(http2_budget_take(&budget, (enum http2_cost)j, now_ns),
                             j != (size_t)limits[i].cost);
        }
    }
}

static void test_given_back(void **state)
{
    (void)state;
    struct http2_budget budget = {{0}};
    http2_budget_give(&budget, HTTP2_COST_RESET, 10);
    assert_int_equal(take_all(&budget, HTTP2_COST_RESET, 0), HTTP2_RESETS_MAX);
    http2_budget_give(&budget, HTTP2_COST_RESET, 10);
    assert_int_equal(take_all(&budget, HTTP2_COST_RESET, 0), 10);
    http2_budget_give(&budget, HTTP2_COST_RESET, 10 * HTTP2_RESETS_MAX);
    assert_int_equal(take_all(&budget, HTTP2_COST_RESET, 0), HTTP2_RESETS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_burst_and_rate),
        cmocka_unit_test(test_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
