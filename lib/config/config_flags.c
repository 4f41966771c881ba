/* The command line and the environment. */
#include "base/arena.h"
#include "config/config_private.h"

static enum status unknown_option(struct call *call, const struct config *config, struct text flag)
{
    return call_fail(call, STATUS_INVALID_ARGUMENT, "unknown option '%.*s' (%s --help lists them)",
                     TEXT_ARGUMENTS(flag), config->program->name);
}

/* One "--name", "--name=value" or "--no-name"; *index moves over a value that stands apart. */
static enum status read_flag(struct call *call, struct config *config, int argc, char *const *argv,
                             int *index)
{
    struct text flag = text_of(argv[*index]);
    struct text rest = text_slice(flag, 2, flag.length);
    struct text name = text_next(&rest, '=');
    bool negated = text_starts_with(name, TEXT("no-"));
    struct config_value *value = config_find(config, name);

    if (value == NULL && negated) {
        value = config_find(config, text_slice(name, 3, name.length));
        if (value != NULL && value->option->kind == CONFIG_BOOLEAN && rest.data == NULL) {
            return config_set(call, value, TEXT("false"), argv[*index]);
        }
        value = NULL;
    }
    if (value == NULL && text_equal(name, TEXT("config"))) {
        /* Read before everything else: only passed over here. */
        *index += rest.data == NULL ? 1 : 0;
        return *index < argc ? STATUS_OK
                             : call_fail(call, STATUS_INVALID_ARGUMENT, "--config needs a value");
    }
    if (value == NULL) {
        return unknown_option(call, config, flag);
    }
    if (value->option->kind == CONFIG_BOOLEAN && rest.data == NULL) {
        return config_set(call, value, TEXT("true"), argv[*index]);
    }
    if (rest.data == NULL) {
        if (*index + 1 >= argc) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "%s needs a value", argv[*index]);
        }
        rest = text_of(argv[++*index]);
    }
    struct text place = arena_format(call->arena, "--%s", value->option->name);
    return config_set(call, value, rest, place.data != NULL ? place.data : "option");
}

enum status config_read_flags(struct call *call, struct config *config, int argc, char *const *argv)
{
    bool options_over = false;
    for (int i = 1; i < argc; i++) {
        struct text argument = text_of(argv[i]);
        if (!options_over && text_equal(argument, TEXT("--"))) {
            options_over = true;
        } else if (!options_over && text_starts_with(argument, TEXT("--"))) {
            enum status status = read_flag(call, config, argc, argv, &i);
            if (status != STATUS_OK) {
                return status;
            }
        } else if (!options_over && argument.length > 1 && argument.data[0] == '-') {
            return unknown_option(call, config, argument);
        } else if (config->argument_count == CONFIG_ARGUMENTS_MAX) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "more than %d arguments",
                             CONFIG_ARGUMENTS_MAX);
        } else {
            config->arguments[config->argument_count++] = argument;
        }
    }
    return STATUS_OK;
}

/* "drain-time" of "rating": MARQUEE_RATING_DRAIN_TIME; without a service: MARQUEE_DRAIN_TIME. */
static struct text variable_name(struct arena *arena, const char *service, const char *option)
{
    struct text name = arena_format(arena, "MARQUEE_%s%s%s", service != NULL ? service : "",
                                    service != NULL ? "_" : "", option);
    char *bytes = name.data != NULL ? arena_alloc(arena, name.length + 1) : NULL;
    if (bytes == NULL) {
        return (struct text){NULL, 0};
    }
    for (size_t i = 0; i < name.length; i++) {
        char byte = name.data[i];
        bytes[i] = byte == '-' ? '_' : (char)(byte >= 'a' && byte <= 'z' ? byte - 'a' + 'A' : byte);
    }
    bytes[name.length] = '\0';
    return (struct text){bytes, name.length};
}

static enum status read_variable(struct call *call, struct config_value *value, struct text name,
                                 char *const *environment)
{
    if (name.data == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the configuration");
    }
    struct text given = config_environment_value(environment, name);
    return given.data != NULL ? config_set(call, value, given, name.data) : STATUS_OK;
}

enum status config_read_environment(struct call *call, struct config *config,
                                    char *const *environment)
{
    const char *service = config->program->service;
    for (size_t i = 0; i < config->value_count; i++) {
        struct config_value *value = &config->values[i];
        const char *option = value->option->name;
        enum status status =
            read_variable(call, value, variable_name(call->arena, NULL, option), environment);
        if (status == STATUS_OK && service != NULL) {
            status = read_variable(call, value, variable_name(call->arena, service, option),
                                   environment);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}
