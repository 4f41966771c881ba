/* lmdb_rating_repository.h: votes in an LMDB environment: votes, aggregates, positions and dead
 * letters change in one transaction, and a read never waits for a write.
 *
 * Several processes may open the same folder; one process opens it once. */
#pragma once

#include "rating/repository/rating_repository.h"

struct lmdb_store;

struct lmdb_rating_repository_options {
    struct text path; /* a folder; created when missing, for the owner only */
    size_t map_bytes; /* address space at first; it grows. 0: the store's default */
};

/* Blocks: at start-up. ret_repository is closed by its close(), while the loops of its callers
 * still exist. STATUS_FAILED_PRECONDITION: the folder cannot be used, or holds another kind or
 * version of store. STATUS_DATA_LOSS: it is damaged. STATUS_UNAVAILABLE: it cannot be opened now.
 */
MUST_USE enum status
lmdb_rating_repository_open(struct call *call, const struct lmdb_rating_repository_options *options,
                            struct rating_repository *ret_repository);

/* The store beneath, for metrics. Borrowed until close. */
struct lmdb_store *lmdb_rating_repository_store(const struct rating_repository *repository);
