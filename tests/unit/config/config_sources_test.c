/* Which source wins: default < file < the file's section < environment < the service's own
 * environment < flags. */
#include "support/cmocka_test.h"
#include "unit/config/config_fixture.h"

struct source_case {
    const char *file; /* NULL: none */
    const char *variables[3];
    const char *flags[2];
    int64_t want;
    bool given;
};

static const struct source_case cases[] = {
    {.want = 3, .given = false},
    {.file = "count: 4\n", .want = 4, .given = true},
    {.file = "rating:\n  count: 5\ncount: 4\n", .want = 5, .given = true},
    {.file = "count: 4\nrating:\n  count: 5\n", .want = 5, .given = true},
    {.file = "metadata:\n  count: 9\n", .want = 3, .given = false},
    {.file = "metadata:\n  count: 9\n  of-metadata-alone: 1\n", .want = 3, .given = false},
    {.file = "rating:\n  count: 5\n", .variables = {"MARQUEE_COUNT=6"}, .want = 6, .given = true},
    {.variables = {"MARQUEE_COUNT=6", "MARQUEE_RATING_COUNT=7"}, .want = 7, .given = true},
    {.variables = {"MARQUEE_RATING_COUNT=7", "MARQUEE_COUNT=6"}, .want = 7, .given = true},
    {.variables = {"MARQUEE_METADATA_COUNT=9"}, .want = 3, .given = false},
    {.variables = {"MARQUEE_COUNTER=9", "MARQUEE_COUN=9"}, .want = 3, .given = false},
    {.variables = {"MARQUEE_RATING_COUNT=7"}, .flags = {"--count=8"}, .want = 8, .given = true},
    {.flags = {"--count=3"}, .want = 3, .given = true},
    {.file = "", .want = 3, .given = false},
    {.file = "# nothing\n", .want = 3, .given = false},
};

static void test_precedence(void **state)
{
    struct config_fixture *fixture = *state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct source_case *row = &cases[i];
        const char *arguments[4] = {row->flags[0]};
        if (row->file != NULL) {
            config_fixture_write_file(fixture, text_of(row->file));
            arguments[0] = "--config";
            arguments[1] = fixture->path;
            arguments[2] = row->flags[0];
        }
        assert_int_equal(
            config_fixture_load(fixture, &config_fixture_program, arguments, row->variables),
            STATUS_OK);
        assert_int_equal(config_integer(fixture->config, "count"), row->want);
        assert_int_equal(config_is_given(fixture->config, "count"), row->given);
    }
}

/* It gives way to what was given, wherever. */
static void test_later_defaults(void **state)
{
    struct config_fixture *fixture = *state;
    const char *none[] = {NULL};
    const char *given[] = {"--count=4", NULL};
    assert_int_equal(config_fixture_load(fixture, &config_fixture_program, none, NULL), STATUS_OK);
    assert_int_equal(config_set_default(&fixture->call, fixture->config, "count", TEXT("7")),
                     STATUS_OK);
    assert_int_equal(config_integer(fixture->config, "count"), 7);
    assert_false(config_is_given(fixture->config, "count"));
    assert_int_equal(config_set_default(&fixture->call, fixture->config, "count", TEXT("many")),
                     STATUS_INVALID_ARGUMENT);
    assert_false(config_is_given(fixture->config, "count"));
    assert_int_equal(config_fixture_load(fixture, &config_fixture_program, given, NULL), STATUS_OK);
    assert_int_equal(config_set_default(&fixture->call, fixture->config, "count", TEXT("7")),
                     STATUS_OK);
    assert_int_equal(config_integer(fixture->config, "count"), 4);
}

static void test_last_flag_wins(void **state)
{
    struct config_fixture *fixture = *state;
    const char *arguments[] = {"--count=4", "--verbose", "--count", "5", "--no-verbose", NULL};
    assert_int_equal(config_fixture_load(fixture, &config_fixture_program, arguments, NULL),
                     STATUS_OK);
    assert_int_equal(config_integer(fixture->config, "count"), 5);
    assert_false(config_boolean(fixture->config, "verbose"));
}

static void test_variable_names(void **state)
{
    struct config_fixture *fixture = *state;
    const char *environment[] = {"MARQUEE_LOG_LEVEL=warn", "MARQUEE_RATING_NAME=a=b", "LONELY",
                                 NULL};
    assert_int_equal(config_fixture_load(fixture, &config_fixture_program, NULL, environment),
                     STATUS_OK);
    assert_string_equal(config_text(fixture->config, "log-level").data, "warn");
    assert_string_equal(config_text(fixture->config, "name").data, "a=b");
}

static void test_a_bad_variable_is_named(void **state)
{
    config_fixture_assert_refused(*state, NULL, (const char *const[]){"MARQUEE_COUNT=x", NULL},
                                  "MARQUEE_COUNT: 'x' is not a whole number");
    config_fixture_assert_refused(*state, NULL,
                                  (const char *const[]){"MARQUEE_RATING_CACHE=", NULL},
                                  "MARQUEE_RATING_CACHE: '' is not true or false");
    /* Overruled or not, a value that makes no sense is said. */
    config_fixture_assert_refused(*state, (const char *const[]){"--count=4", NULL},
                                  (const char *const[]){"MARQUEE_COUNT=x", NULL},
                                  "MARQUEE_COUNT: 'x' is not a whole number");
}

/* The file is named by a flag, and without one by the environment. */
static void test_who_names_the_file(void **state)
{
    struct config_fixture *fixture = *state;
    char variable[sizeof(fixture->path) + 16];
    char flag[sizeof(fixture->path) + 16];
    (void)snprintf(variable, sizeof(variable), "MARQUEE_CONFIG=%s", fixture->path);
    (void)snprintf(flag, sizeof(flag), "--config=%s", fixture->path);
    config_fixture_write_file(fixture, TEXT("count: 4\n"));

    const char *by_variable[] = {variable, NULL};
    assert_int_equal(config_fixture_load(fixture, &config_fixture_program, NULL, by_variable),
                     STATUS_OK);
    assert_int_equal(config_integer(fixture->config, "count"), 4);

    const char *elsewhere[] = {"MARQUEE_CONFIG=/nonexistent", NULL};
    const char *by_flag[] = {flag, NULL};
    assert_int_equal(config_fixture_load(fixture, &config_fixture_program, by_flag, elsewhere),
                     STATUS_OK);
    assert_int_equal(config_integer(fixture->config, "count"), 4);

    const char *empty[] = {"MARQUEE_CONFIG=", NULL};
    assert_int_equal(config_fixture_load(fixture, &config_fixture_program, NULL, empty), STATUS_OK);

    const char *behind_dashes[] = {"--", "--config", NULL};
    assert_int_equal(config_fixture_load(fixture, &config_fixture_program, behind_dashes, NULL),
                     STATUS_OK);
    assert_int_equal(config_argument_count(fixture->config), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_precedence),         cmocka_unit_test(test_last_flag_wins),
        cmocka_unit_test(test_variable_names),     cmocka_unit_test(test_a_bad_variable_is_named),
        cmocka_unit_test(test_who_names_the_file), cmocka_unit_test(test_later_defaults),
    };
    return cmocka_run_group_tests(tests, config_fixture_setup, config_fixture_teardown);
}
