/* memory_eventlog_private.h: the log, as its producers and consumers see it. */
#pragma once

#include "base/list.h"
#include "eventlog/memory_eventlog.h"
#include "loop/fiber.h"

struct memory_record {
    struct eventlog_record record; /* key and value lie in one allocation, at the key */
    bool lost;
};

struct memory_partition {
    struct memory_record *records;
    size_t count;
    size_t capacity;
    int64_t begin_offset; /* records before it are kept, and given to nobody */
};

struct memory_topic {
    struct list link;
    char name[EVENTLOG_TOPIC_BYTES_MAX];
    size_t name_length;
    struct memory_partition partitions[EVENTLOG_PARTITIONS_MAX];
};

struct memory_fault {
    enum status status;
    unsigned times;
};

struct memory_eventlog {
    int32_t partitions;
    struct list topics;
    struct list consumers;         /* of struct memory_consumer, oldest first */
    struct memory_fault faults[2]; /* by operation */
};

/* NULL: there is none. */
struct memory_topic *memory_eventlog_find(struct memory_eventlog *log, struct text topic);

/* The status to give instead of doing the operation, or STATUS_OK. */
MUST_USE enum status memory_eventlog_take_fault(struct memory_eventlog *log,
                                                enum memory_eventlog_operation operation);

/* Wakes every consumer. */
void memory_eventlog_wake(struct memory_eventlog *log);
