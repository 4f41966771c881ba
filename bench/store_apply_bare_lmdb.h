/* store_apply_bare_lmdb.h: the workload of store_apply, and the bare LMDB loop it is held against.
 */
#pragma once

#include <lmdb.h>

#include "rating/repository/rating_repository.h"

enum {
    STORE_APPLY_USERS = 20000,
    STORE_APPLY_RECORDS = 5000,
    STORE_APPLY_BATCH_MAX = 100000,
};

/* Random votes: a user and a record each, drawn evenly. */
struct store_apply_workload {
    uint64_t random;
    char (*users)[16];
    char (*records)[16];
    struct rating_change *changes;
};

void store_apply_workload_init(struct store_apply_workload *workload);
void store_apply_workload_deinit(struct store_apply_workload *workload);

/* Borrowed until the next draw. */
const struct rating_change *store_apply_draw(struct store_apply_workload *workload, size_t count);

struct store_apply_bare {
    MDB_env *env;
    MDB_dbi votes;
    MDB_dbi user_votes;
    MDB_dbi aggregates;
    unsigned char *voted; /* a bit a user and record: whether the user's key is there already */
};

void store_apply_bare_open(struct store_apply_bare *bare, const char *path);
void store_apply_bare_close(struct store_apply_bare *bare);

/* One transaction, synced: for each change the vote's key, for each new vote the user's, for each
 * record its aggregate's, with values of the same sizes, each map in the order of its keys. Only
 * LMDB's calls are timed: keys are made and sorted before, and nothing is looked up. */
double store_apply_bare_seconds(struct store_apply_bare *bare, const struct rating_change *changes,
                                size_t count);

/* The same keys in the order in which the changes come, one after the other: what a plain loop
 * does. */
double store_apply_bare_plain_seconds(struct store_apply_bare *bare,
                                      const struct rating_change *changes, size_t count);
