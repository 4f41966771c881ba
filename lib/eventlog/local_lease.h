/* local_lease.h: who reads a partition for a group: the holder of a lock on a file, which the
 * kernel gives back when its process ends, however it ends (flock(2)). */
#pragma once

#include "eventlog/eventlog.h"

/* -1: somebody else holds it, or the file cannot be opened. Otherwise a descriptor: closing it
 * gives the lease back. Does not block. */
int local_lease_take(int folder_fd, struct text group, struct text topic, int32_t partition);

/* Writes the offset into the file, for tools and people; read by nobody here. */
void local_lease_note(int fd, int64_t next_offset);
