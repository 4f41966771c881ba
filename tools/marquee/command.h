/* command.h: the subcommands of `marquee`, and what each is given and gives back. */
#pragma once

#include <stdio.h>

#include "base/text.h"

/* The exit statuses, as every --help says them. */
enum {
    COMMAND_OK = 0,
    COMMAND_FAILED = 1,
    COMMAND_USAGE = 2, /* wrong usage, or a value that is not allowed */
    COMMAND_NOT_FOUND = 3,
};

#define COMMAND_EXIT_STATUS_HELP                                                                   \
    "exit status: 0, 1 it failed, 2 wrong usage or a value that is not allowed, 3 not found\n"

/* Borrowed for the run. */
struct command_input {
    int argc;
    char *const *argv; /* argv[0] is the command's own name */
    char *const *environment;
    FILE *output;
    FILE *errors;
};

struct command {
    const char *name;
    const char *group;   /* the heading it is listed under; NULL: not listed */
    const char *summary; /* one line, for the list */
    int (*run)(const struct command_input *input); /* returns the exit status */
};

/* In the order of the list, those of one group together. Static storage. */
const struct command *command_table(size_t *ret_count);

/* NULL: there is none of that name. */
const struct command *command_find(struct text name);

/* The listed command whose name is nearest to one that there is not, for "is it …?"; NULL: none is
 * near. */
const struct command *command_suggest(struct text name);

/* The list of commands by group, with usage and exit statuses. */
void command_print_list(FILE *output);

/* One function a subcommand, each in a file of its name: rate_command.c. All take --help. */
int backup_command(const struct command_input *input);
int child_of_command(const struct command_input *input);
int completion_command(const struct command_input *input);
int deadletters_command(const struct command_input *input);
int export_command(const struct command_input *input);
int fsck_command(const struct command_input *input);
int feed_command(const struct command_input *input);
int import_command(const struct command_input *input);
int ingest_command(const struct command_input *input);
int log_command(const struct command_input *input);
int jobs_command(const struct command_input *input);
int metadata_command(const struct command_input *input);
int movie_command(const struct command_input *input);
int movies_command(const struct command_input *input);
int search_command(const struct command_input *input);
int rate_command(const struct command_input *input);
int rating_command(const struct command_input *input);
int ratings_command(const struct command_input *input);
int rebuild_command(const struct command_input *input);
int like_command(const struct command_input *input);
int review_command(const struct command_input *input);
int recommend_command(const struct command_input *input);
int services_command(const struct command_input *input);
int similar_command(const struct command_input *input);
int sizecompare_command(const struct command_input *input);
int snapshot_command(const struct command_input *input);
int status_command(const struct command_input *input);
int stream_command(const struct command_input *input);
int token_command(const struct command_input *input);
int unlike_command(const struct command_input *input);
int unrate_command(const struct command_input *input);
int quarantine_command(const struct command_input *input);
int top_command(const struct command_input *input);
int up_command(const struct command_input *input);
int work_command(const struct command_input *input);
