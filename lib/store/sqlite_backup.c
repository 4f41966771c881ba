#include "store/sqlite_backup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OWNER_ONLY = 0600 };

static enum status fail_file(struct store_error *error, const char *path, int number)
{
    return number == EEXIST ? store_fail(error, STATUS_ALREADY_EXISTS, "there is a copy already",
                                         "%s: %s", path, strerrordesc_np(number))
                            : store_fail(error, STATUS_UNAVAILABLE, "the copy cannot be written",
                                         "%s: %s", path, strerrordesc_np(number));
}

static enum status fail_sqlite(struct store_error *error, int code, const char *path)
{
    int kind = code & 0xff;
    return kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB
               ? store_fail(error, STATUS_DATA_LOSS, "the store is damaged", "%s: %s", path,
                            sqlite3_errstr(code))
               : store_fail(error, STATUS_UNAVAILABLE, "the store cannot be copied now", "%s: %s",
                            path, sqlite3_errstr(code));
}

/* In a reading transaction of its own, so that all steps are of one snapshot. */
static int copy_pages(sqlite3 *source, sqlite3 *target)
{
    int code = sqlite3_exec(source, "BEGIN; SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
    if (code != SQLITE_OK) {
        return code;
    }
    sqlite3_backup *backup = sqlite3_backup_init(target, "main", source, "main");
    if (backup == NULL) {
        return sqlite3_extended_errcode(target);
    }
    do {
        code = sqlite3_backup_step(backup, SQLITE_BACKUP_STEP_PAGES);
    } while (code == SQLITE_OK);
    int finished = sqlite3_backup_finish(backup);
    return code == SQLITE_DONE ? finished : code;
}

static int copy(const char *from, const char *to)
{
    sqlite3 *source = NULL;
    sqlite3 *target = NULL;
    int code = sqlite3_open_v2(from, &source, SQLITE_OPEN_READWRITE, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_busy_timeout(source, SQLITE_BACKUP_WAIT_MS);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_open_v2(to, &target, SQLITE_OPEN_READWRITE, NULL);
    }
    if (code == SQLITE_OK) {
        code = copy_pages(source, target);
    }
    (void)sqlite3_close(target); /* repeats the error */
    (void)sqlite3_close(source);
    return code;
}

static enum status sync_file(const char *path, int fd, struct store_error *error,
                             uint64_t *ret_bytes)
{
    struct stat entry;
    if (fsync(fd) != 0 || fstat(fd, &entry) != 0) {
        return fail_file(error, path, errno);
    }
    *ret_bytes = (uint64_t)entry.st_size;
    return STATUS_OK;
}

enum status sqlite_backup(struct text from, struct text to, struct store_error *error,
                          uint64_t *ret_bytes)
{
    char source[PATH_MAX];
    char target[PATH_MAX];
    if (!text_to_c_string(from, source, sizeof(source)) ||
        !text_to_c_string(to, target, sizeof(target))) {
        return store_fail(error, STATUS_UNAVAILABLE, "the store cannot be copied now",
                          "a path is too long");
    }
    if (access(source, F_OK) != 0) {
        return store_fail(error, STATUS_NOT_FOUND, "there is no store", "%s: %s", source,
                          strerrordesc_np(errno));
    }
    int fd = open(target, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, OWNER_ONLY);
    if (fd < 0) {
        return fail_file(error, target, errno);
    }
    int code = copy(source, target);
    enum status status = code == SQLITE_OK ? sync_file(target, fd, error, ret_bytes)
                                           : fail_sqlite(error, code, source);
    (void)close(fd); /* synced */
    return status;
}
