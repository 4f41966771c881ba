/* config_fixture.h: a program with an option of each kind, and what loading it made of some input.
 */
#pragma once

#include <stdio.h>

#include "base/arena.h"
#include "config/config.h"

/* "marquee-rating" of the service "rating", with 0 to 2 arguments:
 * --name TEXT, --count 1..10 [3], --timeout up to 1d [15s], --verbose, --cache [true],
 * --format text|json [text], and, of the second table, --log-level. */
extern const struct config_program config_fixture_program;

/* The same without a service, with exactly one argument. */
extern const struct config_program config_fixture_command;

struct config_fixture {
    struct arena arena;
    struct call call;
    struct config *config;
    char directory[64]; /* of the files written; removed at teardown */
    char path[96];      /* "DIRECTORY/marquee.yaml" */
};

/* For cmocka: *state becomes a struct config_fixture. */
int config_fixture_setup(void **state);
int config_fixture_teardown(void **state);

/* Writes the configuration file. */
void config_fixture_write_file(struct config_fixture *fixture, struct text content);

/* Loads with these arguments (argv[0] is added) and environment, both NULL-terminated or NULL. What
 * was loaded before is forgotten. Nothing may be printed. */
MUST_USE enum status config_fixture_load(struct config_fixture *fixture,
                                         const struct config_program *program,
                                         const char *const *arguments,
                                         const char *const *environment);

/* The same, with what is printed put into `output`. */
MUST_USE enum status config_fixture_load_printing(struct config_fixture *fixture,
                                                  const struct config_program *program,
                                                  const char *const *arguments,
                                                  const char *const *environment, FILE *output);

/* The load must fail with STATUS_INVALID_ARGUMENT and this message; "%s" in it stands for the
 * file's path. */
void config_fixture_assert_refused(struct config_fixture *fixture, const char *const *arguments,
                                   const char *const *environment, const char *message);
