/* The table of commands, and the help that each gives. */
#include "support/cmocka_test.h"

#include <stdio.h>
#include <stdlib.h>

#include "marquee/command.h"

static void test_names(void **state)
{
    size_t count;
    const struct command *commands = command_table(&count);
    (void)state;
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(command_find(text_of(commands[i].name)), &commands[i]); /* unique */
        assert_true(commands[i].summary[0] != '\0');
    }
    assert_null(command_find(TEXT("mov")));
    assert_null(command_find(TEXT("")));
}

/* Groups stand together, and what is not listed stands last. */
static void test_groups(void **state)
{
    size_t count;
    const struct command *commands = command_table(&count);
    (void)state;
    for (size_t i = 1; i < count; i++) {
        assert_true(commands[i - 1].group != NULL);
        for (size_t j = 0; j + 1 < i && commands[i].group != NULL; j++) {
            if (strcmp(commands[j].group, commands[i].group) == 0) {
                assert_string_equal(commands[i - 1].group, commands[i].group);
            }
        }
    }
}

struct said {
    int status;
    char *output;
    char *errors;
};

static struct said run(const struct command *command, char *argument)
{
    size_t output_length;
    size_t errors_length;
    struct said said;
    char own[] = "command";
    char *const argv[] = {own, argument, NULL};
    FILE *output = open_memstream(&said.output, &output_length);
    FILE *errors = open_memstream(&said.errors, &errors_length);
    assert_true(output != NULL && errors != NULL);
    said.status = command->run(&(struct command_input){2, argv, NULL, output, errors});
    fclose(output);
    fclose(errors);
    return said;
}

static void said_free(struct said *said)
{
    free(said->output);
    free(said->errors);
}

/* Of those that hand over to another program, that program's own tests look at the help. */
static bool hands_over(const struct command *command)
{
    return command->group == NULL || strcmp(command->name, "sizecompare") == 0;
}

static void test_help(void **state)
{
    size_t count;
    char help[] = "--help";
    const struct command *commands = command_table(&count);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        if (hands_over(&commands[i])) {
            continue;
        }
        struct said said = run(&commands[i], help);
        assert_int_equal(said.status, COMMAND_OK);
        assert_string_equal(said.errors, "");
        assert_non_null(strstr(said.output, commands[i].name));
        assert_non_null(strstr(said.output, "usage: marquee "));
        assert_non_null(strstr(said.output, "\nexample: "));
        said_free(&said);
    }
}

static void test_unknown_option(void **state)
{
    size_t count;
    char option[] = "--no-such-option";
    const struct command *commands = command_table(&count);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        if (hands_over(&commands[i])) {
            continue;
        }
        struct said said = run(&commands[i], option);
        assert_int_equal(said.status, COMMAND_USAGE);
        assert_string_equal(said.output, "");
        size_t length = strlen(said.errors);
        assert_true(length > 0 && strchr(said.errors, '\n') == said.errors + length - 1);
        said_free(&said);
    }
}

static void test_list(void **state)
{
    size_t count;
    size_t length;
    char *list;
    const struct command *commands = command_table(&count);
    FILE *output = open_memstream(&list, &length);
    (void)state;
    assert_non_null(output);
    command_print_list(output);
    fclose(output);
    for (size_t i = 0; i < count; i++) {
        bool is_listed = strstr(list, commands[i].summary) != NULL;
        assert_int_equal(is_listed, commands[i].group != NULL);
    }
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names), cmocka_unit_test(test_groups),
        cmocka_unit_test(test_help),  cmocka_unit_test(test_unknown_option),
        cmocka_unit_test(test_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
