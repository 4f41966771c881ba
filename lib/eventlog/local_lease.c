#include "eventlog/local_lease.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

enum { FILE_MODE = 0600, NOTE_BYTES = 32 };

int local_lease_take(int folder_fd, struct text group, struct text topic, int32_t partition)
{
    /* '@' is in no name, so no two leases share a file. */
    char name[EVENTLOG_GROUP_BYTES_MAX + EVENTLOG_TOPIC_BYTES_MAX + 16];
    (void)snprintf(name, sizeof(name), "%.*s@%.*s@%d", TEXT_ARGUMENTS(group), TEXT_ARGUMENTS(topic),
                   partition);
    int fd = openat(folder_fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

void local_lease_note(int fd, int64_t next_offset)
{
    char note[NOTE_BYTES];
    int length = snprintf(note, sizeof(note), "%020lld\n", (long long)next_offset);
    ssize_t written = pwrite(fd, note, (size_t)length, 0);
    (void)written; /* a missing note misleads nobody: it is not read back */
}
