/* Any bytes as a configuration: what is taken must be within its bounds, and mean the same when it
 * is given as flags. Parts end in NUL: the YAML file, then arguments and variables ("MARQUEE_…=…").
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "config/config.h"

enum { PARTS_MAX = 24, ARENA_BYTES_MAX = 4 * 1024 * 1024 };

static const struct config_option options[] = {
    {.name = "name", .kind = CONFIG_TEXT, .help = ""},
    {.name = "count",
     .kind = CONFIG_INTEGER,
     .default_value = "3",
     .help = "",
     .minimum = -5,
     .maximum = 10},
    {.name = "timeout",
     .kind = CONFIG_DURATION,
     .default_value = "15s",
     .help = "",
     .maximum = 3600000},
    {.name = "verbose", .kind = CONFIG_BOOLEAN, .help = ""},
    {.name = "format",
     .kind = CONFIG_CHOICE,
     .argument = "text|json",
     .default_value = "text",
     .help = ""},
};

static const struct config_program program = {
    .name = "fuzz",
    .service = "rating",
    .summary = "",
    .usage = "",
    .options = options,
    .option_count = ARRAY_LENGTH(options),
    .arguments_max = 4,
};

struct input {
    char *arguments[PARTS_MAX + 4];
    int argument_count;
    char *variables[PARTS_MAX + 1];
    size_t variable_count;
    char path[32];
};

static void add_part(struct input *input, char *part)
{
    if (strncmp(part, "MARQUEE_CONFIG=", strlen("MARQUEE_CONFIG=")) == 0 ||
        strncmp(part, "--config", strlen("--config")) == 0) {
        return; /* no other file than ours is read */
    }
    if (strncmp(part, "MARQUEE_", strlen("MARQUEE_")) == 0) {
        input->variables[input->variable_count++] = part;
    } else {
        input->arguments[input->argument_count++] = part;
    }
}

/* The file's part becomes a file of memory. Returns its descriptor. */
static int split(struct input *input, char *bytes, size_t size)
{
    char *end = bytes + size;
    char *part = memchr(bytes, '\0', size + 1); /* there is one behind the input */
    int file = memfd_create("config", MFD_CLOEXEC);
    CHECK(file >= 0 && part != NULL && write(file, bytes, (size_t)(part - bytes)) == part - bytes);
    (void)snprintf(input->path, sizeof(input->path), "/proc/self/fd/%d", file);

    static char program_name[] = "fuzz";
    static char config_flag[] = "--config";
    input->arguments[input->argument_count++] = program_name;
    input->arguments[input->argument_count++] = config_flag;
    input->arguments[input->argument_count++] = input->path;
    for (int i = 0; i < PARTS_MAX && part < end; i++) {
        add_part(input, part + 1);
        part = memchr(part + 1, '\0', (size_t)(end - part));
        CHECK(part != NULL);
    }
    return file;
}

static void check_values(const struct config *config)
{
    struct text format = config_text(config, "format");
    CHECK(config_integer(config, "count") >= -5 && config_integer(config, "count") <= 10);
    CHECK(config_duration_ms(config, "timeout") >= 0);
    CHECK(config_duration_ms(config, "timeout") <= 3600000);
    CHECK(text_equal(format, TEXT("text")) || text_equal(format, TEXT("json")));
    CHECK(text_is_clean(config_text(config, "name")));
    CHECK(config_text(config, "name").length <= CONFIG_VALUE_BYTES_MAX);
    CHECK(config_argument_count(config) <= program.arguments_max);
}

/* The same values as flags alone. */
static void check_same_as_flags(const struct config *config)
{
    struct arena arena;
    struct call call;
    struct config *again = NULL;
    char flags[4][CONFIG_VALUE_BYTES_MAX + 32];
    char verbose[] = "--verbose";
    char not_verbose[] = "--no-verbose";
    char *arguments[] = {flags[0], flags[0], flags[1], flags[2], flags[3], not_verbose, NULL};
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    struct text name = config_text(config, "name");
    (void)snprintf(flags[0], sizeof(flags[0]), "--name=%.*s", TEXT_ARGUMENTS(name));
    (void)snprintf(flags[1], sizeof(flags[1]), "--count=%lld",
                   (long long)config_integer(config, "count"));
    (void)snprintf(flags[2], sizeof(flags[2]), "--timeout=%lldms",
                   (long long)config_duration_ms(config, "timeout"));
    (void)snprintf(flags[3], sizeof(flags[3]), "--format=%s", config_text(config, "format").data);
    if (config_boolean(config, "verbose")) {
        arguments[5] = verbose;
    }
    CHECK(config_load(&call, &program, 6, arguments, NULL, stdout, &again) == STATUS_OK);
    CHECK(text_equal(config_text(again, "name"), name));
    CHECK(config_integer(again, "count") == config_integer(config, "count"));
    CHECK(config_duration_ms(again, "timeout") == config_duration_ms(config, "timeout"));
    CHECK(config_boolean(again, "verbose") == config_boolean(config, "verbose"));
    arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct call call;
    struct input input = {.argument_count = 0};
    struct config *config = NULL;
    char *printed = NULL;
    size_t printed_bytes = 0;
    char *bytes = calloc(1, size + 1);
    FILE *output = open_memstream(&printed, &printed_bytes);
    CHECK(bytes != NULL && output != NULL);
    if (size > 0) {
        memcpy(bytes, data, size);
    }
    int file = split(&input, bytes, size);
    arena_init(&arena, ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    enum status status = config_load(&call, &program, input.argument_count, input.arguments,
                                     input.variables, output, &config);
    CHECK(fclose(output) == 0);
    CHECK((status == STATUS_CANCELLED) == (printed_bytes > 0));
    if (status == STATUS_OK) {
        check_values(config);
        check_same_as_flags(config);
    } else {
        CHECK(config == NULL);
        CHECK(status == STATUS_CANCELLED || call.error.message.length > 0);
    }
    arena_deinit(&arena);
    free(printed);
    free(bytes);
    CHECK(close(file) == 0);
    return 0;
}
