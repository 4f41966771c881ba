/* lmdb_backup.h: a copy of an LMDB environment, while others write it. */
#pragma once

#include <stdint.h>

#include "store/store_error.h"

/* The file of an environment's directory that holds all that is kept. */
#define LMDB_BACKUP_FILE "data.mdb"

/* Copies what was committed last in the directory `from` into the directory `to`, which is made for
 * it, and syncs it. Nobody waits for it, but as long as it runs, the pages freed meanwhile cannot
 * be used again. Free pages are left out. Blocks, for as long as writing takes: on a thread of its
 * own, in a process that has not opened `from` itself. On failure `to` may be left, in part.
 * STATUS_NOT_FOUND: there is no environment. STATUS_ALREADY_EXISTS: there is `to`.
 * STATUS_DATA_LOSS: it is damaged. STATUS_UNAVAILABLE: it cannot be read, or `to` not be written.
 * ret_bytes: the size of the copy. */
MUST_USE enum status lmdb_backup(struct text from, struct text to, struct store_error *error,
                                 uint64_t *ret_bytes);

/* Keeps the time with the environment: its backup is complete now.
 * STATUS_UNAVAILABLE: it cannot be written there. */
MUST_USE enum status lmdb_backup_note(struct text directory, struct store_error *error);

/* When that was last; 0: never. */
int64_t lmdb_backup_time_ms(const char *directory);
