/* local_group.h: who of a group reads which partition: a small file that the members of all
 * processes map, and change by atomic operations alone, so that no member, however it stops, holds
 * the others up.
 *
 * A member renews its session while its loop runs. One that has not for its session timeout, or
 * whose process is gone, counts no more: the others share what it had. When it wakes it finds that
 * its ownership has another generation, and gives up. */
#pragma once

#include "eventlog/eventlog.h"
#include "eventlog/local_wake.h"

struct local_group;

enum { LOCAL_GROUP_MEMBERS_MAX = 256 };

/* Opens or makes the file of the group in the folder, and joins it, by the number of the member's
 * socket, `wake`, which is borrowed until close. STATUS_UNAVAILABLE: the call's detail says why.
 * STATUS_FAILED_PRECONDITION: of a newer version. STATUS_RESOURCE_EXHAUSTED: no memory. */
MUST_USE enum status local_group_open(int folder_fd, struct text group, struct text topic,
                                      const struct local_wake *wake, int64_t session_ms,
                                      struct call *call, struct local_group **ret_group);

/* Leaves. What it still owns is free. NULL is accepted. */
void local_group_close(struct local_group *group);

/* Says that this member lives. true: its session had lapsed, so that others may have taken what it
 * had; it has joined anew. */
bool local_group_renew(struct local_group *group);

/* Which of the living members this is, by the numbers of all: 0 to count - 1. count is 0 when there
 * is no room for this one. */
struct local_rank {
    int32_t rank;
    int32_t count;
};
struct local_rank local_group_rank(struct local_group *group);

/* Takes the partition, unless a living member has it, as of the last local_group_rank(). Returns
 * the generation of this ownership; 0: it is another's. */
uint32_t local_group_take(struct local_group *group, int32_t partition);

/* Whether this ownership still holds. */
bool local_group_owns(const struct local_group *group, int32_t partition, uint32_t generation);

/* Gives it up, if it still holds. */
void local_group_give(struct local_group *group, int32_t partition, uint32_t generation);

/* For tools: how far the partition was committed; not synced. */
void local_group_note(struct local_group *group, int32_t partition, int64_t next_offset);

/* What the file of that name in the folder says. */
struct local_group_view {
    struct text group; /* these two are parts of the name */
    struct text topic;
    int64_t noted[EVENTLOG_PARTITIONS_MAX];   /* -1: nothing */
    uint32_t owners[EVENTLOG_PARTITIONS_MAX]; /* process ids; 0: nobody */
};

/* false: it is not a file of a group. */
MUST_USE bool local_group_view(int folder_fd, const char *name, struct local_group_view *ret_view);

/* Whether the name is one of a file of the topic. */
bool local_group_is_of_topic(const char *name, struct text topic);
