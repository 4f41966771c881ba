/* local_eventlog.h: the embedded event log: durable, several processes on one host, nothing to
 * install.
 *
 * A directory holds an LMDB environment with the records, and two folders: `wake` with a socket for
 * each consumer, by which producers wake it, and `group` with a file for each group and topic, in
 * which its members share the partitions. A missing record or a bad checksum is STATUS_DATA_LOSS.
 * A produce is all or nothing; what several fibers and loops produce at the same time shares one
 * synced transaction. Topics are created by an administrator or by their first producer.
 *
 * Partitions are shared evenly among the members of a group. Those of a member that closes go to
 * the others at once; those of a process that died, within LOCAL_EVENTLOG_BALANCE_MS; those of one
 * that was stopped, or whose loop hangs, after its session timeout: when it goes on it notices at
 * its next poll, and what it had begun is refused by whoever keeps the positions. A process that
 * died between its commit and the waking left its last records, which were not acknowledged, to be
 * seen with the next produce or the next opening of the log.
 *
 * What may go is removed by the writers of all processes that have the log open, in pieces and in
 * their spare time: records that a topic does not retain; of a compacted topic, when at least half
 * of a partition is new, the records that a later one of their key replaces, and then tombstones
 * that are old enough. Offsets stay as they are. Who has not read what was removed is told so, by
 * STATUS_DATA_LOSS; in a compacted topic nothing is missed but what was replaced.
 *
 * produce_once() is known again for LOCAL_EVENTLOG_SEQUENCE_KEPT_MS after the producer's last. */
#pragma once

#include "eventlog/eventlog_admin.h"

struct loop;
struct local_eventlog;

enum {
    LOCAL_EVENTLOG_PARTITIONS_DEFAULT = 4,
    LOCAL_EVENTLOG_TOPICS_MAX = 1000,
    LOCAL_EVENTLOG_READERS_MAX = 510, /* consumers reading at one instant, all processes */
    LOCAL_EVENTLOG_SESSION_MS_DEFAULT = 10000,
    LOCAL_EVENTLOG_SESSION_MS_MIN = 100,
    LOCAL_EVENTLOG_SESSION_MS_MAX = 3600000,
    LOCAL_EVENTLOG_BALANCE_MS = 200,         /* while others own partitions of the topic */
    LOCAL_EVENTLOG_POSITION_RETRY_MS = 1000, /* after eventlog_positions.get() failed */
    LOCAL_EVENTLOG_CLOSE_MS = 5000,
    LOCAL_EVENTLOG_UPKEEP_MS_DEFAULT = 10000,
    LOCAL_EVENTLOG_COMPACT_BYTES_DEFAULT = 1024 * 1024,
    LOCAL_EVENTLOG_CHUNK_BYTES_MAX = 256 * 1024,        /* of records stored as one LMDB value */
    LOCAL_EVENTLOG_READ_BYTES_MAX = 16 * 1024 * 1024,   /* read ahead, and one chunk more */
    LOCAL_EVENTLOG_QUEUE_BYTES_MAX = 256 * 1024 * 1024, /* of produces that wait for the writer */
};

#define LOCAL_EVENTLOG_SEQUENCE_KEPT_MS (INT64_C(7) * 86400000)
#define LOCAL_EVENTLOG_MAP_BYTES_DEFAULT ((size_t)1 << 28)     /* grows by doubling */
#define LOCAL_EVENTLOG_MAP_BYTES_MAX_DEFAULT ((size_t)1 << 40) /* of address space, not of disk */

struct local_eventlog_options {
    const char *directory; /* made when it is not there (its parent is not) */
    int32_t partitions;    /* of a topic that this process creates; 0: the default */
    size_t map_bytes;      /* 0: the default */
    size_t map_bytes_max;  /* 0: the default; beyond it, produce gives UNAVAILABLE */
    /* Of a topic that this process creates without saying more: 0: everything is kept. */
    int64_t retention_ms;
    int64_t retention_bytes;
    int64_t upkeep_ms;     /* between two rounds of removing what may go; 0: the default */
    int64_t compact_bytes; /* new, at least, before a partition is compacted; 0: the default */
};

/* Opens or makes the log; blocks for some file operations: at start-up. LMDB wants a directory open
 * only once in a process: one log for all loops. Not to be used across fork().
 * STATUS_INVALID_ARGUMENT: a number is out of range.
 * STATUS_UNAVAILABLE: it cannot be opened; the call's error says why.
 * STATUS_FAILED_PRECONDITION: it was written by a newer version of Marquee.
 * *ret_log is owned by the caller. Safe to use from any loop's thread. */
MUST_USE enum status local_eventlog_open(struct call *call,
                                         const struct local_eventlog_options *options,
                                         struct local_eventlog **ret_log);

/* Waits for the running commit, at most LOCAL_EVENTLOG_CLOSE_MS: when another process was stopped
 * inside a write, the memory is left behind. Its producers and consumers are closed before, their
 * loops destroyed after. NULL is accepted. */
void local_eventlog_close(struct local_eventlog *log);

/* STATUS_RESOURCE_EXHAUSTED: no memory. produce() gives STATUS_UNAVAILABLE, nothing written, when
 * the disk or LOCAL_EVENTLOG_QUEUE_BYTES_MAX is full; DEADLINE_EXCEEDED and CANCELLED leave open
 * whether a commit that had begun takes place. */
MUST_USE enum status local_eventlog_producer_open(struct local_eventlog *log, struct loop *loop,
                                                  struct call *call,
                                                  struct eventlog_producer *ret_producer);

struct local_eventlog_consumer_options {
    struct text group;
    struct text topic;
    struct eventlog_positions positions;
    int64_t session_ms; /* until others take over what it has; 0: the default */
};

/* The options are borrowed for the call, the state of `positions` until close.
 * poll() reads LMDB on the loop's thread, in transactions of at most LOCAL_EVENTLOG_READ_BYTES_MAX.
 * close(), without positions of one's own: from a fiber, parks until what was committed is stored,
 * at most LOCAL_EVENTLOG_CLOSE_MS.
 * STATUS_INVALID_ARGUMENT: a bad name or session timeout. STATUS_UNAVAILABLE: no socket could be
 * bound. STATUS_RESOURCE_EXHAUSTED: no memory. */
MUST_USE enum status
local_eventlog_consumer_open(struct local_eventlog *log, struct loop *loop, struct call *call,
                             const struct local_eventlog_consumer_options *options,
                             struct eventlog_consumer *ret_consumer);

/* STATUS_RESOURCE_EXHAUSTED: no memory. Sizes are those of the records, not of the file, which does
 * not shrink: what is removed makes room for what is written. */
MUST_USE enum status local_eventlog_admin_open(struct local_eventlog *log, struct loop *loop,
                                               struct call *call, struct eventlog_admin *ret_admin);
