/* local_consumer_private.h: the consumer of the embedded log, in three parts: the port's operations
 * (local_consumer.c), which partitions it owns (local_consumer_members.c), and what it has read
 * ahead (local_consumer_read.c). */
#pragma once

#include "eventlog/local_eventlog_private.h"
#include "eventlog/local_wake.h"
#include "loop/loop_poll.h"

struct local_partition {
    int lease_fd;         /* -1: not ours */
    bool started;         /* next_offset is known */
    int64_t next_offset;  /* of the record that is given next */
    int64_t start_due_ns; /* not asked for its position before */
};

/* Chunks of one partition, read and not yet given. */
struct local_ahead {
    struct buffer chunks;
    size_t at; /* where the next frame begins */
    int32_t partition;
};

struct local_consumer {
    struct local_eventlog *log;
    struct loop *loop;
    struct eventlog_positions positions;
    struct text group; /* these two lie in `names` */
    struct text topic;
    char names[EVENTLOG_GROUP_BYTES_MAX + EVENTLOG_TOPIC_BYTES_MAX];

    struct local_wake wake;
    struct loop_poll *poll;
    struct fiber_wait news;
    bool members_changed;
    int64_t balance_due_ns;

    bool topic_known;
    bool absence_told;
    struct local_topic found;
    struct local_partition partitions[EVENTLOG_PARTITIONS_MAX];
    int32_t next_partition; /* whose turn it is */

    struct local_ahead ahead;
    struct eventlog_record *records;
    size_t record_capacity;
    char loss[320]; /* not empty: reading has stopped */
};

/* Takes the partitions that are this member's share, gives those up that are not, when it is time
 * to look. */
void local_consumer_balance(struct local_consumer *consumer);

/* Gives everything up, and tells the other members. */
void local_consumer_leave(struct local_consumer *consumer);

/* Drops what was read ahead of this partition. */
void local_ahead_drop(struct local_consumer *consumer, int32_t partition);

/* Gives the next records of some partition that is owned and started.
 * STATUS_NOT_FOUND: there are none now. STATUS_DATA_LOSS: consumer->loss says it. */
MUST_USE enum status local_consumer_read(struct local_consumer *consumer, struct call *call,
                                         size_t count_max, struct eventlog_batch *ret_batch);
