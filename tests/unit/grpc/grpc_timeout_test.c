/* The grpc-timeout header, read and written. */
#include "grpc/grpc_timeout.h"

#include "base/call.h"
#include "support/cmocka_test.h"

static void values_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *given;
        bool valid;
        int64_t want_ns;
    } cases[] = {
        {"1n", true, 1},
        {"0S", true, 0},
        {"250u", true, 250000},
        {"99m", true, 99000000},
        {"10S", true, INT64_C(10000000000)},
        {"2M", true, INT64_C(120000000000)},
        {"1H", true, INT64_C(3600000000000)},
        {"99999999n", true, 99999999},
        {"99999999H", true, INT64_MAX},
        {"", false, 0},
        {"S", false, 0},
        {"5", false, 0},
        {"5s", false, 0},
        {"5 S", false, 0},
        {"-5S", false, 0},
        {"+5S", false, 0},
        {"1.5S", false, 0},
        {"100000000n", false, 0},
        {"5SS", false, 0},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        int64_t timeout_ns = -1;
        bool valid = grpc_timeout_parse(text_of(cases[i].given), &timeout_ns);
        if (valid != cases[i].valid || (valid && timeout_ns != cases[i].want_ns)) {
            fail_msg("'%s': valid %d, %lld ns", cases[i].given, valid, (long long)timeout_ns);
        }
    }
}

static void values_are_written_rounded_up(void **state)
{
    (void)state;
    static const struct {
        int64_t given_ns;
        const char *want;
    } cases[] = {
        {0, "0n"},
        {99999999, "99999999n"},
        {100000000, "100000u"},
        {100000001, "100001u"},
        {INT64_C(10000000000), "10000000u"},
        {INT64_C(100000000000), "100000m"},
        {INT64_C(100000000001), "100001m"},
        {INT64_C(99999999) * 1000000000, "99999999S"},
        {INT64_C(99999999) * 1000000000 + 1, "1666667M"},
        {INT64_MAX, "2562048H"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char buffer[GRPC_TIMEOUT_TEXT_BYTES];
        struct text written = grpc_timeout_format(cases[i].given_ns, buffer);
        assert_string_equal(buffer, cases[i].want);
        assert_int_equal(written.length, strlen(cases[i].want));
        int64_t read_ns = 0;
        assert_true(grpc_timeout_parse(written, &read_ns));
        assert_true(read_ns >= cases[i].given_ns);
    }
}

static void deadlines_do_not_wrap(void **state)
{
    (void)state;
    assert_true(grpc_timeout_deadline(100, 23) == 123);
    assert_true(grpc_timeout_deadline(100, INT64_MAX) == CALL_NO_DEADLINE);
    assert_true(grpc_timeout_deadline(INT64_MAX - 1, 5) == CALL_NO_DEADLINE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read),
        cmocka_unit_test(values_are_written_rounded_up),
        cmocka_unit_test(deadlines_do_not_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
