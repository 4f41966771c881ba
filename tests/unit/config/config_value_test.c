/* What a value may look like, by the option's kind. */
#include "support/cmocka_test.h"
#include "unit/config/config_fixture.h"

static void load_flag(struct config_fixture *fixture, const char *flag)
{
    const char *arguments[] = {flag, NULL};
    assert_int_equal(config_fixture_load(fixture, &config_fixture_program, arguments, NULL),
                     STATUS_OK);
}

static void test_integers(void **state)
{
    static const struct {
        const char *flag;
        int64_t want;
    } cases[] = {{"--count=1", 1}, {"--count=10", 10}, {"--count=007", 7}};

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        load_flag(*state, cases[i].flag);
        const struct config_fixture *fixture = *state;
        assert_int_equal(config_integer(fixture->config, "count"), cases[i].want);
    }
}

static void test_durations(void **state)
{
    static const struct {
        const char *flag;
        int64_t want_ms;
    } cases[] = {
        {"--timeout=0ms", 0},
        {"--timeout=250ms", 250},
        {"--timeout=15s", 15000},
        {"--timeout=5m", 5 * 60000},
        {"--timeout=1h", 60 * 60 * 1000},
        {"--timeout=86400s", 86400000},
        {"--timeout=1d", 86400000},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        load_flag(*state, cases[i].flag);
        const struct config_fixture *fixture = *state;
        assert_int_equal(config_duration_ms(fixture->config, "timeout"), cases[i].want_ms);
    }
}

static void test_booleans(void **state)
{
    static const struct {
        const char *flag;
        const char *option;
        bool want;
    } cases[] = {
        {"--verbose", "verbose", true},        {"--verbose=true", "verbose", true},
        {"--verbose=false", "verbose", false}, {"--no-verbose", "verbose", false},
        {"--no-cache", "cache", false},        {"--cache=false", "cache", false},
        {"--count=1", "cache", true},          {"--count=1", "verbose", false},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        load_flag(*state, cases[i].flag);
        const struct config_fixture *fixture = *state;
        assert_int_equal(config_boolean(fixture->config, cases[i].option), cases[i].want);
    }
}

static void test_texts(void **state)
{
    static const struct {
        const char *flag;
        const char *option;
        const char *want;
    } cases[] = {
        {"--name=Ann", "name", "Ann"},
        {"--name=", "name", ""},
        {"--name=a=b", "name", "a=b"},
        {"--name=Zoë", "name", "Zoë"},
        {"--name=--count", "name", "--count"},
        {"--count=1", "name", ""},
        {"--format=json", "format", "json"},
        {"--count=1", "format", "text"},
        {"--log-level=debug", "log-level", "debug"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        load_flag(*state, cases[i].flag);
        const struct config_fixture *fixture = *state;
        struct text value = config_text(fixture->config, cases[i].option);
        assert_string_equal(value.data, cases[i].want);
        assert_int_equal(value.length, strlen(cases[i].want));
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *flag;
        const char *want;
    } cases[] = {
        {"--count=", "--count: '' is not a whole number"},
        {"--count=three", "--count: 'three' is not a whole number"},
        {"--count=3x", "--count: '3x' is not a whole number"},
        {"--count= 3", "--count: ' 3' is not a whole number"},
        {"--count=+3", "--count: '+3' is not a whole number"},
        {"--count=3.0", "--count: '3.0' is not a whole number"},
        {"--count=99999999999999999999", "--count: '99999999999999999999' is not a whole number"},
        {"--count=0", "--count: '0' is out of range"},
        {"--count=11", "--count: '11' is out of range"},
        {"--count=-1", "--count: '-1' is out of range"},
        {"--timeout=15", "--timeout: '15' is not a time such as 250ms, 15s, 5m, 1h or 30d"},
        {"--timeout=s", "--timeout: 's' is not a time such as 250ms, 15s, 5m, 1h or 30d"},
        {"--timeout=1w", "--timeout: '1w' is not a time such as 250ms, 15s, 5m, 1h or 30d"},
        {"--timeout=1.5s", "--timeout: '1.5s' is not a time such as 250ms, 15s, 5m, 1h or 30d"},
        {"--timeout=9223372036854775807h",
         "--timeout: '9223372036854775807h' is not a time such as 250ms, 15s, 5m, 1h or 30d"},
        {"--timeout=-1s", "--timeout: '-1s' is out of range"},
        {"--timeout=86401s", "--timeout: '86401s' is out of range"},
        {"--timeout=2d", "--timeout: '2d' is out of range"},
        {"--verbose=yes", "--verbose: 'yes' is not true or false"},
        {"--verbose=", "--verbose: '' is not true or false"},
        {"--format=xml", "--format: 'xml' is not text|json"},
        {"--format=", "--format: '' is not text|json"},
        {"--format=text|json", "--format: 'text|json' is not text|json"},
        {"--name=\xff", "--name: '\xff' is not text in UTF-8"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const char *arguments[] = {cases[i].flag, NULL};
        config_fixture_assert_refused(*state, arguments, NULL, cases[i].want);
    }
}

static void test_longest(void **state)
{
    struct config_fixture *fixture = *state;
    char flag[CONFIG_VALUE_BYTES_MAX + 16] = "--name=";
    size_t head = strlen(flag);
    memset(flag + head, 'x', CONFIG_VALUE_BYTES_MAX);
    load_flag(fixture, flag);
    assert_int_equal(config_text(fixture->config, "name").length, CONFIG_VALUE_BYTES_MAX);

    flag[head + CONFIG_VALUE_BYTES_MAX] = 'x';
    const char *arguments[] = {flag, NULL};
    config_fixture_assert_refused(fixture, arguments, NULL,
                                  "--name: the value is longer than 4096 bytes");
}

static void test_no_memory(void **state)
{
    struct config_fixture *fixture = *state;
    const char *arguments[] = {"--name=Ann", NULL};
    size_t failures = 0;
    for (size_t bytes_max = 0; bytes_max < 64 * 1024; bytes_max += 512) {
        arena_deinit(&fixture->arena);
        arena_init(&fixture->arena, bytes_max);
        enum status status = config_fixture_load(fixture, &config_fixture_program, arguments, NULL);
        if (status == STATUS_OK) {
            assert_true(failures > 0);
            return;
        }
        assert_int_equal(status, STATUS_RESOURCE_EXHAUSTED);
        failures++;
    }
    fail_msg("64 KiB were not enough");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),  cmocka_unit_test(test_durations),
        cmocka_unit_test(test_booleans),  cmocka_unit_test(test_texts),
        cmocka_unit_test(test_refused),   cmocka_unit_test(test_longest),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, config_fixture_setup, config_fixture_teardown);
}
