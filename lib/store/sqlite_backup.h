/* sqlite_backup.h: a copy of a SQLite database, while others write it. */
#pragma once

#include <stdint.h>

#include "store/store_error.h"

enum {
    SQLITE_BACKUP_STEP_PAGES = 1024, /* between two looks at the progress */
    SQLITE_BACKUP_WAIT_MS = 10000,   /* for another's lock */
};

/* Copies what was committed last in the file `from` to the new file `to`, page by page, and syncs
 * it; its folder is not synced. Nobody waits for it, but the WAL grows meanwhile. Blocks, for as
 * long as writing takes: on a thread of its own. On failure `to` may be left, in part.
 * STATUS_NOT_FOUND: there is no such file. STATUS_ALREADY_EXISTS: there is `to`. STATUS_DATA_LOSS:
 * it is no database, or damaged. STATUS_UNAVAILABLE: it cannot be read, or `to` not be written.
 * ret_bytes: the size of the copy. */
MUST_USE enum status sqlite_backup(struct text from, struct text to, struct store_error *error,
                                   uint64_t *ret_bytes);
