/* local_store_lmdb.h: the embedded log's records in an LMDB environment. Blocking, safe from any
 * thread; one append at a time.
 *
 * One unnamed database with three kinds of keys (numbers big-endian, so that they sort):
 *   't' topic                           -> its id and its number of partitions
 *   'p' topic id, partition             -> the offsets it begins and ends at
 *   'r' topic id, partition, last offset -> a chunk: frames (local_frame.h) of consecutive records
 *
 * Records lie in chunks, not one a key: a chunk costs one insertion, and what is appended together
 * lies together. A chunk is found by its last offset, so one MDB_SET_RANGE finds any record. */
#pragma once

#include "base/buffer.h"
#include "eventlog/local_frame.h"

struct local_store;

struct local_store_options {
    const char *directory;
    size_t map_bytes;
    size_t map_bytes_max;
};

/* What went wrong, for the log. */
struct local_failure {
    char text[200];
};

struct local_topic {
    uint32_t id;
    int32_t partitions;
};

struct local_bounds {
    int64_t begin; /* the first offset, */
    int64_t end;   /* and one past the last */
};

/* Frames (without offset and checksum) that are appended together. */
struct local_append {
    struct text topic;
    int32_t partitions;     /* of the topic, when it is new */
    char *frames;           /* one after the other; sealed by the append */
    const size_t *frame_at; /* count + 1 places in `frames`: the last is the end */
    const uint64_t *hashes; /* of each key: chooses the partition */
    uint32_t *order;        /* room for `count` */
    size_t count;
};

/* STATUS_UNAVAILABLE: cannot be opened. */
MUST_USE enum status local_store_open(const struct local_store_options *options,
                                      struct local_store **ret_store,
                                      struct local_failure *failure);

/* No operation may be running. NULL is accepted. */
void local_store_close(struct local_store *store);

/* Commits all of them in one synced transaction, or none: STATUS_UNAVAILABLE (disk or map full),
 * STATUS_DATA_LOSS (a partition's bounds are damaged). */
MUST_USE enum status local_store_append(struct local_store *store, struct local_append **appends,
                                        size_t count, struct local_failure *failure);

/* STATUS_NOT_FOUND: there is no such topic. */
MUST_USE enum status local_store_find_topic(struct local_store *store, struct text topic,
                                            struct local_topic *ret_topic,
                                            struct local_failure *failure);

MUST_USE enum status local_store_bounds(struct local_store *store, struct local_place place,
                                        struct local_bounds *ret_bounds,
                                        struct local_failure *failure);

struct local_read {
    struct local_place place;
    int64_t from_offset;
    size_t count_max;
    size_t bytes_max; /* at least one chunk is read, and none after these */
};

/* Appends whole chunks to the buffer, the first of them holding from_offset; nothing when it is the
 * end. The frames are not checked. STATUS_OUT_OF_RANGE: from_offset is outside *ret_bounds, which
 * is then also written. STATUS_DATA_LOSS: a chunk is missing. STATUS_RESOURCE_EXHAUSTED: the buffer
 * is full or there is no memory. */
MUST_USE enum status local_store_read(struct local_store *store, const struct local_read *read,
                                      struct buffer *chunks, struct local_bounds *ret_bounds,
                                      struct local_failure *failure);
