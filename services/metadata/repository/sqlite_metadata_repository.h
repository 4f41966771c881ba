/* sqlite_metadata_repository.h: metadata in a SQLite file.
 *
 * One row an entry; its genres are one column, a line each (no genre has a line break in it,
 * metadata_validate()): a point read is one statement, and the file can be read with any SQLite
 * tool. Triggers keep the table of changes, so that a change by such a tool, or by a program of an
 * older version, is one too. Point reads run on the loop's thread, lists on a worker, writes in
 * groups. Files of older versions are migrated when they are opened. A title that another tool or
 * an older program writes is found by its ids, and by title once it is put again: only what we
 * write has its title folded (metadata_title_key.h). */
#pragma once

#include "metadata/repository/metadata_repository.h"

struct sqlite_store;
struct worker_pool;

struct sqlite_metadata_repository_options {
    struct text path;            /* a file; it and its folder are created when missing */
    struct worker_pool *workers; /* for lists; borrowed until close */
};

/* Blocks: at start-up. ret_repository is closed by its close(), while the loops of its callers
 * still exist. STATUS_FAILED_PRECONDITION: the file cannot be used, or is of a newer version.
 * STATUS_DATA_LOSS: it is no database or is damaged. STATUS_UNAVAILABLE: it cannot be opened now.
 */
MUST_USE enum status
sqlite_metadata_repository_open(struct call *call,
                                const struct sqlite_metadata_repository_options *options,
                                struct metadata_repository *ret_repository);

/* The store beneath, for metrics. Borrowed until close. */
struct sqlite_store *sqlite_metadata_repository_store(const struct metadata_repository *repository);
