/* backup_directory.h: a directory that is made under another name, and gets its own when all of it
 * is there. */
#pragma once

#include "base/call.h"

enum { BACKUP_DIRECTORY_BYTES_MAX = 4096 };

struct backup_directory {
    char path[BACKUP_DIRECTORY_BYTES_MAX];    /* as it is to be called */
    char partial[BACKUP_DIRECTORY_BYTES_MAX]; /* as it is called until then; "": it is done */
};

/* Makes PATH.partial-XXXXXX, and the folders above where they are missing, for the owner only.
 * STATUS_ALREADY_EXISTS: there is `path`.
 * STATUS_FAILED_PRECONDITION: it cannot be made there. */
MUST_USE enum status backup_directory_make(struct call *call, struct text path,
                                           struct backup_directory *ret_directory);

/* Syncs it and renames it; a name that was taken meanwhile stays what it is. */
MUST_USE enum status backup_directory_finish(struct call *call, struct backup_directory *directory);

/* Removes what was not finished. */
void backup_directory_discard(struct backup_directory *directory);
