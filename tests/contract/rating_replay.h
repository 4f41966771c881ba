/* rating_replay.h: what the change log makes of nothing, held against what a repository has. */
#pragma once

#include "rating/repository/rating_repository.h"

struct rating_replay_report {
    size_t records;  /* of the change log */
    size_t ingested; /* of them, those with the topic */
    size_t votes;
    size_t differences;
    char first[160]; /* the first of them, in words */
};

/* Reads the whole log, which nothing was trimmed of, all votes and all aggregates; in a fiber,
 * while nobody writes. Differences are: a hole in the sequences; a vote that the log makes
 * otherwise; an aggregate that is not that of the votes; and of the records with `topic`, in which
 * each event was applied, an offset that is not the next one, or a position that is not behind the
 * last. */
void rating_replay_check(struct rating_repository repository, struct text topic, int32_t partition,
                         struct rating_replay_report *ret_report);
