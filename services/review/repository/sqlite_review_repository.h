/* sqlite_review_repository.h: reviews and likes in a SQLite file.
 *
 * One row a review, one a like, and one of counts a record, which triggers keep: within the same
 * transaction, whoever writes. The file can be read with any SQLite tool. Point reads run on the
 * loop's thread, lists on a worker, writes in groups. Several processes may use one file. */
#pragma once

#include "review/repository/review_repository.h"

struct sqlite_store;
struct worker_pool;

struct sqlite_review_repository_options {
    struct text path;            /* a file; it and its folder are created when missing */
    struct worker_pool *workers; /* for lists; borrowed until close */
};

/* Blocks: at start-up. ret_repository is closed by its close(), while the loops of its callers
 * still exist. STATUS_FAILED_PRECONDITION: the file cannot be used, or is of a newer version.
 * STATUS_DATA_LOSS: it is no database or is damaged. STATUS_UNAVAILABLE: it cannot be opened now.
 */
MUST_USE enum status
sqlite_review_repository_open(struct call *call,
                              const struct sqlite_review_repository_options *options,
                              struct review_repository *ret_repository);

/* The store beneath, for metrics. Borrowed until close. */
struct sqlite_store *sqlite_review_repository_store(const struct review_repository *repository);
