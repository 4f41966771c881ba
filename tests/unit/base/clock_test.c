#include "base/clock.h"

#include "support/cmocka_test.h"

static void times_are_written(void **state)
{
    (void)state;
    static const struct {
        int64_t given;
        const char *want;
    } cases[] = {
        {0, "1970-01-01T00:00:00Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {-1000, "1969-12-31T23:59:59Z"},
        {951782400000, "2000-02-29T00:00:00Z"},
        {1770091506789, "2026-02-03T04:05:06.789Z"},
        {INT64_C(-62167219200000), "0000-01-01T00:00:00Z"},
        {INT64_C(-62167219200001), "0000-01-01T00:00:00Z"},
        {INT64_C(-61851600000000), "0010-01-01T00:00:00Z"},
        {INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999Z"},
        {INT64_MIN, "0000-01-01T00:00:00Z"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char buffer[CLOCK_TIME_TEXT_BYTES];
        struct text text = clock_format(cases[i].given, buffer);
        assert_string_equal(text.data, cases[i].want);
        assert_int_equal(text.length, strlen(cases[i].want));
    }
}

static void times_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *given;
        int64_t want;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01t00:00:00z", 0},
        {"1970-01-01 00:00:00Z", 0},
        {"1970-01-01T00:00:00.5Z", 500},
        {"1970-01-01T00:00:00.0019Z", 1},
        {"1970-01-01T00:00:00.123456789123Z", 123},
        {"1970-01-01T01:00:00+01:00", 0},
        {"1969-12-31T18:30:00-05:30", 0},
        {"1970-01-01T00:00:00-00:00", 0},
        {"2000-02-29T00:00:00Z", 951782400000},
        {"2016-12-31T23:59:60Z", 1483228799000},
        {"0000-01-01T00:00:00Z", INT64_C(-62167219200000)},
        {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
        {"1969-12-31T23:59:59.999Z", -1},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        int64_t got = 42;
        if (!clock_parse(text_of(cases[i].given), &got) || got != cases[i].want) {
            fail_msg("%s: got %lld", cases[i].given, (long long)got);
        }
    }
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "1970",
        "1970-01-01",
        "1970-01-01T00:00:00",
        "1970-01-01T00:00Z",
        "1970-13-01T00:00:00Z",
        "1970-00-01T00:00:00Z",
        "1970-01-00T00:00:00Z",
        "1970-01-32T00:00:00Z",
        "1970-04-31T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2001-02-29T00:00:00Z",
        "1970-01-01T24:00:00Z",
        "1970-01-01T00:60:00Z",
        "1970-01-01T00:00:61Z",
        "1970-01-01T00:00:00.Z",
        "1970-01-01T00:00:00,5Z",
        "1970-01-01T00:00:00+24:00",
        "1970-01-01T00:00:00+00:60",
        "1970-01-01T00:00:00+0000",
        "1970-01-01T00:00:00ZZ",
        " 1970-01-01T00:00:00Z",
        "1970-1-01T00:00:00Z",
        "-970-01-01T00:00:00Z",
        "19700101T000000Z",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        int64_t got = 42;
        if (clock_parse(text_of(cases[i]), &got) || got != 42) {
            fail_msg("%s was taken for %lld", cases[i], (long long)got);
        }
    }
    int64_t got = 42;
    assert_false(clock_parse(text_of_bytes("1970-01-01T00:00:00\0", 20), &got));
}

/* Every day of four centuries, there and back. */
static void days_survive_a_round_trip(void **state)
{
    (void)state;
    for (int64_t day = -146097; day < 146097; day += 13) {
        char buffer[CLOCK_TIME_TEXT_BYTES];
        int64_t given = day * 86400000 + 123;
        int64_t got;
        assert_true(clock_parse(clock_format(given, buffer), &got));
        assert_true(got == given);
    }
}

static void clocks_go_forward(void **state)
{
    (void)state;
    int64_t before_ns = clock_monotonic_ns();
    assert_true(clock_monotonic_ns() >= before_ns);
    assert_true(clock_wall_ms() > INT64_C(1577836800000)); /* 2020 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_written),          cmocka_unit_test(times_are_read),
        cmocka_unit_test(what_is_no_time_is_refused), cmocka_unit_test(days_survive_a_round_trip),
        cmocka_unit_test(clocks_go_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
