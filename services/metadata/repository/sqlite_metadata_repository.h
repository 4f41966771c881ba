/* sqlite_metadata_repository.h: metadata in a SQLite file.
 *
 * One row an entry; its genres are one column, a line each (no genre has a line break in it,
 * metadata_validate()): a point read is one statement, and the file can be read with any SQLite
 * tool. Point reads run on the loop's thread, lists on a worker, writes in groups. */
#pragma once

#include "metadata/repository/metadata_repository.h"

struct sqlite_store;

enum {
    SQLITE_METADATA_WORKERS = 2,           /* threads that list */
    SQLITE_METADATA_WORKER_QUEUE_MAX = 256, /* lists that wait for them */
};

struct sqlite_metadata_repository_options {
    struct text directory; /* created when missing, for the owner only; holds metadata.db */
};

/* Blocks: at start-up. ret_repository is closed by its close(), while the loops of its callers still
 * exist. STATUS_FAILED_PRECONDITION: the directory cannot be used, or the
 * file is of another version.
 * STATUS_DATA_LOSS: it is no database or is damaged. STATUS_UNAVAILABLE: it cannot be opened now. */
MUST_USE enum status
sqlite_metadata_repository_open(struct call *call,
                                const struct sqlite_metadata_repository_options *options,
                                struct metadata_repository *ret_repository);

/* The store beneath, for metrics. Borrowed until close. */
struct sqlite_store *sqlite_metadata_repository_store(const struct metadata_repository *repository);
