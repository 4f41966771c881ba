/* eventlog_admin.h: what is kept in an event log, and who reads it: to make topics and to look at
 * them. Implementations and words as eventlog/eventlog.h. */
#pragma once

#include "eventlog/eventlog.h"

enum eventlog_cleanup {
    EVENTLOG_CLEANUP_DELETE,  /* records go by age and size */
    EVENTLOG_CLEANUP_COMPACT, /* of each key the last record stays, under its offset */
};

/* Of one topic. Zero: as the comment says. */
struct eventlog_topic_options {
    int32_t partitions; /* 1 to EVENTLOG_PARTITIONS_MAX; 0: the log's own default */
    enum eventlog_cleanup cleanup;
    /* With EVENTLOG_CLEANUP_DELETE: records older than this, by their time, may go; 0: of any age
     * stay, -1: the log's own default. */
    int64_t retention_ms;
    /* The oldest records may go while a partition has more bytes than this without them; 0: however
     * large, -1: the log's own default. */
    int64_t retention_bytes;
    /* With EVENTLOG_CLEANUP_COMPACT: how long a tombstone stays, by its time, so that every reader
     * sees it; 0: EVENTLOG_TOMBSTONE_MS_DEFAULT. */
    int64_t tombstone_ms;
};

#define EVENTLOG_TOMBSTONE_MS_DEFAULT INT64_C(86400000)

struct eventlog_partition_state {
    int64_t begin_offset; /* of the first record that is there */
    int64_t end_offset;   /* one past the last */
    int64_t bytes;        /* as stored; -1: not known */
};

struct eventlog_topic_state {
    struct text name;
    struct eventlog_topic_options options;             /* as far as the log tells them */
    const struct eventlog_partition_state *partitions; /* options.partitions of them */
};

struct eventlog_topics {
    const struct eventlog_topic_state *rows; /* by name */
    size_t count;
};

/* How far a group is in one partition. */
struct eventlog_group_state {
    struct text group;
    struct text topic;
    int32_t partition;
    int64_t committed; /* -1: nothing was */
    int64_t begin_offset;
    int64_t end_offset; /* lag: up to here, from `committed` or else from begin_offset */
    struct text owner;  /* who reads it now, for people ("process 123"); empty: nobody */
};

struct eventlog_groups {
    const struct eventlog_group_state *rows; /* by group, topic, partition */
    size_t count;
};

struct eventlog_admin_ops {
    /* Parks until the topic is there. STATUS_ALREADY_EXISTS: it was, and is as it was.
     * STATUS_INVALID_ARGUMENT: a bad name or option. STATUS_UNAVAILABLE, STATUS_DEADLINE_EXCEEDED:
     * it may have been created. */
    enum status (*create_topic)(void *state, struct call *call, struct text topic,
                                const struct eventlog_topic_options *options);

    /* Removes the topic with its records and what groups have committed in it. Who reads it gets
     * STATUS_DATA_LOSS; who produces to it may make it anew, empty. STATUS_NOT_FOUND. */
    enum status (*delete_topic)(void *state, struct call *call, struct text topic);

    /* Valid in the call's arena. STATUS_RESOURCE_EXHAUSTED: it does not fit there. */
    enum status (*list_topics)(void *state, struct call *call, struct eventlog_topics *ret_topics);
    enum status (*list_groups)(void *state, struct call *call, struct eventlog_groups *ret_groups);

    /* No other operation may be running. */
    void (*close)(void *state);
};

struct eventlog_admin {
    const struct eventlog_admin_ops *ops;
    void *state;
};

/* For implementations: the limits above. STATUS_INVALID_ARGUMENT, with the call's error set. */
MUST_USE enum status eventlog_check_topic(struct call *call, struct text topic,
                                          const struct eventlog_topic_options *options);

/* Of a group: end_offset less what was committed, at least 0. */
int64_t eventlog_group_lag(const struct eventlog_group_state *group);

/* For implementations: the orders that the lists promise. */
void eventlog_sort_topics(struct eventlog_topic_state *rows, size_t count);
void eventlog_sort_groups(struct eventlog_group_state *rows, size_t count);
