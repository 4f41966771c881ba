/* The YAML file: what it may hold, and that what it may not is refused with its line. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/cmocka_test.h"
#include "unit/config/config_fixture.h"

static void load_file(struct config_fixture *fixture, struct text content)
{
    config_fixture_write_file(fixture, content);
    const char *arguments[] = {"--config", fixture->path, NULL};
    assert_int_equal(config_fixture_load(fixture, &config_fixture_program, arguments, NULL),
                     STATUS_OK);
}

static void assert_file_refused(struct config_fixture *fixture, struct text content,
                                const char *message)
{
    config_fixture_write_file(fixture, content);
    const char *arguments[] = {"--config", fixture->path, NULL};
    config_fixture_assert_refused(fixture, arguments, NULL, message);
}

static void test_names(void **state)
{
    static const struct {
        struct text file;
        const char *want;
    } cases[] = {
        {TEXT_INIT("name: Ann\n"), "Ann"},
        {TEXT_INIT("name: \"A\\tn\"\n"), "A\tn"},
        {TEXT_INIT("name: 'it''s'\n"), "it's"},
        {TEXT_INIT("name: Zoë # a comment\n"), "Zoë"},
        {TEXT_INIT("name: |\n  two\n  lines\n"), "two\nlines\n"},
        {TEXT_INIT("name: \n"), ""},
        {TEXT_INIT("{name: Ann, count: 4}"), "Ann"},
        {TEXT_INIT("%YAML 1.1\n---\nname: Ann\n...\n"), "Ann"},
        {TEXT_INIT("\xef\xbb\xbfname: Ann\n"), "Ann"},
        {TEXT_INIT("log-level: &level Ann\nname: *level\n"), "Ann"},
        {TEXT_INIT("name: Bea\nrating: {name: Ann}\nmovie: {name: Cid}\n"), "Ann"},
    };
    struct config_fixture *fixture = *state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        load_file(fixture, cases[i].file);
        assert_string_equal(config_text(fixture->config, "name").data, cases[i].want);
    }
}

static void test_refused(void **state)
{
    static const struct {
        struct text file;
        const char *want;
    } cases[] = {
        {TEXT_INIT("colour: red\n"), "%s:1: unknown option 'colour'"},
        {TEXT_INIT("name: Ann\n\nrating:\n  colour: red\n"), "%s:4: unknown option 'colour'"},
        {TEXT_INIT("name: Ann\ncount: x\n"), "%s:2: count: 'x' is not a whole number"},
        {TEXT_INIT("count: 11\n"), "%s:1: count: '11' is out of range"},
        {TEXT_INIT("cache: yes\n"), "%s:1: cache: 'yes' is not true or false"},
        {TEXT_INIT("\nrating:\n  timeout: 15\n"),
         "%s:3: timeout: '15' is not a time such as 250ms, 15s, 5m, 1h or 30d"},
        {TEXT_INIT("name: [Ann, Bea]\n"), "%s:1: a single value was expected for 'name'"},
        {TEXT_INIT("rating:\n  name: {a: b}\n"), "%s:2: a single value was expected for 'name'"},
        {TEXT_INIT("? [a]\n: b\n"), "%s:1: a name was expected, not 'a structure'"},
        {TEXT_INIT("- name\n"), "%s:1: names with values were expected, not 'a list'"},
        {TEXT_INIT("name\n"), "%s:1: names with values were expected, not 'a single value'"},
        {TEXT_INIT("name: Ann\n---\nname: Bea\n"),
         "%s:3: one document was expected, not 'several'"},
        {TEXT_INIT("name: Ann\nname: Bea\n"), "%s:2: given twice: 'name'"},
        {TEXT_INIT("rating: {count: 1}\nrating: {count: 2}\n"), "%s:2: given twice: 'rating'"},
        {TEXT_INIT("name: \"a\\0b\"\n"), "%s:1: name: 'a' is not text in UTF-8"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_file_refused(*state, cases[i].file, cases[i].want);
    }
}

/* A file that services and commands share. */
static void test_commands(void **state)
{
    struct config_fixture *fixture = *state;
    struct config_program command = config_fixture_program;
    const char *arguments[] = {"--config", fixture->path, NULL};
    command.service = CONFIG_COMMANDS;
    config_fixture_write_file(
        fixture, TEXT("rating-step: 0.5\nname: Ann\nrating: {data: /srv}\ncli: {count: 4}\n"));
    assert_int_equal(config_fixture_load(fixture, &command, arguments, NULL), STATUS_OK);
    assert_string_equal(config_text(fixture->config, "name").data, "Ann");
    assert_int_equal(config_integer(fixture->config, "count"), 4);

    config_fixture_write_file(fixture, TEXT("name: Ann\ncli:\n  colour: red\n"));
    assert_int_equal(config_fixture_load(fixture, &command, arguments, NULL),
                     STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(fixture->call.error.message.data, ":3: unknown option 'colour'"));
}

/* What libyaml itself refuses: its words are its own, the place is ours. */
static void test_malformed(void **state)
{
    static const struct {
        struct text file;
        const char *want_place;
    } cases[] = {
        {TEXT_INIT("name: Ann\n  count: 3\n"), ":2: not YAML: "},
        {TEXT_INIT("name: \"Ann\n"), ":2: not YAML: "},
        {TEXT_INIT("\n\n{name: Ann\n"), ":4: not YAML: "},
        {TEXT_INIT("name: *nobody\n"), ":1: not YAML: "},
        {TEXT_INIT("\tname: Ann\n"), ":1: not YAML: "},
        {TEXT_INIT("name: a\0b\n"), ": not YAML: "},
        {TEXT_INIT("name: \xff\n"), ": not YAML: "},
        {TEXT_INIT("name: \xed\xa0\x80\n"), ": not YAML: "},
    };
    struct config_fixture *fixture = *state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        config_fixture_write_file(fixture, cases[i].file);
        const char *arguments[] = {"--config", fixture->path, NULL};
        assert_int_equal(config_fixture_load(fixture, &config_fixture_program, arguments, NULL),
                         STATUS_INVALID_ARGUMENT);
        const char *message = fixture->call.error.message.data;
        assert_memory_equal(message, fixture->path, strlen(fixture->path));
        assert_non_null(strstr(message, cases[i].want_place));
    }
}

static void test_largest(void **state)
{
    struct config_fixture *fixture = *state;
    char *content = malloc(CONFIG_FILE_BYTES_MAX + 1);
    assert_non_null(content);
    memset(content, '\n', CONFIG_FILE_BYTES_MAX + 1);
    memcpy(content, "count: 4", strlen("count: 4"));
    load_file(fixture, (struct text){content, CONFIG_FILE_BYTES_MAX});
    assert_int_equal(config_integer(fixture->config, "count"), 4);

    assert_file_refused(fixture, (struct text){content, CONFIG_FILE_BYTES_MAX + 1},
                        "%s: is larger than a configuration may be");
    free(content);
}

static void test_unreadable(void **state)
{
    struct config_fixture *fixture = *state;
    config_fixture_assert_refused(fixture, (const char *const[]){"--config=/nonexistent", NULL},
                                  NULL, "/nonexistent: No such file or directory");
    config_fixture_assert_refused(fixture, (const char *const[]){"--config", "/", NULL}, NULL,
                                  "/: cannot be read");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),    cmocka_unit_test(test_refused),
        cmocka_unit_test(test_commands), cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_largest),  cmocka_unit_test(test_unreadable),
    };
    return cmocka_run_group_tests(tests, config_fixture_setup, config_fixture_teardown);
}
