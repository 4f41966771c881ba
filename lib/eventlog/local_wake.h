/* local_wake.h: how producers wake consumers of other processes, and how it is known that a member
 * of a group still has its process: a Unix datagram socket for each consumer, in one folder.
 *
 * A socket is bound under a hidden name and then renamed, so that every visible one that refuses a
 * datagram is of a dead process and may be removed. Names hold hashes of topic and group, and the
 * folder is reached through /proc/self/fd, so that neither the names' lengths nor the directory's
 * meets the 107 bytes of a socket address (unix(7)). */
#pragma once

#include "base/call.h"
#include "base/status.h"
#include "base/text.h"

enum { LOCAL_WAKE_NAME_BYTES = 52 }; /* three numbers of 16 digits, two dots, NUL, rounded up */

enum local_wake_kind {
    LOCAL_WAKE_RECORDS = 'r', /* records were committed */
    LOCAL_WAKE_MEMBERS = 'm', /* the group has changed, or a partition is free */
};

struct local_wake {
    int folder_fd;   /* borrowed */
    int fd;          /* readable when somebody woke us; -1 when closed */
    uint64_t number; /* of this socket, at random; neither half is 0 */
    char name[LOCAL_WAKE_NAME_BYTES];
};

/* STATUS_UNAVAILABLE: the socket cannot be bound; the call's detail says why. */
MUST_USE enum status local_wake_open(int folder_fd, struct text topic, struct text group,
                                     struct call *call, struct local_wake *ret_wake);

/* Removes the socket. */
void local_wake_close(struct local_wake *wake);

/* Reads the socket empty; whether a LOCAL_WAKE_MEMBERS was among what came. */
bool local_wake_drain(struct local_wake *wake);

/* Wakes every consumer of the topic ({NULL, 0}: of every topic) through `sender`, an unbound
 * datagram socket. Never blocks: who has datagrams waiting is awake already. Any thread. */
void local_wake_send(int folder_fd, int sender, struct text topic, enum local_wake_kind kind);

/* The same to the other members of the group. */
void local_wake_send_members(const struct local_wake *wake, int sender);

/* Whether the member of the same group with that number has a process, which may be stopped. The
 * socket of one that has not is removed. */
bool local_wake_is_alive(const struct local_wake *wake, uint64_t number);
