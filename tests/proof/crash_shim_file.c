/* What LMDB writes and syncs within a commit, and the leases of the embedded log. */
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/uio.h>
#include <unistd.h>

#include "proof/crash_shim.h"

enum { PATH_BYTES = 512 };

static _Thread_local bool is_committing;
static _Thread_local bool has_written;

void crash_shim_committing(bool committing)
{
    is_committing = committing;
    has_written = false;
}

static void note_write(void)
{
    if (is_committing && !has_written) {
        has_written = true;
        crash_point_reached(CRASH_MID_COMMIT);
    }
}

static bool is_lease(int fd)
{
    char link[32];
    char path[PATH_BYTES];
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof(path) - 1);
    if (length < 0) {
        return false;
    }
    path[length] = '\0';
    return strstr(path, "/lease/") != NULL;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    ssize_t (*next)(int, const void *, size_t, off_t);
    crash_shim_next("pwrite", &next);
    if (!is_committing && is_lease(fd)) {
        crash_point_reached(CRASH_BEFORE_OFFSET);
    }
    ssize_t written = next(fd, bytes, count, offset);
    note_write();
    return written;
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    ssize_t (*next)(int, const struct iovec *, int);
    crash_shim_next("writev", &next);
    ssize_t written = next(fd, parts, count);
    note_write();
    return written;
}

int fdatasync(int fd)
{
    int (*next)(int);
    crash_shim_next("fdatasync", &next);
    if (is_committing) {
        crash_point_reached(CRASH_BEFORE_SYNC);
    }
    int result = next(fd);
    if (is_committing) {
        crash_point_reached(CRASH_BEFORE_META);
    }
    return result;
}

int flock(int fd, int operation)
{
    int (*next)(int, int);
    crash_shim_next("flock", &next);
    int result = next(fd, operation);
    if (result == 0 && (operation & LOCK_EX) != 0 && is_lease(fd)) {
        crash_point_reached(CRASH_ASSIGNMENT);
    }
    return result;
}
