#include "marquee/backup_parts.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "store/lmdb_backup.h"
#include "store/sqlite_backup.h"
#include "store/store_directory.h"

enum { OWNER_ONLY = 0700 };

static const struct backup_part parts[BACKUP_PARTS_MAX] = {
    {"metadata", "metadata.sqlite", true}, {"registry", "registry.sqlite", true},
    {"review", "review.sqlite", true},     {"rating", LMDB_BACKUP_FILE, false},
    {"eventlog", LMDB_BACKUP_FILE, false},
};

const struct backup_part *backup_parts(size_t *ret_count)
{
    *ret_count = ARRAY_LENGTH(parts);
    return parts;
}

const struct backup_part *backup_part_find(struct text name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
        if (text_equal(text_of(parts[i].name), name)) {
            return &parts[i];
        }
    }
    return NULL;
}

/* {NULL, 0}: it is too long. */
static struct text file_of(const struct backup_part *part, struct text folder,
                           char path[static BACKUP_PATH_BYTES_MAX])
{
    int length =
        snprintf(path, BACKUP_PATH_BYTES_MAX, "%.*s/%s", TEXT_ARGUMENTS(folder), part->file);
    return length > 0 && length < BACKUP_PATH_BYTES_MAX ? text_of_bytes(path, (size_t)length)
                                                        : (struct text){NULL, 0};
}

bool backup_part_exists(const struct backup_part *part, struct text folder, uint64_t *ret_bytes)
{
    char path[BACKUP_PATH_BYTES_MAX];
    struct stat entry;
    if (file_of(part, folder, path).data == NULL || stat(path, &entry) != 0) {
        return false;
    }
    *ret_bytes = (uint64_t)entry.st_size;
    return true;
}

uint64_t backup_part_written(const struct backup_copy *copy)
{
    uint64_t bytes = 0;
    return backup_part_exists(copy->part, copy->to, &bytes) ? bytes : 0;
}

static enum status copy_sqlite(struct backup_copy *copy, struct store_error *error)
{
    char from[BACKUP_PATH_BYTES_MAX];
    char to[BACKUP_PATH_BYTES_MAX];
    struct text source = file_of(copy->part, copy->from, from);
    struct text target = file_of(copy->part, copy->to, to);
    if (source.data == NULL || target.data == NULL) {
        return store_fail(error, STATUS_UNAVAILABLE, "the copy cannot be written",
                          "a path is too long");
    }
    if (mkdir(copy->to.data, OWNER_ONLY) != 0) {
        return store_fail(error, STATUS_UNAVAILABLE, "the copy cannot be written", "%.*s: %s",
                          TEXT_ARGUMENTS(copy->to), strerrordesc_np(errno));
    }
    enum status status = sqlite_backup(source, target, error, &copy->bytes);
    return status == STATUS_OK ? store_directory_sync(copy->to, error) : status;
}

enum status backup_part_copy(struct backup_copy *copy, struct store_error *error)
{
    return copy->part->is_sqlite ? copy_sqlite(copy, error)
                                 : lmdb_backup(copy->from, copy->to, error, &copy->bytes);
}
