#include "store/lmdb_backup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/lmdb_store.h"
#include "store/store_directory.h"

/* Its time of change is the time of the backup. */
static const char note_name[] = "last-backup";

enum { OPEN_TRIES_MAX = 3, OWNER_ONLY = 0600, DIRECTORY_OWNER_ONLY = 0700 };

static enum status fail_file(struct store_error *error, enum status status, const char *path,
                             int number)
{
    return store_fail(error, status,
                      status == STATUS_ALREADY_EXISTS ? "there is a copy already"
                                                      : "the copy cannot be written",
                      "%s: %s", path, strerrordesc_np(number));
}

static enum status fail_lmdb(struct store_error *error, int code, const char *path)
{
    switch (code) {
    case ENOENT:
        return store_fail(error, STATUS_NOT_FOUND, "there is no store", "%s: there is no %s", path,
                          LMDB_BACKUP_FILE);
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
        return store_fail(error, STATUS_DATA_LOSS, "the store is damaged", "%s: %s", path,
                          mdb_strerror(code));
    default:
        return store_fail(error, STATUS_UNAVAILABLE, "the store cannot be copied now", "%s: %s",
                          path, mdb_strerror(code));
    }
}

static int open_environment(const char *path, MDB_env **ret_env)
{
    MDB_env *env;
    int code = mdb_env_create(&env);
    if (code != 0) {
        return code;
    }
    code = mdb_env_set_maxreaders(env, LMDB_STORE_READER_SLOTS); /* where it is the first */
    if (code == 0) {
        code = mdb_env_open(env, path, MDB_RDONLY | MDB_NOTLS, OWNER_ONLY);
    }
    if (code != 0) {
        mdb_env_close(env);
        return code;
    }
    *ret_env = env;
    return 0;
}

/* Written from its start each time: it may have grown between the opening and the copying. */
static enum status copy(const char *from, const char *to, int fd, struct store_error *error)
{
    int code = MDB_MAP_RESIZED;
    for (int tries = 0; code == MDB_MAP_RESIZED && tries < OPEN_TRIES_MAX; tries++) {
        MDB_env *env;
        if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0) {
            return fail_file(error, STATUS_UNAVAILABLE, to, errno);
        }
        code = open_environment(from, &env);
        if (code == 0) {
            code = mdb_env_copyfd2(env, fd, MDB_CP_COMPACT);
            mdb_env_close(env);
        }
    }
    if (code != 0) {
        return fail_lmdb(error, code, from);
    }
    return fsync(fd) == 0 ? STATUS_OK : fail_file(error, STATUS_UNAVAILABLE, to, errno);
}

static enum status copy_to_file(const char *from, const char *file, struct store_error *error,
                                uint64_t *ret_bytes)
{
    struct stat entry;
    int fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, OWNER_ONLY);
    if (fd < 0) {
        return fail_file(error, STATUS_UNAVAILABLE, file, errno);
    }
    enum status status = copy(from, file, fd, error);
    if (status == STATUS_OK && fstat(fd, &entry) != 0) {
        status = fail_file(error, STATUS_UNAVAILABLE, file, errno);
    }
    if (close(fd) != 0 && status == STATUS_OK) {
        status = fail_file(error, STATUS_UNAVAILABLE, file, errno);
    }
    if (status == STATUS_OK) {
        *ret_bytes = (uint64_t)entry.st_size;
    }
    return status;
}

enum status lmdb_backup(struct text from, struct text to, struct store_error *error,
                        uint64_t *ret_bytes)
{
    char source[PATH_MAX];
    char directory[PATH_MAX - sizeof(LMDB_BACKUP_FILE)];
    char file[PATH_MAX];
    if (!text_to_c_string(from, source, sizeof(source)) ||
        !text_to_c_string(to, directory, sizeof(directory))) {
        return store_fail(error, STATUS_UNAVAILABLE, "the store cannot be copied now",
                          "a path is too long");
    }
    if (mkdir(directory, DIRECTORY_OWNER_ONLY) != 0) {
        return fail_file(error, errno == EEXIST ? STATUS_ALREADY_EXISTS : STATUS_UNAVAILABLE,
                         directory, errno);
    }
    (void)snprintf(file, sizeof(file), "%s/%s", directory, LMDB_BACKUP_FILE); /* fits */
    enum status status = copy_to_file(source, file, error, ret_bytes);
    return status == STATUS_OK ? store_directory_sync(to, error) : status;
}

/* false: it is too long. */
static bool note_path(struct text directory, char path[static PATH_MAX])
{
    int length = snprintf(path, PATH_MAX, "%.*s/%s", TEXT_ARGUMENTS(directory), note_name);
    return length > 0 && length < PATH_MAX;
}

enum status lmdb_backup_note(struct text directory, struct store_error *error)
{
    char path[PATH_MAX];
    if (!note_path(directory, path)) {
        return store_fail(error, STATUS_UNAVAILABLE, "the time of the backup cannot be kept",
                          "a path is too long");
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, OWNER_ONLY);
    int number = fd >= 0 && futimens(fd, NULL) == 0 ? 0 : errno;
    if (fd >= 0) {
        (void)close(fd); /* nothing was written */
    }
    return number == 0
               ? STATUS_OK
               : store_fail(error, STATUS_UNAVAILABLE, "the time of the backup cannot be kept",
                            "%s: %s", path, strerrordesc_np(number));
}

int64_t lmdb_backup_time_ms(const char *directory)
{
    char path[PATH_MAX];
    struct stat entry;
    if (!note_path(text_of(directory), path) || stat(path, &entry) != 0) {
        return 0;
    }
    return (int64_t)entry.st_mtim.tv_sec * 1000 + entry.st_mtim.tv_nsec / CLOCK_NS_PER_MS;
}
