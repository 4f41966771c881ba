/* config.h: a program's options: flags over environment over one YAML file over defaults.
 *
 * An option `drain-time` of the service `rating` is looked for as `--drain-time`, then in the
 * environment as MARQUEE_RATING_DRAIN_TIME and MARQUEE_DRAIN_TIME, then in the file (`--config`,
 * MARQUEE_CONFIG) under `rating:` and at its top. Values are checked when they are loaded, wherever
 * they come from, and an error names the place. */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "base/call.h"
#include "base/status.h"
#include "base/text.h"

enum {
    CONFIG_OPTIONS_MAX = 96,
    CONFIG_ARGUMENTS_MAX = 256,
    CONFIG_FILE_BYTES_MAX = 64 * 1024,
    CONFIG_VALUE_BYTES_MAX = 4096,
};

enum config_kind {
    CONFIG_TEXT,
    CONFIG_INTEGER,  /* within minimum and maximum */
    CONFIG_DURATION, /* "250ms", "15s", "5m", "1h", "30d", in milliseconds; within the same */
    CONFIG_BOOLEAN,  /* --name, --no-name, true, false */
    CONFIG_CHOICE,   /* one of `argument`, separated by '|' */
};

struct config_option {
    const char *name; /* "drain-time" */
    enum config_kind kind;
    const char *argument;      /* for --help: "HOST:PORT"; of CONFIG_CHOICE: "text|json" */
    const char *default_value; /* as it would be typed; NULL: empty, 0 or false */
    const char *help;          /* one line */
    int64_t minimum;
    int64_t maximum; /* 0: no maximum */
};

/* The section of commands. At the top of a file, which services have too, they pass over the
 * options that they do not have: a service refuses what none has. */
#define CONFIG_COMMANDS "cli"

struct config_program {
    const char *name;     /* "marquee-rating", "marquee import" */
    const char *service;  /* the section and the environment's infix: "rating"; NULL: none */
    const char *summary;  /* the first line of --help */
    const char *usage;    /* what follows the name: "[OPTIONS]" */
    const char *epilogue; /* the end of --help (examples); NULL: none */
    const struct config_option *options;
    size_t option_count;
    const struct config_option *more_options; /* a second table (the common ones); NULL: none */
    size_t more_option_count;
    size_t arguments_min; /* positional ones */
    size_t arguments_max;
};

struct config;

/* Reads everything. argv[0] is passed over. The call's arena holds every text of the result.
 * STATUS_INVALID_ARGUMENT: an unknown option, a value that is not of its kind, too many or few
 * arguments, an unreadable or malformed file: the call's error says it in one line.
 * STATUS_CANCELLED: --help or --version was given; it is printed to `output` already. */
MUST_USE enum status config_load(struct call *call, const struct config_program *program, int argc,
                                 char *const *argv, char *const *environment, FILE *output,
                                 struct config **ret_config);

/* The values, by the option's name (CHECKed to be one, and of that kind). Texts end in NUL. */
struct text config_text(const struct config *config, const char *name);
int64_t config_integer(const struct config *config, const char *name);
int64_t config_duration_ms(const struct config *config, const char *name);
bool config_boolean(const struct config *config, const char *name);

/* Whether it was given anywhere, or holds its default. */
bool config_is_given(const struct config *config, const char *name);

/* Another default than the option's own, where it depends on what else was given: does nothing
 * where the option was. The call's arena holds the text from then on. STATUS_INVALID_ARGUMENT: it
 * is not of the option's kind. STATUS_RESOURCE_EXHAUSTED: no memory. */
MUST_USE enum status config_set_default(struct call *call, struct config *config, const char *name,
                                        struct text value);

/* What stood on the command line besides options, in order. */
size_t config_argument_count(const struct config *config);
struct text config_argument(const struct config *config, size_t index);
