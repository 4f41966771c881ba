/* snapshot_walk.h: the entries of a rating store one after the other, page by page: two pages are
 * in memory. For the commands that look at a whole store. */
#pragma once

#include "base/arena.h"
#include "base/call.h"
#include "rating/repository/rating_repository.h"

enum {
    SNAPSHOT_WALK_PAGE = 1000,
    SNAPSHOT_WALK_LETTERS = 16, /* dead letters of a page: they may be large */
    SNAPSHOT_WALK_ARENA_BYTES_MAX = 64 * 1024 * 1024, /* of a page */
    SNAPSHOT_WALK_TIMEOUT_MS = 60 * 1000,             /* of reading one */
};

enum snapshot_walk_kind {
    SNAPSHOT_WALK_VOTES,        /* struct rating_stored_vote */
    SNAPSHOT_WALK_AGGREGATES,   /* struct rating_stored_aggregate */
    SNAPSHOT_WALK_DEAD_LETTERS, /* struct rating_dead_letter */
    SNAPSHOT_WALK_USER_VOTES,   /* struct vote; of `user` */
    SNAPSHOT_WALK_CHANGES,      /* struct rating_change_record; after `sequence` */
};

struct snapshot_walk {
    const struct rating_repository *repository; /* borrowed */
    enum snapshot_walk_kind kind;
    struct text user;             /* borrowed */
    const struct vote_key *after; /* of votes, to begin behind it: borrowed; NULL: the first */
    int64_t sequence;             /* of changes: that of the last entry */
    /* private */
    struct arena arenas[2];
    unsigned turn;
    const char *entries;
    size_t count;
    size_t at;
    bool started;
};

/* The next entry; NULL: there are no more. Valid until the next but SNAPSHOT_WALK_PAGE. Statuses
 * as the port's lists, with their words in the call. */
MUST_USE enum status snapshot_walk_next(struct snapshot_walk *walk, struct call *call,
                                        const void **ret_entry);

/* Frees the pages; once it was started or not. */
void snapshot_walk_end(struct snapshot_walk *walk);
