#include "unit/config/config_fixture.h"

#include <stdlib.h>
#include <unistd.h>

#include "support/cmocka_test.h"

enum { ARENA_BYTES_MAX = 1024 * 1024, ARGUMENTS_MAX = 320 };

static const struct config_option options[] = {
    {.name = "name", .kind = CONFIG_TEXT, .argument = "WHO", .help = "whom to greet"},
    {.name = "count",
     .kind = CONFIG_INTEGER,
     .default_value = "3",
     .help = "how often",
     .minimum = 1,
     .maximum = 10},
    {.name = "timeout",
     .kind = CONFIG_DURATION,
     .argument = "TIME",
     .default_value = "15s",
     .help = "how long to wait",
     .maximum = 24 * 60 * 60 * 1000},
    {.name = "verbose", .kind = CONFIG_BOOLEAN, .help = "say more"},
    {.name = "cache", .kind = CONFIG_BOOLEAN, .default_value = "true", .help = "keep answers"},
    {.name = "format",
     .kind = CONFIG_CHOICE,
     .argument = "text|json",
     .default_value = "text",
     .help = "what to print"},
};

static const struct config_option more_options[] = {
    {.name = "log-level", .kind = CONFIG_TEXT, .default_value = "info", .help = "least to log"},
};

const struct config_program config_fixture_program = {
    .name = "marquee-rating",
    .service = "rating",
    .summary = "marquee-rating: keeps votes.",
    .usage = "[OPTIONS] [FILE…]",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .more_options = more_options,
    .more_option_count = ARRAY_LENGTH(more_options),
    .arguments_max = 2,
};

const struct config_program config_fixture_command = {
    .name = "marquee greet",
    .summary = "marquee greet: greets.",
    .usage = "[OPTIONS] FILE",
    .epilogue = "example:\n  marquee greet a.txt\n",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_min = 1,
    .arguments_max = 1,
};

int config_fixture_setup(void **state)
{
    struct config_fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    arena_init(&fixture->arena, ARENA_BYTES_MAX);
    (void)snprintf(fixture->directory, sizeof(fixture->directory), "/tmp/marquee-config-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    (void)snprintf(fixture->path, sizeof(fixture->path), "%s/marquee.yaml", fixture->directory);
    *state = fixture;
    return 0;
}

int config_fixture_teardown(void **state)
{
    struct config_fixture *fixture = *state;
    (void)unlink(fixture->path); /* not every test wrote it */
    assert_int_equal(rmdir(fixture->directory), 0);
    arena_deinit(&fixture->arena);
    free(fixture);
    return 0;
}

void config_fixture_write_file(struct config_fixture *fixture, struct text content)
{
    FILE *file = fopen(fixture->path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(content.data, 1, content.length, file), content.length);
    assert_int_equal(fclose(file), 0);
}

enum status config_fixture_load_printing(struct config_fixture *fixture,
                                         const struct config_program *program,
                                         const char *const *arguments,
                                         const char *const *environment, FILE *output)
{
    /* argv's strings are not const in C's own signature of main(), nor here. */
    char *argv[ARGUMENTS_MAX] = {(char *)(uintptr_t)program->name};
    char *variables[ARGUMENTS_MAX] = {NULL};
    int argc = 1;
    for (; arguments != NULL && arguments[argc - 1] != NULL; argc++) {
        assert_true(argc < ARGUMENTS_MAX - 1);
        argv[argc] = (char *)(uintptr_t)arguments[argc - 1];
    }
    for (int i = 0; environment != NULL && environment[i] != NULL; i++) {
        assert_true(i < ARGUMENTS_MAX - 1);
        variables[i] = (char *)(uintptr_t)environment[i];
    }
    arena_reset(&fixture->arena);
    call_init(&fixture->call, &fixture->arena, 0);
    fixture->config = NULL;
    return config_load(&fixture->call, program, argc, argv, variables, output, &fixture->config);
}

enum status config_fixture_load(struct config_fixture *fixture,
                                const struct config_program *program, const char *const *arguments,
                                const char *const *environment)
{
    char *printed = NULL;
    size_t printed_bytes = 0;
    FILE *output = open_memstream(&printed, &printed_bytes);
    assert_non_null(output);
    enum status status =
        config_fixture_load_printing(fixture, program, arguments, environment, output);
    assert_int_equal(fclose(output), 0);
    assert_int_equal(printed_bytes, 0);
    free(printed);
    return status;
}

void config_fixture_assert_refused(struct config_fixture *fixture, const char *const *arguments,
                                   const char *const *environment, const char *message)
{
    enum status status =
        config_fixture_load(fixture, &config_fixture_program, arguments, environment);
    assert_int_equal(status, STATUS_INVALID_ARGUMENT);
    assert_null(fixture->config);

    struct text said = fixture->call.error.message;
    struct text rest = text_of(message);
    size_t mark = text_find(rest, 0, '%');
    if (mark < rest.length && text_starts_with(text_slice(rest, mark, rest.length), TEXT("%s"))) {
        assert_memory_equal(said.data, message, mark);
        said = text_slice(said, mark, said.length);
        assert_true(text_starts_with(said, text_of(fixture->path)));
        said = text_slice(said, strlen(fixture->path), said.length);
        rest = text_slice(rest, mark + 2, rest.length);
    }
    struct text got = arena_copy(&fixture->arena, said);
    assert_string_equal(got.data, rest.data);
}
