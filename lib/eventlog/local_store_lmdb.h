/* local_store_lmdb.h: the embedded log's records in an LMDB environment. Blocking, safe from any
 * thread; one write at a time, also over processes.
 *
 * One unnamed database with these kinds of keys (numbers big-endian, so that they sort):
 *   'm'                                  -> the format's version, and the next topic id
 *   't' topic                            -> its id, its number of partitions, its options
 *   'p' topic id, partition              -> the offsets it begins and ends at, and its sizes
 *   'r' topic id, partition, last offset -> a chunk: frames (local_frame.h) of consecutive records
 *   'k' topic id, partition, last offset -> a compacted chunk: which offsets it covers, and frames
 *                                           of those of them that are left
 *   'c' topic id, partition, group       -> how far the group has committed
 *   's' topic id, producer id            -> the sequence number that a producer is at
 *   'd' topic id                         -> the topic was deleted, and its entries are being
 * removed Compacted chunks lie before all others of their partition, and each begins where the one
 * before it ends: what is missing is noticed, though offsets have holes.
 *
 * Records lie in chunks, not one a key: a chunk costs one insertion, and what is appended together
 * lies together. A chunk is found by its last offset, so one MDB_SET_RANGE finds any record.
 *
 * Version 1 had 't' and 'p' shorter, and neither 'm' nor what came after 'r': it is read as it is,
 * and what is written to it is of version 2. A newer version is refused. */
#pragma once

#include "base/buffer.h"
#include "eventlog/eventlog_admin.h"
#include "eventlog/local_frame.h"

struct local_store;

enum { LOCAL_STORE_VERSION = 2 };

struct local_store_options {
    const char *directory;
    size_t map_bytes;
    size_t map_bytes_max;
};

/* What went wrong, for the log. */
struct local_failure {
    char text[240];
    int number; /* LMDB's; 0: none of its */
};

struct local_topic {
    uint32_t id;
    struct eventlog_topic_options options;
};

struct local_bounds {
    int64_t begin;       /* the first offset, */
    int64_t end;         /* and one past the last */
    int64_t clean_end;   /* before it, all chunks are compacted; 0 or begin at least */
    int64_t raw_bytes;   /* of chunks, -1: not counted yet; */
    int64_t clean_bytes; /* and of compacted ones */
};

/* STATUS_UNAVAILABLE: cannot be opened. STATUS_FAILED_PRECONDITION: of a newer version. */
MUST_USE enum status local_store_open(const struct local_store_options *options,
                                      struct local_store **ret_store,
                                      struct local_failure *failure);

/* No operation may be running. NULL is accepted. */
void local_store_close(struct local_store *store);

/* Frames (without offset and checksum) that are appended together. */
struct local_append {
    struct text topic;
    struct eventlog_topic_options options; /* of the topic, when it is new */
    struct eventlog_sequence sequence;     /* producer_id is 0: none */
    char *frames;                          /* one after the other; sealed by the append */
    const size_t *frame_at;                /* count + 1 places in `frames`: the last is the end */
    const uint64_t *hashes;                /* of each key: chooses the partition */
    uint32_t *order;                       /* room for `count` */
    struct eventlog_place *places; /* room for `count`, for where they stand; NULL: nobody asks */
    size_t count;
};

/* Commits all of them in one synced transaction, or none: STATUS_UNAVAILABLE (disk or map full),
 * STATUS_DATA_LOSS (a partition's bounds are damaged). */
MUST_USE enum status local_store_append(struct local_store *store, struct local_append **appends,
                                        size_t count, struct local_failure *failure);

/* STATUS_NOT_FOUND: there is no such topic. */
MUST_USE enum status local_store_find_topic(struct local_store *store, struct text topic,
                                            struct local_topic *ret_topic,
                                            struct local_failure *failure);

/* Where a partition begins and ends; zeroes when nothing was appended yet. STATUS_DATA_LOSS: its
 * entry is damaged. STATUS_UNAVAILABLE: it cannot be read. */
MUST_USE enum status local_store_bounds(struct local_store *store, struct local_place place,
                                        struct local_bounds *ret_bounds,
                                        struct local_failure *failure);

struct local_read {
    struct local_place place;
    int64_t from_offset;
    size_t count_max;
    size_t bytes_max; /* at least one chunk is read, and none after these */
};

/* What was read of a partition. */
struct local_span {
    struct local_bounds bounds;
    int64_t next_offset; /* behind all that the chunks cover */
    bool has_holes;      /* the chunks are compacted */
};

/* Appends the frames of whole chunks to the buffer, the first of them covering from_offset; nothing
 * when it is the end. Frames of compacted chunks are checked to be all of them, others not at all.
 * STATUS_OUT_OF_RANGE: from_offset is outside ret_span->bounds, which is then also written.
 * STATUS_DATA_LOSS: a chunk is missing. STATUS_RESOURCE_EXHAUSTED: the buffer is full or there is
 * no memory. */
MUST_USE enum status local_store_read(struct local_store *store, const struct local_read *read,
                                      struct buffer *frames, struct local_span *ret_span,
                                      struct local_failure *failure);

/* STATUS_ALREADY_EXISTS; STATUS_UNAVAILABLE: also when there are LOCAL_EVENTLOG_TOPICS_MAX. */
MUST_USE enum status local_store_create_topic(struct local_store *store, struct text topic,
                                              const struct eventlog_topic_options *options,
                                              struct local_failure *failure);

/* Removes the name; the entries go by local_store_sweep(). STATUS_NOT_FOUND. */
MUST_USE enum status local_store_delete_topic(struct local_store *store, struct text topic,
                                              struct local_failure *failure);

/* Removes a bounded number of entries of deleted topics; whether there are more. */
MUST_USE enum status local_store_sweep(struct local_store *store, bool *ret_more,
                                       struct local_failure *failure);

/* Calls visit() for each topic, by name, in one transaction, with its id, options and the bounds of
 * its partitions, until it returns false. */
struct local_topic_visit {
    struct text name;
    struct local_topic topic;
    const struct local_bounds *bounds; /* topic.options.partitions of them */
};
MUST_USE enum status local_store_each_topic(struct local_store *store,
                                            bool (*visit)(void *argument,
                                                          const struct local_topic_visit *topic),
                                            void *argument, struct local_failure *failure);

/* What a group has committed in a partition. Epochs tell members that had it before from the one
 * that has it now. */
struct local_committed {
    int64_t next_offset;
    uint32_t epoch;
};

/* STATUS_NOT_FOUND: nothing. */
MUST_USE enum status local_store_get_committed(struct local_store *store, struct local_place place,
                                               struct text group,
                                               struct local_committed *ret_committed,
                                               struct local_failure *failure);

struct local_commit {
    int32_t partition;
    struct local_committed committed;
};

/* In one synced transaction; those of an older epoch than what stands there are left out. */
MUST_USE enum status local_store_commit(struct local_store *store, uint32_t topic_id,
                                        struct text group, const struct local_commit *commits,
                                        size_t count, struct local_failure *failure);

/* Calls visit() for everything that was committed in the topic, until it returns false. */
MUST_USE enum status
local_store_each_committed(struct local_store *store, uint32_t topic_id,
                           bool (*visit)(void *argument, struct text group, int32_t partition,
                                         const struct local_committed *committed),
                           void *argument, struct local_failure *failure);
