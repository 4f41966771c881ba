#include <stdio.h>

#include "eventlog/local_store_lmdb_private.h"

/* Sorts the frames from `first` on by partition, keeping their order within it: append->order.
 * starts[p] and starts[p + 1] bound the part of partition p. */
static void order_by_partition(struct local_append *append, size_t first, int32_t partitions,
                               size_t starts[static EVENTLOG_PARTITIONS_MAX + 1])
{
    size_t next[EVENTLOG_PARTITIONS_MAX] = {0};
    for (size_t i = first; i < append->count; i++) {
        next[append->hashes[i] % (uint64_t)partitions]++;
    }
    size_t start = 0;
    for (int32_t p = 0; p < partitions; p++) {
        starts[p] = start;
        start += next[p];
        next[p] = starts[p];
    }
    starts[partitions] = start;
    for (size_t i = first; i < append->count; i++) {
        append->order[next[append->hashes[i] % (uint64_t)partitions]++] = (uint32_t)i;
    }
}

static size_t frame_length(const struct local_append *append, uint32_t frame)
{
    return append->frame_at[frame + 1] - append->frame_at[frame];
}

/* Puts frames [from, to) of the order, which fit one chunk, with offsets from first_offset. */
static enum status put_chunk(struct local_store *store, MDB_txn *txn,
                             const struct local_append *append, struct local_place place,
                             const uint32_t *frames, size_t count, int64_t first_offset,
                             struct local_failure *failure)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += frame_length(append, frames[i]);
    }
    struct local_key key =
        local_key_chunk(LOCAL_CHUNK_RAW, place, first_offset + (int64_t)count - 1);
    MDB_val name = local_key_value(&key);
    MDB_val value = {.mv_size = bytes};
    int result = mdb_put(txn, store->dbi, &name, &value, MDB_RESERVE | MDB_NOOVERWRITE);
    if (result != 0) {
        return local_store_fail(failure, "appending", result);
    }
    char *to = value.mv_data;
    for (size_t i = 0; i < count; i++) {
        char *frame = append->frames + append->frame_at[frames[i]];
        size_t length = frame_length(append, frames[i]);
        local_frame_seal(frame, length, place, first_offset + (int64_t)i);
        if (append->places != NULL) {
            append->places[frames[i]] =
                (struct eventlog_place){place.partition, first_offset + (int64_t)i};
        }
        memcpy(to, frame, length);
        to += length;
    }
    return STATUS_OK;
}

static enum status put_partition(struct local_store *store, MDB_txn *txn,
                                 const struct local_append *append, struct local_place place,
                                 const uint32_t *frames, size_t count,
                                 struct local_failure *failure)
{
    struct local_bounds bounds;
    enum status status = local_store_get_bounds(store, txn, place, &bounds, failure);
    if (status == STATUS_OK) {
        status = local_store_count_bytes(store, txn, place, &bounds, failure);
    }
    size_t done = 0;
    while (status == STATUS_OK && done < count) {
        size_t taken = 0;
        size_t bytes = 0;
        do {
            bytes += frame_length(append, frames[done + taken]);
            taken++;
        } while (done + taken < count && bytes + frame_length(append, frames[done + taken]) <=
                                             LOCAL_EVENTLOG_CHUNK_BYTES_MAX);
        status = put_chunk(store, txn, append, place, frames + done, taken, bounds.end, failure);
        bounds.end += (int64_t)taken;
        bounds.raw_bytes += (int64_t)bytes;
        done += taken;
    }
    return status == STATUS_OK ? local_store_put_bounds(store, txn, place, &bounds, failure)
                               : status;
}

/* How many of the frames the topic has already from this producer; notes that it has them all. */
static enum status pass_over(struct local_store *store, MDB_txn *txn,
                             const struct local_append *append, uint32_t topic_id,
                             size_t *ret_first, struct local_failure *failure)
{
    const struct eventlog_sequence *sequence = &append->sequence;
    *ret_first = 0;
    if (sequence->producer_id == 0) {
        return STATUS_OK;
    }
    int64_t next;
    int64_t time_ms;
    enum status status = local_store_get_sequence(store, txn, topic_id, sequence->producer_id,
                                                  &next, &time_ms, failure);
    if (status != STATUS_OK) {
        return status;
    }
    int64_t end = sequence->first + (int64_t)append->count;
    if (next >= end) {
        *ret_first = append->count;
        return STATUS_OK;
    }
    *ret_first = next > sequence->first ? (size_t)(next - sequence->first) : 0;
    return local_store_put_sequence(store, txn, topic_id, sequence->producer_id, end, failure);
}

static enum status append_one(struct local_store *store, MDB_txn *txn, struct local_append *append,
                              struct local_failure *failure)
{
    struct local_topic topic;
    size_t first;
    enum status status = local_store_get_topic(store, txn, append->topic, &topic, failure);
    if (status == STATUS_NOT_FOUND) {
        status =
            local_store_add_topic(store, txn, append->topic, &append->options, &topic, failure);
    }
    if (status == STATUS_OK) {
        status = pass_over(store, txn, append, topic.id, &first, failure);
    }
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < first && append->places != NULL; i++) {
        int32_t partition = (int32_t)(append->hashes[i] % (uint64_t)topic.options.partitions);
        append->places[i] = (struct eventlog_place){partition, -1};
    }
    size_t starts[EVENTLOG_PARTITIONS_MAX + 1];
    order_by_partition(append, first, topic.options.partitions, starts);
    for (int32_t p = 0; p < topic.options.partitions && status == STATUS_OK; p++) {
        if (starts[p] < starts[p + 1]) {
            struct local_place place = {.topic_id = topic.id, .partition = p};
            status = put_partition(store, txn, append, place, append->order + starts[p],
                                   starts[p + 1] - starts[p], failure);
        }
    }
    return status;
}

struct appends {
    struct local_append **rows;
    size_t count;
};

static enum status append_all(struct local_store *store, MDB_txn *txn, void *argument,
                              struct local_failure *failure)
{
    const struct appends *appends = argument;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < appends->count && status == STATUS_OK; i++) {
        status = append_one(store, txn, appends->rows[i], failure);
    }
    return status;
}

enum status local_store_append(struct local_store *store, struct local_append **appends,
                               size_t count, struct local_failure *failure)
{
    struct appends all = {.rows = appends, .count = count};
    return local_store_write(store, append_all, &all, failure);
}
