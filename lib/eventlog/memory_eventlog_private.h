/* memory_eventlog_private.h: the log, as its producers and consumers see it. */
#pragma once

#include "base/list.h"
#include "eventlog/eventlog_admin.h"
#include "eventlog/memory_eventlog.h"
#include "loop/fiber.h"

struct memory_record {
    struct eventlog_record record;
    void *memory; /* what the record points into */
    bool lost;
};

struct memory_partition {
    struct memory_record *records;
    size_t count;
    size_t capacity;
    int64_t begin_offset; /* records before it are kept, and given to nobody */
};

/* How far a producer with an id of its own is: the one that wrote longest ago makes room. */
struct memory_sequence {
    uint64_t producer_id;
    int64_t next;
};

enum { MEMORY_SEQUENCES_MAX = 16 };

struct memory_topic {
    struct list link;
    char name[EVENTLOG_TOPIC_BYTES_MAX];
    size_t name_length;
    struct eventlog_topic_options options;                  /* nothing is removed by them */
    struct memory_sequence sequences[MEMORY_SEQUENCES_MAX]; /* newest first */
    struct memory_partition partitions[EVENTLOG_PARTITIONS_MAX];
};

/* What a group has committed in a topic; it stays when its members go. */
struct memory_group {
    struct list link;
    char names[EVENTLOG_GROUP_BYTES_MAX + EVENTLOG_TOPIC_BYTES_MAX];
    struct text group; /* these two lie in `names` */
    struct text topic;
    int64_t committed[EVENTLOG_PARTITIONS_MAX]; /* -1: nothing */
};

struct memory_fault {
    enum status status;
    unsigned times;
};

struct memory_eventlog {
    int32_t partitions;
    struct list topics;
    struct list consumers;         /* of struct memory_consumer, oldest first */
    struct list groups;            /* of struct memory_group */
    struct memory_fault faults[2]; /* by operation */
};

/* NULL: there is none. */
struct memory_topic *memory_eventlog_find(struct memory_eventlog *log, struct text topic);

/* The status to give instead of doing the operation, or STATUS_OK. */
MUST_USE enum status memory_eventlog_take_fault(struct memory_eventlog *log,
                                                enum memory_eventlog_operation operation);

/* NULL: no memory, or the topic is there already. */
struct memory_topic *memory_eventlog_add(struct memory_eventlog *log, struct text topic,
                                         const struct eventlog_topic_options *options);

/* Takes it out and frees it. */
void memory_topic_free(struct memory_topic *topic);

/* The number of the group's member that owns the partition, by its place in the list, from 1; 0:
 * nobody. */
unsigned memory_group_owner(const struct memory_eventlog *log, const struct memory_group *group,
                            int32_t partition);

/* Wakes every consumer. */
void memory_eventlog_wake(struct memory_eventlog *log);
