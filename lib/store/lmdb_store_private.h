/* lmdb_store_private.h: what the files of the LMDB store share. */
#pragma once

#include <pthread.h>

#include "store/lmdb_store.h"
#include "store/lmdb_watch.h"

/* How often a transaction that finds the map grown by another process is begun again: it may grow
 * again meanwhile, but each time to twice the size. */
enum { LMDB_STORE_REMAPS_MAX = 40 };

struct lmdb_store {
    MDB_env *env;
    char *path;
    MDB_dbi maps[LMDB_STORE_MAPS_MAX];
    size_t map_count;
    struct group_commit *writer;

    /* Of the writer's thread. */
    MDB_txn *write_txn;
    bool full; /* the map is, as the transaction found */
    int64_t readers_checked_ns;

    /* Readers; all guarded by the lock. */
    pthread_mutex_t lock;
    pthread_cond_t idle;
    struct lmdb_reader *pool;
    size_t readers; /* that exist */
    size_t active;
    bool remapping;                        /* no reader may begin */
    struct lmdb_watch_report watch_report; /* of the last look */
    uint64_t watch_snapshot;               /* that of its oldest reader */
    int64_t watch_since_ns;                /* since when */
};

extern const struct group_commit_ops lmdb_store_ops;
extern const struct group_commit_ops lmdb_relaxed_store_ops;

/* Gives the map `bytes` of address space (0: what the file has got from another process), with no
 * transaction of this process open. */
MUST_USE int lmdb_store_remap(struct lmdb_store *store, size_t bytes);

/* As lmdb_store_read_begin(), with LMDB's code. */
MUST_USE int lmdb_store_begin_reading(struct lmdb_store *store, struct lmdb_reader **ret_reader);

/* Doubles the map. false: it is as large as it may be, or cannot be had. */
MUST_USE bool lmdb_store_grow(struct lmdb_store *store);

/* Opens the maps, creates and checks the schema. */
MUST_USE enum status lmdb_schema_open(struct lmdb_store *store,
                                      const struct lmdb_store_options *options,
                                      struct store_error *error);

void lmdb_store_free_readers(struct lmdb_store *store);
