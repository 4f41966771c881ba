/* Records writes and syncs (proof/power_trace.h), by LD_PRELOAD. PROOF_IGNORE_SYNC=1: syncs are
 * neither recorded nor done, as by a store that forgets them. */
#include "proof/power_trace.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PATH_BYTES = 512, TRACED_MAX = 2, PARTS_MAX = 1024, SHIM_FAILED = 98 };

static int trace_fd = -1;
static char traced[TRACED_MAX][PATH_BYTES];
static bool ignores_sync;
static _Atomic uint64_t numbers;

__attribute__((constructor)) static void open_trace(void)
{
    const char *path = getenv("PROOF_TRACE");
    const char *paths = getenv("PROOF_TRACED");
    ignores_sync = getenv("PROOF_IGNORE_SYNC") != NULL;
    if (path == NULL || paths == NULL) {
        return;
    }
    const char *cut = strchr(paths, ':');
    int first = cut != NULL ? (int)(cut - paths) : (int)strlen(paths);
    (void)snprintf(traced[0], PATH_BYTES, "%.*s", first, paths);
    (void)snprintf(traced[1], PATH_BYTES, "%s", cut != NULL ? cut + 1 : "");
    trace_fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (trace_fd < 0) {
        _exit(SHIM_FAILED);
    }
}

static void next_function(const char *name, void *function)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) {
        _exit(SHIM_FAILED);
    }
    memcpy(function, &found, sizeof(found));
}

/* LMDB's table of readers and who reads what of a group are shared memory and no data. */
static bool is_traced(const char *path)
{
    const char *last = strrchr(path, '/');
    if (trace_fd < 0 || (last != NULL && strcmp(last, "/lock.mdb") == 0) ||
        strstr(path, "/group/") != NULL) {
        return false;
    }
    for (int i = 0; i < TRACED_MAX; i++) {
        size_t length = strlen(traced[i]);
        if (length > 0 && strncmp(path, traced[i], length) == 0 &&
            (path[length] == '/' || path[length] == '\0')) {
            return true;
        }
    }
    return false;
}

/* The folder in which a traced folder is: its syncs keep that folder's name. */
static bool is_parent(const char *path)
{
    size_t length = strlen(path);
    for (int i = 0; trace_fd >= 0 && i < TRACED_MAX; i++) {
        if (strncmp(traced[i], path, length) == 0 && traced[i][length] == '/' &&
            strchr(traced[i] + length + 1, '/') == NULL) {
            return true;
        }
    }
    return false;
}

static bool find_path(int fd, char path[static PATH_BYTES])
{
    char link[32];
    if (trace_fd < 0) {
        return false;
    }
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_BYTES - 1);
    if (length < 0) {
        return false;
    }
    path[length] = '\0';
    return is_traced(path) || is_parent(path);
}

/* One system call, so that records of several processes do not mix. */
static void record(enum power_kind kind, const char *path, uint64_t number, int64_t offset,
                   const struct iovec *parts, int count)
{
    struct iovec all[PARTS_MAX + 2];
    struct power_record head = {
        .kind = kind,
        .path_length = (uint32_t)strlen(path),
        .process = (uint32_t)getpid(),
        .number = number,
        .offset = offset,
    };
    if (count > PARTS_MAX) {
        _exit(SHIM_FAILED);
    }
    for (int i = 0; i < count; i++) {
        head.data_length += (uint32_t)parts[i].iov_len;
        all[i + 2] = parts[i];
    }
    all[0] = (struct iovec){&head, sizeof(head)};
    all[1].iov_base = (void *)(uintptr_t)path;
    all[1].iov_len = head.path_length;
    ssize_t wanted = (ssize_t)(sizeof(head) + head.path_length + head.data_length);
    if (syscall(SYS_writev, trace_fd, all, count + 2) != wanted) {
        _exit(SHIM_FAILED);
    }
}

static void record_bytes(enum power_kind kind, const char *path, int64_t offset, const char *data)
{
    struct iovec part = {(void *)(uintptr_t)data, data != NULL ? strlen(data) : 0};
    record(kind, path, 0, offset, &part, 1);
}

/* Of a write that is about to be done; 0: it is not traced. */
static uint64_t begin_write(int fd, char path[static PATH_BYTES], const struct iovec *parts,
                            int count, int64_t offset)
{
    if (!find_path(fd, path)) {
        return 0;
    }
    uint64_t number = atomic_fetch_add(&numbers, 1) + 1;
    record(POWER_WRITE, path, number, offset < 0 ? lseek(fd, 0, SEEK_CUR) : offset, parts, count);
    return number;
}

static void end_write(int fd, const char *path, uint64_t number)
{
    if (number > 0 && !ignores_sync && (fcntl(fd, F_GETFL) & O_DSYNC) != 0) {
        record(POWER_WRITTEN, path, number, 0, NULL, 0);
    }
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    ssize_t (*next)(int, const void *, size_t, off_t);
    char path[PATH_BYTES];
    struct iovec part = {(void *)(uintptr_t)bytes, count};
    next_function("pwrite", &next);
    uint64_t number = begin_write(fd, path, &part, 1, offset);
    ssize_t written = next(fd, bytes, count, offset);
    end_write(fd, path, number);
    return written;
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    ssize_t (*next)(int, const void *, size_t);
    char path[PATH_BYTES];
    struct iovec part = {(void *)(uintptr_t)bytes, count};
    next_function("write", &next);
    uint64_t number = begin_write(fd, path, &part, 1, -1);
    ssize_t written = next(fd, bytes, count);
    end_write(fd, path, number);
    return written;
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    ssize_t (*next)(int, const struct iovec *, int);
    char path[PATH_BYTES];
    next_function("writev", &next);
    uint64_t number = begin_write(fd, path, parts, count, -1);
    ssize_t written = next(fd, parts, count);
    end_write(fd, path, number);
    return written;
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
    ssize_t (*next)(int, const struct iovec *, int, off_t);
    char path[PATH_BYTES];
    next_function("pwritev", &next);
    uint64_t number = begin_write(fd, path, parts, count, offset);
    ssize_t written = next(fd, parts, count, offset);
    end_write(fd, path, number);
    return written;
}

int ftruncate(int fd, off_t length)
{
    int (*next)(int, off_t);
    char path[PATH_BYTES];
    next_function("ftruncate", &next);
    if (find_path(fd, path)) {
        record_bytes(POWER_TRUNCATE, path, length, NULL);
    }
    return next(fd, length);
}

static int sync_file(const char *name, int fd)
{
    int (*next)(int);
    char path[PATH_BYTES];
    next_function(name, &next);
    if (!find_path(fd, path)) {
        return next(fd);
    }
    if (ignores_sync) {
        return 0;
    }
    uint64_t number = atomic_fetch_add(&numbers, 1) + 1;
    record(POWER_SYNC, path, number, 0, NULL, 0);
    int result = next(fd);
    if (result == 0) {
        record(POWER_SYNCED, path, number, 0, NULL, 0);
    }
    return result;
}

int fsync(int fd)
{
    return sync_file("fsync", fd);
}

int fdatasync(int fd)
{
    return sync_file("fdatasync", fd);
}

int open(const char *path, int flags, ...)
{
    int (*next)(const char *, int, ...);
    struct stat before;
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    next_function("open", &next);
    bool is_new = (flags & O_CREAT) != 0 && is_traced(path) && stat(path, &before) != 0;
    int fd = next(path, flags, mode);
    int why = errno;
    if (fd >= 0 && is_new) {
        record_bytes(POWER_CREATE, path, 0, NULL);
    }
    errno = why;
    return fd;
}

static int note_folder(const char *path, int result)
{
    int why = errno;
    if (result == 0 && is_traced(path)) {
        record_bytes(POWER_CREATE, path, 0, NULL);
    }
    errno = why;
    return result;
}

int mkdir(const char *path, mode_t mode)
{
    int (*next)(const char *, mode_t);
    next_function("mkdir", &next);
    return note_folder(path, next(path, mode));
}

int mkdirat(int directory, const char *path, mode_t mode)
{
    int (*next)(int, const char *, mode_t);
    next_function("mkdirat", &next);
    int result = next(directory, path, mode);
    return directory == AT_FDCWD ? note_folder(path, result) : result;
}

int rename(const char *from, const char *to)
{
    int (*next)(const char *, const char *);
    next_function("rename", &next);
    if (is_traced(from) || is_traced(to)) {
        record_bytes(POWER_RENAME, from, 0, to);
    }
    return next(from, to);
}

int unlink(const char *path)
{
    int (*next)(const char *);
    next_function("unlink", &next);
    if (is_traced(path)) {
        record_bytes(POWER_REMOVE, path, 0, NULL);
    }
    return next(path);
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
    void *(*next)(void *, size_t, int, int, int, off_t);
    char path[PATH_BYTES];
    next_function("mmap", &next);
    if (fd >= 0 && (protection & PROT_WRITE) != 0 && (flags & MAP_SHARED) != 0 &&
        find_path(fd, path)) {
        record_bytes(POWER_MAPPED, path, offset, NULL);
    }
    return next(address, length, protection, flags, fd, offset);
}
