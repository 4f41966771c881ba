/* rebuild_settle.h: whether a vote is what the change log says, while others may write. */
#pragma once

#include "marquee/fsck_report.h"
#include "marquee/rebuild_lmdb_states.h"

enum { REBUILD_SETTLE_TRIES_MAX = 100 };

/* A change log, followed into states. */
struct rebuild_follower {
    const struct rating_repository *repository;
    struct rebuild_states *states;
    int64_t taken; /* up to this record */
};

/* Takes what has come since. Statuses as rebuild_states_take(). */
MUST_USE enum status rebuild_follow(struct rebuild_follower *follower, struct call *call);

/* Compares what stands under the key with `expected`, or, where that has changed meanwhile, with
 * what the log then says; a difference goes into the report. */
MUST_USE enum status rebuild_settle_vote(struct rebuild_follower *follower, struct call *call,
                                         const struct vote_key *key,
                                         const struct rebuild_state *expected,
                                         struct fsck_report *report);
