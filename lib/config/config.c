#include "config/config.h"

#include "base/arena.h"
#include "config/config_private.h"

static void add_options(struct config *config, const struct config_option *options, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        CHECK(config->value_count < CONFIG_OPTIONS_MAX);
        config->values[config->value_count++] = (struct config_value){.option = &options[i]};
    }
}

static enum status set_defaults(struct call *call, struct config *config)
{
    for (size_t i = 0; i < config->value_count; i++) {
        const struct config_option *option = config->values[i].option;
        if (option->default_value == NULL) {
            continue;
        }
        enum status status =
            config_set(call, &config->values[i], text_of(option->default_value), "default");
        if (status != STATUS_OK) {
            return status;
        }
        config->values[i].given = false;
    }
    return STATUS_OK;
}

struct text config_environment_value(char *const *environment, struct text name)
{
    for (; environment != NULL && *environment != NULL; environment++) {
        struct text rest = text_of(*environment);
        if (text_equal(text_next(&rest, '='), name) && rest.data != NULL) {
            return rest;
        }
    }
    return (struct text){NULL, 0};
}

/* The file's name must be known before the file is read, although flags are stronger than the file.
 */
static struct text file_name(int argc, char *const *argv, char *const *environment)
{
    struct text file = config_environment_value(environment, TEXT("MARQUEE_CONFIG"));
    for (int i = 1; i < argc; i++) {
        struct text argument = text_of(argv[i]);
        if (text_equal(argument, TEXT("--"))) {
            break;
        }
        if (text_equal(argument, TEXT("--config")) && i + 1 < argc) {
            file = text_of(argv[i + 1]);
        } else if (text_starts_with(argument, TEXT("--config="))) {
            file = text_slice(argument, strlen("--config="), argument.length);
        }
    }
    return file;
}

static enum status check_arguments(struct call *call, const struct config *config)
{
    const struct config_program *program = config->program;
    if (config->argument_count < program->arguments_min) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "something is missing: usage: %s %s",
                         program->name, program->usage);
    }
    if (config->argument_count > program->arguments_max) {
        struct text surplus = config->arguments[program->arguments_max];
        return call_fail(call, STATUS_INVALID_ARGUMENT, "unexpected '%.*s': usage: %s %s",
                         TEXT_ARGUMENTS(surplus), program->name, program->usage);
    }
    return STATUS_OK;
}

static enum status read_sources(struct call *call, struct config *config, int argc,
                                char *const *argv, char *const *environment)
{
    enum status status = set_defaults(call, config);
    if (status == STATUS_OK && config->file.length > 0) {
        status = config_read_yaml(call, config, config->file);
    }
    if (status == STATUS_OK) {
        status = config_read_environment(call, config, environment);
    }
    if (status == STATUS_OK) {
        status = config_read_flags(call, config, argc, argv);
    }
    return status;
}

static bool asks_for_help(struct config *config, int argc, char *const *argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        config->help = config->help || strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0;
        config->version = config->version || strcmp(argv[i], "--version") == 0;
    }
    return config->help || config->version;
}

enum status config_load(struct call *call, const struct config_program *program, int argc,
                        char *const *argv, char *const *environment, FILE *output,
                        struct config **ret_config)
{
    struct config *config = arena_calloc(call->arena, 1, sizeof(*config));
    if (config == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the configuration");
    }
    config->program = program;
    add_options(config, program->options, program->option_count);
    add_options(config, program->more_options, program->more_option_count);
    if (asks_for_help(config, argc, argv)) {
        if (config->help) {
            config_print_help(program, output);
        } else {
            (void)fprintf(output, "%s %s\n", program->name, MARQUEE_VERSION); /* nobody to tell */
        }
        return STATUS_CANCELLED;
    }
    config->file = file_name(argc, argv, environment);
    enum status status = read_sources(call, config, argc, argv, environment);
    if (status == STATUS_OK) {
        status = check_arguments(call, config);
    }
    if (status == STATUS_OK) {
        *ret_config = config;
    }
    return status;
}

struct config_value *config_find(struct config *config, struct text name)
{
    for (size_t i = 0; i < config->value_count; i++) {
        if (text_equal(text_of(config->values[i].option->name), name)) {
            return &config->values[i];
        }
    }
    return NULL;
}

static const struct config_value *value_of(const struct config *config, const char *name)
{
    const struct config_value *value = NULL;
    for (size_t i = 0; i < config->value_count && value == NULL; i++) {
        if (strcmp(config->values[i].option->name, name) == 0) {
            value = &config->values[i];
        }
    }
    CHECK(value != NULL);
    return value;
}

enum status config_set_default(struct call *call, struct config *config, const char *name,
                               struct text text)
{
    struct config_value *value = config_find(config, text_of(name));
    CHECK(value != NULL);
    if (value->given) {
        return STATUS_OK;
    }
    enum status status = config_set(call, value, text, "default");
    value->given = false;
    return status;
}

struct text config_text(const struct config *config, const char *name)
{
    const struct config_value *value = value_of(config, name);
    CHECK(value->option->kind == CONFIG_TEXT || value->option->kind == CONFIG_CHOICE);
    return value->text.data != NULL ? value->text : TEXT("");
}

int64_t config_integer(const struct config *config, const char *name)
{
    const struct config_value *value = value_of(config, name);
    CHECK(value->option->kind == CONFIG_INTEGER);
    return value->number;
}

int64_t config_duration_ms(const struct config *config, const char *name)
{
    const struct config_value *value = value_of(config, name);
    CHECK(value->option->kind == CONFIG_DURATION);
    return value->number;
}

bool config_boolean(const struct config *config, const char *name)
{
    const struct config_value *value = value_of(config, name);
    CHECK(value->option->kind == CONFIG_BOOLEAN);
    return value->number != 0;
}

bool config_is_given(const struct config *config, const char *name)
{
    return value_of(config, name)->given;
}

size_t config_argument_count(const struct config *config)
{
    return config->argument_count;
}

struct text config_argument(const struct config *config, size_t index)
{
    CHECK(index < config->argument_count);
    return config->arguments[index];
}
