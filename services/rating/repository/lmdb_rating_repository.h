/* lmdb_rating_repository.h: votes in an LMDB environment: all that a batch changes is changed in
 * one transaction, and a read never waits for a write.
 *
 * Several processes may open the same folder; one process opens it once. A store of an older
 * version is migrated when it is opened, in one transaction; every process that has it open must be
 * of this version. Its votes are kept as they are; they are no records of the change log, which
 * therefore begins with a range that looks trimmed: who wants it whole needs a snapshot.
 *
 * An event's id takes some 250 bytes until it is expired, and about half of the rate at which
 * events are taken: the window should be no longer than events are known to come twice.
 *
 * RATING_RELAXED leaves the syncing to a second after each commit: a loss of power takes the last
 * seconds of acknowledged votes with it, and on a file system that writes in another order than it
 * was told to, the whole file. Positions are lost together with their votes, so that what came from
 * a log is taken from it again; what came directly is gone. The end of the process loses nothing.
 */
#pragma once

#include "rating/repository/rating_repository.h"

struct lmdb_store;

struct lmdb_rating_repository_options {
    struct text path; /* a folder; created when missing, for the owner only */
    size_t map_bytes; /* address space at first; it grows. 0: the store's default */
    struct rating_retention retention;
    enum rating_durability durability;
    bool refuse_older; /* STATUS_FAILED_PRECONDITION for what would have to be migrated */
};

/* Blocks: at start-up. ret_repository is closed by its close(), while the loops of its callers
 * still exist. STATUS_FAILED_PRECONDITION: the folder cannot be used, or holds another kind or
 * a newer version of store. STATUS_DATA_LOSS: it is damaged. STATUS_UNAVAILABLE: it cannot be
 * opened now.
 */
MUST_USE enum status
lmdb_rating_repository_open(struct call *call, const struct lmdb_rating_repository_options *options,
                            struct rating_repository *ret_repository);

/* The store beneath, for metrics. Borrowed until close. */
struct lmdb_store *lmdb_rating_repository_store(const struct rating_repository *repository);
