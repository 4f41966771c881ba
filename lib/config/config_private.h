/* config_private.h: what the parts of lib/config share. */
#pragma once

#include "config/config.h"

struct config_value {
    const struct config_option *option;
    struct text text;
    int64_t number; /* of integers, durations (ms) and booleans */
    bool given;
};

struct config {
    const struct config_program *program;
    struct config_value values[CONFIG_OPTIONS_MAX];
    size_t value_count;
    struct text arguments[CONFIG_ARGUMENTS_MAX];
    size_t argument_count;
    struct text file;
    bool help;
    bool version;
};

/* The value of an option name, or NULL. */
struct config_value *config_find(struct config *config, struct text name);

/* Parses `text` as the option's kind demands. place: "--listen", "MARQUEE_LISTEN",
 * "marquee.yaml:3", for the error. */
MUST_USE enum status config_set(struct call *call, struct config_value *value, struct text text,
                                const char *place);

/* The variable's value, borrowed from the environment; {NULL, 0}: it is not set. */
struct text config_environment_value(char *const *environment, struct text name);

/* The three sources. Those of later calls win, so they are called from the weakest to the
 * strongest. */
MUST_USE enum status config_read_yaml(struct call *call, struct config *config, struct text path);
MUST_USE enum status config_read_environment(struct call *call, struct config *config,
                                             char *const *environment);
MUST_USE enum status config_read_flags(struct call *call, struct config *config, int argc,
                                       char *const *argv);

void config_print_help(const struct config_program *program, FILE *output);
