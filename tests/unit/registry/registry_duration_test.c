#include "registry/model/registry_duration.h"

#include "base/clock.h"
#include "support/cmocka_test.h"

static void test_parse(void **state)
{
    static const struct {
        const char *given;
        bool valid;
        int64_t want_ns;
    } cases[] = {
        {"5s", true, 5 * CLOCK_NS_PER_S},
        {"0", true, 0},
        {"150ms", true, 150 * CLOCK_NS_PER_MS},
        {"1m30s", true, 90 * CLOCK_NS_PER_S},
        {"1.5h", true, 5400 * CLOCK_NS_PER_S},
        {"2h45m0.5s", true, 9900 * CLOCK_NS_PER_S + 500 * CLOCK_NS_PER_MS},
        {"10ns", true, 10},
        {"3us", true, 3000},
        {"3\xc2\xb5s", true, 3000},
        {"-2s", true, -2 * CLOCK_NS_PER_S},
        {"+2s", true, 2 * CLOCK_NS_PER_S},
        {"", false, 0},
        {"5", false, 0},
        {"s", false, 0},
        {"5x", false, 0},
        {"5s ", false, 0},
        {"--5s", false, 0},
        {"1..2s", false, 0},
        {"99999999h", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        int64_t got_ns = -1;
        bool valid = registry_duration_parse(text_of(cases[i].given), &got_ns);
        if (valid != cases[i].valid || got_ns != (valid ? cases[i].want_ns : -1)) {
            fail_msg("\"%s\": %s, %lld ns", cases[i].given, valid ? "valid" : "invalid",
                     (long long)got_ns);
        }
    }
}

static void test_format(void **state)
{
    static const struct {
        int64_t given_ns;
        const char *want;
    } cases[] = {
        {0, "0s"},
        {10 * CLOCK_NS_PER_S, "10s"},
        {90 * CLOCK_NS_PER_S, "1m30s"},
        {60 * CLOCK_NS_PER_S, "1m0s"},
        {3600 * CLOCK_NS_PER_S, "1h0m0s"},
        {1500 * CLOCK_NS_PER_MS, "1.5s"},
        {150 * CLOCK_NS_PER_MS, "150ms"},
        {1500, "1.5\xc2\xb5s"},
        {7, "7ns"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char buffer[REGISTRY_DURATION_TEXT_BYTES];
        (void)registry_duration_format(cases[i].given_ns, buffer);
        assert_string_equal(buffer, cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
