/* backup_parts.h: the stores of a system, and how each is copied while it is used. */
#pragma once

#include <stdint.h>

#include "store/store_error.h"

enum { BACKUP_PARTS_MAX = 5, BACKUP_PATH_BYTES_MAX = 4096 };

struct backup_part {
    const char *name; /* "rating": that of its folder, too */
    const char *file; /* the file in its folder that holds it */
    bool is_sqlite;   /* else LMDB */
};

/* In the order in which they are copied: the event log last, so that no position of the rating
 * store's copy is beyond the end of the log's. Static storage. */
const struct backup_part *backup_parts(size_t *ret_count);

/* NULL: there is none of that name. */
const struct backup_part *backup_part_find(struct text name);

/* Whether the folder holds one, and the size of its file. */
bool backup_part_exists(const struct backup_part *part, struct text folder, uint64_t *ret_bytes);

/* Copies what is in the folder `from` into the new folder `to`, synced. Blocks: on a thread of its
 * own. Statuses as lmdb_backup(). */
struct backup_copy {
    const struct backup_part *part;
    struct text from;
    struct text to;
    uint64_t bytes; /* of the copy, once it is done */
};
MUST_USE enum status backup_part_copy(struct backup_copy *copy, struct store_error *error);

/* The size of the file that is being written. From any thread. */
uint64_t backup_part_written(const struct backup_copy *copy);
