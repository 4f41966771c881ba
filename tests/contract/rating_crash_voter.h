/* rating_crash_voter.h: the process that is killed: it votes, and says each vote that was
 * acknowledged; and one of its fibers takes events into the partition that all such processes want,
 * as often as it can claim it. */
#pragma once

#include "base/text.h"

enum {
    RATING_CRASH_FIBERS = 8,
    RATING_CRASH_CLAIMS =
        RATING_CRASH_FIBERS, /* the fiber that ingests: its words are its claims */
    RATING_CRASH_SPEAKERS,
    RATING_CRASH_USER_BYTES = 48,
};

/* What it says: vote (or claim) `number` of fiber `fiber` was acknowledged. */
struct rating_crash_word {
    uint32_t fiber;
    uint32_t number;
};

/* What is ingested: the event at `offset` is a vote of one of few users, which always applies. */
#define RATING_CRASH_TOPIC TEXT("ratings")

/* The user of that vote; `name` is the voter's own. All votes are on the movie "movie". */
struct text rating_crash_user(const char *name, struct rating_crash_word word,
                              char buffer[static RATING_CRASH_USER_BYTES]);

/* Votes until killed. early: the planted fault: says it before the store has acknowledged. */
_Noreturn void rating_crash_voter_run(const char *path, const char *name, int words, bool early);
