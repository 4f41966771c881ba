/* rating_scores.h: how records are scored and ranked, as the options say: for main.c, and for the
 * process that holds every service. */
#pragma once

#include "process/process.h"
#include "rating/repository/rating_ranking.h"
#include "rating/repository/rating_repository.h"

struct indexed_rating_ranking;

#define RATING_SCORES_OPTIONS                                                                      \
    {.name = "score-minimum-votes",                                                                \
     .kind = CONFIG_INTEGER,                                                                       \
     .argument = "COUNT",                                                                          \
     .default_value = "25",                                                                        \
     .minimum = 0,                                                                                 \
     .maximum = 1000000,                                                                           \
     .help = "m of the weighted score: how many votes weigh as much as the mean of all"},          \
    {                                                                                              \
        .name = "score-mean", .kind = CONFIG_TEXT, .argument = "POINTS",                           \
        .help = "C of the weighted score, 0 to 10; without it, the mean of all votes of the type"  \
    }

/* In the open hook, behind the store; adds a telemetry source. STATUS_INVALID_ARGUMENT: an option
 * is not what it must be. */
MUST_USE enum status rating_scores_open(struct process *process, struct call *call,
                                        struct rating_repository repository,
                                        struct indexed_rating_ranking **ret_ranking,
                                        struct rating_ranking *ret_port);
