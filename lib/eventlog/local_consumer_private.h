/* local_consumer_private.h: the consumer of the embedded log, in parts: the port's operations
 * (local_consumer.c), which partitions it owns (local_consumer_members.c), what it has read ahead
 * (local_consumer_read.c), and what it commits to the log (local_consumer_commit.c). */
#pragma once

#include "eventlog/local_eventlog_private.h"
#include "eventlog/local_group.h"
#include "eventlog/local_wake.h"
#include "loop/loop_poll.h"

struct local_partition {
    bool owned;
    bool leaving;         /* it is another's share: given up when its commits are stored */
    bool started;         /* next_offset is known */
    bool is_fresh;        /* no position was stored, and nothing was given since */
    uint32_t generation;  /* of the ownership, in the group's file */
    uint32_t epoch;       /* of what is committed; 0: not known yet */
    int64_t from_offset;  /* next_offset, or 0 where no position was stored */
    int64_t next_offset;  /* of the record that is given next */
    int64_t start_due_ns; /* not asked for its position before */
    int64_t to_commit;    /* -1: nothing */
};

/* Frames of one partition, read and not yet given. */
struct local_ahead {
    struct buffer frames;
    size_t at; /* where the next frame begins */
    int32_t partition;
    int64_t next_offset; /* behind them all */
    bool has_holes;
};

struct local_commits;

struct local_consumer {
    struct local_eventlog *log;
    struct loop *loop;
    struct eventlog_positions positions;
    struct text group_name; /* these two lie in `names` */
    struct text topic;
    char names[EVENTLOG_GROUP_BYTES_MAX + EVENTLOG_TOPIC_BYTES_MAX];

    struct local_wake wake;
    struct loop_poll *poll;
    struct fiber_wait news;
    struct local_group *group; /* NULL: none, it reads everything */
    struct loop_timer beat;
    int64_t session_ms;
    bool members_changed;
    int64_t balance_due_ns;

    bool topic_known;
    bool absence_told;
    struct local_topic found;
    struct local_partition partitions[EVENTLOG_PARTITIONS_MAX];
    int32_t next_partition; /* whose turn it is */

    struct local_commits *committing; /* on its way; NULL: none */
    bool commit_failed;
    struct fiber_wait commit_done;

    struct local_ahead ahead;
    struct eventlog_record *records;
    size_t record_capacity;
    struct eventlog_header *headers; /* of all of them */
    size_t header_capacity;
    char loss[400]; /* not empty: reading has stopped */
};

/* Begins to renew the membership. STATUS_RESOURCE_EXHAUSTED. */
MUST_USE enum status local_consumer_join(struct local_consumer *consumer);

/* Takes the partitions that are this member's share, gives those up that are not, when it is time
 * to look; gives up at once what others have taken. */
void local_consumer_balance(struct local_consumer *consumer);

/* Gives everything up, and tells the other members. In a fiber, parks until commits are stored. */
void local_consumer_leave(struct local_consumer *consumer);

/* Whether the partition is this consumer's, by what the group says now. */
bool local_consumer_owns(const struct local_consumer *consumer, int32_t partition);

/* Stops reading the partition, without telling the group. */
void local_consumer_drop(struct local_consumer *consumer, int32_t partition);

/* Drops what was read ahead of this partition. */
void local_ahead_drop(struct local_consumer *consumer, int32_t partition);

/* Gives the next records of some partition that is owned and started.
 * STATUS_NOT_FOUND: there are none now. STATUS_DATA_LOSS: consumer->loss says it. */
MUST_USE enum status local_consumer_read(struct local_consumer *consumer, struct call *call,
                                         size_t count_max, struct eventlog_batch *ret_batch);

/* Whether the log itself keeps the positions. */
static inline bool local_consumer_commits(const struct local_consumer *consumer)
{
    return consumer->positions.get == NULL && consumer->group != NULL;
}

/* Stores what is to be committed, unless something is on its way. */
void local_consumer_commit(struct local_consumer *consumer);

/* Whether something of the partition is to be committed, or on its way. */
bool local_consumer_is_committing(const struct local_consumer *consumer, int32_t partition);

/* In a fiber, parks until all is stored, or storing fails, or for LOCAL_EVENTLOG_CLOSE_MS. Nothing
 * refers to the consumer any more. */
void local_consumer_flush(struct local_consumer *consumer);
