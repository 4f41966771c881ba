/* store_apply_bare_lmdb.h: the bare LMDB loop that the rating store is held against, for votes of a
 * vote_workload. */
#pragma once

#include <lmdb.h>

#include "rating/repository/rating_repository.h"

struct store_apply_bare {
    MDB_env *env;
    MDB_dbi votes;
    MDB_dbi user_votes;
    MDB_dbi aggregates;
    MDB_dbi positions;
    unsigned char
        *voted; /* a bit for each possible vote: whether the user's key is there already */
};

void store_apply_bare_open(struct store_apply_bare *bare, const char *path);
void store_apply_bare_close(struct store_apply_bare *bare);

/* One transaction, synced: for each change the vote's key, for each new vote the user's, for each
 * record its aggregate's, and one position, with values of the same sizes, each map in the order of
 * its keys. Only LMDB's calls are timed: keys are made and sorted before, and nothing is looked up.
 */
double store_apply_bare_seconds(struct store_apply_bare *bare, const struct rating_change *changes,
                                size_t count);

/* The same keys in the order in which the changes come, one after the other: what a plain loop
 * does. */
double store_apply_bare_plain_seconds(struct store_apply_bare *bare,
                                      const struct rating_change *changes, size_t count);
