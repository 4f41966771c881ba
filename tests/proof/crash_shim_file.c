/* What LMDB writes and syncs within a commit. */
#include <sys/uio.h>
#include <unistd.h>

#include "proof/crash_shim.h"

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

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    ssize_t (*next)(int, const void *, size_t, off_t);
    crash_shim_next("pwrite", &next);
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
