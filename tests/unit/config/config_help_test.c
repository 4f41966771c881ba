/* What --help and --version print. */
#include <stdlib.h>

#include "support/cmocka_test.h"
#include "unit/config/config_fixture.h"

static char *printed(struct config_fixture *fixture, const struct config_program *program,
                     const char *const *arguments)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *output = open_memstream(&text, &bytes);
    assert_non_null(output);
    enum status status = config_fixture_load_printing(fixture, program, arguments, NULL, output);
    assert_int_equal(status, STATUS_CANCELLED);
    assert_null(fixture->config);
    assert_int_equal(fclose(output), 0);
    return text;
}

static void test_service_help(void **state)
{
    static const char *const spellings[] = {"--help", "-h"};
    for (size_t i = 0; i < ARRAY_LENGTH(spellings); i++) {
        const char *arguments[] = {spellings[i], NULL};
        char *help = printed(*state, &config_fixture_program, arguments);
        assert_string_equal(
            help,
            "marquee-rating: keeps votes.\n"
            "\n"
            "usage: marquee-rating [OPTIONS] [FILE…]\n"
            "\n"
            "options:\n"
            "  --name WHO                  whom to greet\n"
            "  --count VALUE               how often [3]\n"
            "  --timeout TIME              how long to wait [15s]\n"
            "  --verbose                   say more\n"
            "  --cache                     keep answers [true]\n"
            "  --format text|json          what to print [text]\n"
            "  --log-level VALUE           least to log [info]\n"
            "  --config FILE               read options from a YAML file\n"
            "  --help                      print this and exit\n"
            "  --version                   print the version and exit\n"
            "\n"
            "Every option may also stand in the environment (MARQUEE_LISTEN, or for one\n"
            "service alone MARQUEE_<SERVICE>_LISTEN) or in a YAML file that --config or\n"
            "MARQUEE_CONFIG names, at its top or under the service's name. Flags win over the\n"
            "environment, the environment over the file.\n");
        free(help);
    }
}

static void test_command_help(void **state)
{
    const char *arguments[] = {"--help", NULL};
    char *help = printed(*state, &config_fixture_command, arguments);
    assert_null(strstr(help, "--config"));
    assert_null(strstr(help, "MARQUEE_"));
    assert_non_null(strstr(help, "\n\nexample:\n  marquee greet a.txt\n"));
    free(help);
}

/* A long name leaves no room for the column: the text stands on a line of its own. A column is a
 * character, not a byte. */
static void test_long_option(void **state)
{
    static const struct config_option options[] = {
        {.name = "a-name-that-is-far-too-long", .kind = CONFIG_TEXT, .help = "words"},
        {.name = "many", .kind = CONFIG_TEXT, .argument = "A,…;…", .help = "more"},
    };
    const struct config_program program = {.name = "p",
                                           .summary = "s",
                                           .usage = "u",
                                           .options = options,
                                           .option_count = ARRAY_LENGTH(options)};
    const char *arguments[] = {"--help", NULL};
    char *help = printed(*state, &program, arguments);
    assert_non_null(strstr(help, "  --a-name-that-is-far-too-long VALUE\n"
                                 "                              words\n"
                                 "  --many A,…;…                more\n"));
    free(help);
}

static void test_version(void **state)
{
    const char *arguments[] = {"--version", NULL};
    char *version = printed(*state, &config_fixture_program, arguments);
    assert_memory_equal(version, "marquee-rating ", strlen("marquee-rating "));
    unsigned major = 0;
    char *end = version + strlen("marquee-rating ");
    for (; *end >= '0' && *end <= '9'; end++) {
        major = major * 10 + (unsigned)(*end - '0');
    }
    assert_int_equal(*end, '.');
    assert_int_equal(version[strlen(version) - 1], '\n');
    free(version);
}

/* Help comes first: it is printed whatever else is wrong. */
static void test_help_wins(void **state)
{
    static const char *const rows[][4] = {
        {"--nonsense", "--help", NULL},
        {"--version", "--help", NULL},
        {"--config=/nonexistent", "--help", NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        char *help = printed(*state, &config_fixture_program, rows[i]);
        assert_memory_equal(help, "marquee-rating: keeps", strlen("marquee-rating: keeps"));
        free(help);
    }
}

static void test_not_asked_for(void **state)
{
    struct config_fixture *fixture = *state;
    const char *arguments[] = {"--", "--help", NULL};
    assert_int_equal(config_fixture_load(fixture, &config_fixture_program, arguments, NULL),
                     STATUS_OK);
    assert_string_equal(config_argument(fixture->config, 0).data, "--help");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_service_help), cmocka_unit_test(test_command_help),
        cmocka_unit_test(test_long_option),  cmocka_unit_test(test_version),
        cmocka_unit_test(test_help_wins),    cmocka_unit_test(test_not_asked_for),
    };
    return cmocka_run_group_tests(tests, config_fixture_setup, config_fixture_teardown);
}
