/* fsck_report.h: what a check finds, a line each, as text or as JSON. */
#pragma once

#include <stdio.h>

#include "rating/repository/rating_repository.h"

enum {
    FSCK_DIFFERENCES_SHOWN_MAX = 10000, /* more are counted only */
    FSCK_WORDS_BYTES_MAX = 1024,
};

/* Of every command that checks: --scratch and --json. */
#define FSCK_OPTIONS                                                                               \
    {.name = "scratch",                                                                            \
     .kind = CONFIG_TEXT,                                                                          \
     .argument = "DIRECTORY",                                                                      \
     .default_value = "/tmp",                                                                      \
     .help = "where scratch files may be as large as the change log"},                             \
    {                                                                                              \
        .name = "json", .kind = CONFIG_BOOLEAN,                                                    \
        .help = "print each difference and the end as JSON"                                        \
    }

struct fsck_report {
    FILE *output;
    bool json;
    uint64_t differences; /* read only, here and below */
    uint64_t unsettled;   /* what changed all the time, so that nothing can be said of it */
};

/* kind: "aggregate", "user index", … Control characters in the words become '?'. */
void fsck_report_difference(struct fsck_report *report, const char *kind, const char *format, ...)
    PRINTF_LIKE(3, 4);
void fsck_report_unsettled(struct fsck_report *report, const char *kind, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* "movie tt0133093", "movie tt0133093 of user ann (provider club)". Cut to fit. */
enum { FSCK_NAME_BYTES = 512 };
const char *fsck_record_name(struct record_key record, char name[static FSCK_NAME_BYTES]);
const char *fsck_vote_name(const struct vote_key *key, char name[static FSCK_NAME_BYTES]);
