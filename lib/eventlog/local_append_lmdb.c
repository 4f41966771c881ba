#include <stdio.h>

#include "eventlog/local_store_lmdb_private.h"

static int count_topics(struct local_store *store, MDB_txn *txn, uint32_t *ret_count)
{
    MDB_cursor *cursor;
    int result = mdb_cursor_open(txn, store->dbi, &cursor);
    if (result != 0) {
        return result;
    }
    char kind = 't';
    MDB_val key = {.mv_size = 1, .mv_data = &kind};
    MDB_val value;
    uint32_t count = 0;
    result = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (result == 0 && *(const char *)key.mv_data == 't') {
        count++;
        result = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    *ret_count = count;
    return result == MDB_NOTFOUND ? 0 : result;
}

/* Topics are never removed, so their number is the next id. */
static enum status create_topic(struct local_store *store, MDB_txn *txn,
                                const struct local_append *append, struct local_topic *ret_topic,
                                struct local_failure *failure, int *ret_number)
{
    uint32_t count = 0;
    *ret_number = count_topics(store, txn, &count);
    if (*ret_number == 0 && count >= LOCAL_EVENTLOG_TOPICS_MAX) {
        (void)snprintf(failure->text, sizeof(failure->text), "the log has %d topics, its maximum",
                       LOCAL_EVENTLOG_TOPICS_MAX);
        return STATUS_UNAVAILABLE;
    }
    struct local_topic topic = {.id = count, .partitions = append->partitions};
    if (*ret_number == 0) {
        *ret_number = local_store_put_topic(store, txn, append->topic, &topic);
    }
    if (*ret_number != 0) {
        return local_store_fail(failure, "creating a topic", *ret_number);
    }
    *ret_topic = topic;
    return STATUS_OK;
}

/* Sorts the frames by partition, keeping their order within it: append->order. starts[p] and
 * starts[p + 1] bound the part of partition p. */
static void order_by_partition(struct local_append *append, int32_t partitions,
                               size_t starts[static EVENTLOG_PARTITIONS_MAX + 1])
{
    size_t next[EVENTLOG_PARTITIONS_MAX] = {0};
    for (size_t i = 0; i < append->count; i++) {
        next[append->hashes[i] % (uint64_t)partitions]++;
    }
    size_t start = 0;
    for (int32_t p = 0; p < partitions; p++) {
        starts[p] = start;
        start += next[p];
        next[p] = starts[p];
    }
    starts[partitions] = start;
    for (size_t i = 0; i < append->count; i++) {
        append->order[next[append->hashes[i] % (uint64_t)partitions]++] = (uint32_t)i;
    }
}

static size_t frame_length(const struct local_append *append, uint32_t frame)
{
    return append->frame_at[frame + 1] - append->frame_at[frame];
}

/* Puts frames [from, to) of the order, which fit one chunk, with offsets from first_offset. */
static int put_chunk(struct local_store *store, MDB_txn *txn, const struct local_append *append,
                     struct local_place place, const uint32_t *frames, size_t count,
                     int64_t first_offset)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += frame_length(append, frames[i]);
    }
    struct local_key key = local_key_chunk(place, first_offset + (int64_t)count - 1);
    MDB_val name = local_key_value(&key);
    MDB_val value = {.mv_size = bytes};
    int result = mdb_put(txn, store->dbi, &name, &value, MDB_RESERVE | MDB_NOOVERWRITE);
    if (result != 0) {
        return result;
    }
    char *to = value.mv_data;
    for (size_t i = 0; i < count; i++) {
        char *frame = append->frames + append->frame_at[frames[i]];
        size_t length = frame_length(append, frames[i]);
        local_frame_seal(frame, length, place, first_offset + (int64_t)i);
        memcpy(to, frame, length);
        to += length;
    }
    return 0;
}

static int put_partition(struct local_store *store, MDB_txn *txn, const struct local_append *append,
                         struct local_place place, const uint32_t *frames, size_t count,
                         struct local_bounds *bounds)
{
    size_t done = 0;
    while (done < count) {
        size_t taken = 0;
        size_t bytes = 0;
        do {
            bytes += frame_length(append, frames[done + taken]);
            taken++;
        } while (done + taken < count && bytes + frame_length(append, frames[done + taken]) <=
                                             LOCAL_EVENTLOG_CHUNK_BYTES_MAX);
        int result = put_chunk(store, txn, append, place, frames + done, taken, bounds->end);
        if (result != 0) {
            return result;
        }
        bounds->end += (int64_t)taken;
        done += taken;
    }
    return local_store_put_bounds(store, txn, place, bounds);
}

/* ret_number: LMDB's error number, 0 when the failure was none of LMDB's. */
static enum status append_one(struct local_store *store, MDB_txn *txn, struct local_append *append,
                              struct local_failure *failure, int *ret_number)
{
    *ret_number = 0;
    struct local_topic topic;
    enum status status = local_store_get_topic(store, txn, append->topic, &topic, failure);
    if (status == STATUS_NOT_FOUND) {
        status = create_topic(store, txn, append, &topic, failure, ret_number);
    }
    if (status != STATUS_OK) {
        return status;
    }
    size_t starts[EVENTLOG_PARTITIONS_MAX + 1];
    order_by_partition(append, topic.partitions, starts);
    for (int32_t p = 0; p < topic.partitions; p++) {
        if (starts[p] == starts[p + 1]) {
            continue;
        }
        struct local_place place = {.topic_id = topic.id, .partition = p};
        struct local_bounds bounds;
        status = local_store_get_bounds(store, txn, place, &bounds, failure);
        if (status != STATUS_OK) {
            return status;
        }
        *ret_number = put_partition(store, txn, append, place, append->order + starts[p],
                                    starts[p + 1] - starts[p], &bounds);
        if (*ret_number != 0) {
            return local_store_fail(failure, "appending", *ret_number);
        }
    }
    return STATUS_OK;
}

static enum status append_all(struct local_store *store, struct local_append **appends,
                              size_t count, struct local_failure *failure, int *ret_number)
{
    *ret_number = 0;
    MDB_txn *txn;
    enum status status = local_store_begin(store, 0, &txn, failure);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = append_one(store, txn, appends[i], failure, ret_number);
    }
    if (status == STATUS_OK) {
        *ret_number = mdb_txn_commit(txn);
        txn = NULL;
        if (*ret_number != 0) {
            status = local_store_fail(failure, "committing", *ret_number);
        }
    }
    local_store_end(store, txn);
    return status;
}

enum status local_store_append(struct local_store *store, struct local_append **appends,
                               size_t count, struct local_failure *failure)
{
    for (;;) {
        int number;
        enum status status = append_all(store, appends, count, failure, &number);
        if (number != MDB_MAP_FULL) {
            return status;
        }
        /* A dead reader's slot keeps old pages from being used again. */
        int dead_readers = 0;
        (void)mdb_reader_check(store->env, &dead_readers);
        status = local_store_grow(store, failure);
        if (status != STATUS_OK) {
            return status;
        }
    }
}
