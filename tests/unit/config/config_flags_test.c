/* The command line: its forms, what it refuses, and what is left over as arguments. */
#include "support/cmocka_test.h"
#include "unit/config/config_fixture.h"

enum { ARGUMENTS_ROW_MAX = 6 };

static void test_arguments(void **state)
{
    static const struct {
        const char *arguments[ARGUMENTS_ROW_MAX];
        const char *want[2];
    } cases[] = {
        {{NULL}, {NULL}},
        {{"a"}, {"a"}},
        {{"a", "--count=2", "b"}, {"a", "b"}},
        {{"--count", "2", "b"}, {"b"}},
        {{"--verbose", "true"}, {"true"}},
        {{"-"}, {"-"}},
        {{""}, {""}},
        {{"--", "--count", "-x"}, {"--count", "-x"}},
        {{"a", "--", "--"}, {"a", "--"}},
        {{"--name", "--", "a"}, {"a"}},
        {{"\xff"}, {"\xff"}},
    };
    struct config_fixture *fixture = *state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_int_equal(
            config_fixture_load(fixture, &config_fixture_program, cases[i].arguments, NULL),
            STATUS_OK);
        size_t count = (size_t)(cases[i].want[0] != NULL) + (size_t)(cases[i].want[1] != NULL);
        assert_int_equal(config_argument_count(fixture->config), count);
        for (size_t j = 0; j < count; j++) {
            assert_string_equal(config_argument(fixture->config, j).data, cases[i].want[j]);
        }
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *arguments[ARGUMENTS_ROW_MAX];
        const char *want;
    } cases[] = {
        {{"--colour"}, "unknown option '--colour' (marquee-rating --help lists them)"},
        {{"--colour=red"}, "unknown option '--colour=red' (marquee-rating --help lists them)"},
        {{"--coun=1"}, "unknown option '--coun=1' (marquee-rating --help lists them)"},
        {{"--Count=1"}, "unknown option '--Count=1' (marquee-rating --help lists them)"},
        {{"--=1"}, "unknown option '--=1' (marquee-rating --help lists them)"},
        {{"-c", "1"}, "unknown option '-c' (marquee-rating --help lists them)"},
        {{"--no-count"}, "unknown option '--no-count' (marquee-rating --help lists them)"},
        {{"--no-cache=true"},
         "unknown option '--no-cache=true' (marquee-rating --help lists them)"},
        {{"--no-"}, "unknown option '--no-' (marquee-rating --help lists them)"},
        {{"--count"}, "--count needs a value"},
        {{"a", "--name"}, "--name needs a value"},
        {{"--config"}, "--config needs a value"},
        {{"a", "b", "c"}, "unexpected 'c': usage: marquee-rating [OPTIONS] [FILE…]"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        config_fixture_assert_refused(*state, cases[i].arguments, NULL, cases[i].want);
    }
}

static void test_too_few_arguments(void **state)
{
    struct config_fixture *fixture = *state;
    assert_int_equal(config_fixture_load(fixture, &config_fixture_command, NULL, NULL),
                     STATUS_INVALID_ARGUMENT);
    assert_string_equal(fixture->call.error.message.data,
                        "something is missing: usage: marquee greet [OPTIONS] FILE");

    const char *one[] = {"a", NULL};
    assert_int_equal(config_fixture_load(fixture, &config_fixture_command, one, NULL), STATUS_OK);
}

static void test_most_arguments(void **state)
{
    struct config_fixture *fixture = *state;
    const char *arguments[CONFIG_ARGUMENTS_MAX + 2] = {NULL};
    struct config_program program = config_fixture_program;
    program.arguments_max = SIZE_MAX;
    for (size_t i = 0; i < CONFIG_ARGUMENTS_MAX; i++) {
        arguments[i] = "a";
    }
    assert_int_equal(config_fixture_load(fixture, &program, arguments, NULL), STATUS_OK);
    assert_int_equal(config_argument_count(fixture->config), CONFIG_ARGUMENTS_MAX);

    arguments[CONFIG_ARGUMENTS_MAX] = "a";
    config_fixture_assert_refused(fixture, arguments, NULL, "more than 256 arguments");
}

/* Without a service there is no infix in the environment. */
static void test_a_command_has_no_service(void **state)
{
    struct config_fixture *fixture = *state;
    const char *arguments[] = {"a", NULL};
    const char *environment[] = {"MARQUEE_RATING_COUNT=7", "MARQUEE_NAME=Ann", NULL};
    assert_int_equal(config_fixture_load(fixture, &config_fixture_command, arguments, environment),
                     STATUS_OK);
    assert_int_equal(config_integer(fixture->config, "count"), 3);
    assert_string_equal(config_text(fixture->config, "name").data, "Ann");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_too_few_arguments),
        cmocka_unit_test(test_most_arguments),
        cmocka_unit_test(test_a_command_has_no_service),
    };
    return cmocka_run_group_tests(tests, config_fixture_setup, config_fixture_teardown);
}
