#include "eventlog/local_store_lmdb_private.h"
#include "eventlog/local_upkeep_lmdb.h"

/* One partition, and what it retains. */
struct retention {
    struct local_place place;
    struct eventlog_topic_options options;
    int64_t now_ms;
    bool is_due;
    bool more;
};

/* Whether a partition may be without its first chunk. */
static bool may_go(const struct retention *retention, const struct local_bounds *bounds,
                   const MDB_val *chunk)
{
    const struct eventlog_topic_options *options = &retention->options;
    if (options->retention_bytes > 0 &&
        bounds->raw_bytes - (int64_t)chunk->mv_size >= options->retention_bytes) {
        return true;
    }
    struct text frames = text_of_bytes(chunk->mv_data, chunk->mv_size);
    return options->retention_ms > 0 &&
           local_frame_newest(frames) < retention->now_ms - options->retention_ms;
}

/* The chunk that holds bounds->begin. false: there is none. */
static bool first_chunk(MDB_cursor *cursor, struct local_place place,
                        const struct local_bounds *bounds, MDB_val *value, int64_t *ret_last)
{
    struct local_key from = local_key_chunk(LOCAL_CHUNK_RAW, place, bounds->begin);
    MDB_val key = local_key_value(&from);
    return bounds->begin < bounds->end && mdb_cursor_get(cursor, &key, value, MDB_SET_RANGE) == 0 &&
           local_key_is_chunk(&key, LOCAL_CHUNK_RAW, place, ret_last);
}

static bool look_at_topic(void *argument, MDB_txn *txn, struct local_store *store,
                          const struct local_topic_visit *topic)
{
    struct retention *retention = argument;
    const struct eventlog_topic_options *options = &topic->topic.options;
    if (options->cleanup != EVENTLOG_CLEANUP_DELETE ||
        (options->retention_ms == 0 && options->retention_bytes == 0)) {
        return true;
    }
    MDB_cursor *cursor;
    if (mdb_cursor_open(txn, store->dbi, &cursor) != 0) {
        return false;
    }
    retention->options = *options;
    for (int32_t p = 0; p < options->partitions && !retention->is_due; p++) {
        MDB_val chunk;
        int64_t last;
        retention->place = (struct local_place){.topic_id = topic->topic.id, .partition = p};
        retention->is_due =
            first_chunk(cursor, retention->place, &topic->bounds[p], &chunk, &last) &&
            may_go(retention, &topic->bounds[p], &chunk);
    }
    mdb_cursor_close(cursor);
    return !retention->is_due;
}

static enum status trim(struct local_store *store, MDB_txn *txn, void *argument,
                        struct local_failure *failure)
{
    struct retention *retention = argument;
    struct local_bounds bounds;
    enum status status = local_store_get_bounds(store, txn, retention->place, &bounds, failure);
    if (status == STATUS_OK) {
        status = local_store_count_bytes(store, txn, retention->place, &bounds, failure);
    }
    MDB_cursor *cursor;
    if (status != STATUS_OK) {
        return status;
    }
    int result = mdb_cursor_open(txn, store->dbi, &cursor);
    if (result != 0) {
        return local_store_fail(failure, "removing records", result);
    }
    MDB_val chunk;
    int64_t last;
    unsigned removed = 0;
    while (result == 0 && removed < LOCAL_UPKEEP_CHUNKS_MAX &&
           first_chunk(cursor, retention->place, &bounds, &chunk, &last) &&
           may_go(retention, &bounds, &chunk)) {
        bounds.begin = last + 1;
        bounds.raw_bytes -= (int64_t)chunk.mv_size;
        result = mdb_cursor_del(cursor, 0);
        removed++;
    }
    mdb_cursor_close(cursor);
    retention->more = removed > 0;
    if (result != 0) {
        return local_store_fail(failure, "removing records", result);
    }
    return removed == 0 ? STATUS_OK
                        : local_store_put_bounds(store, txn, retention->place, &bounds, failure);
}

enum status local_store_retain(struct local_store *store, int64_t now_ms, bool *ret_more,
                               struct local_failure *failure)
{
    struct retention retention = {.now_ms = now_ms};
    enum status status = local_store_walk_topics(store, look_at_topic, &retention, failure);
    if (status == STATUS_OK && retention.is_due) {
        status = local_store_write(store, trim, &retention, failure);
    }
    *ret_more = status == STATUS_OK && retention.more;
    return status;
}

struct expiry {
    int64_t before_ms;
    bool more;
    bool dry; /* only looks whether there is one */
};

/* Of those that begin with this key. */
static enum status expire_in(struct local_store *store, MDB_txn *txn, void *argument,
                             struct local_failure *failure)
{
    struct expiry *expiry = argument;
    MDB_cursor *cursor;
    int result = mdb_cursor_open(txn, store->dbi, &cursor);
    if (result != 0) {
        return local_store_fail(failure, "removing sequence numbers", result);
    }
    struct local_key start = {.length = 1, .bytes = {'s'}};
    MDB_val key = local_key_value(&start);
    MDB_val value;
    unsigned removed = 0;
    enum status status = STATUS_OK;
    result = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (status == STATUS_OK && result == 0 && local_key_starts(&key, &start) &&
           removed < LOCAL_UPKEEP_ENTRIES_MAX) {
        int64_t time_ms;
        status = local_store_sequence_time(&key, &value, &time_ms, failure);
        if (status == STATUS_OK && time_ms < expiry->before_ms) {
            removed++;
            result = expiry->dry ? 0 : mdb_cursor_del(cursor, 0);
        }
        if (result == 0) {
            result = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
        }
    }
    mdb_cursor_close(cursor);
    expiry->more = expiry->dry ? removed > 0 : removed == LOCAL_UPKEEP_ENTRIES_MAX;
    if (status == STATUS_OK && result != 0 && result != MDB_NOTFOUND) {
        status = local_store_fail(failure, "removing sequence numbers", result);
    }
    return status;
}

enum status local_store_expire_sequences(struct local_store *store, int64_t before_ms,
                                         bool *ret_more, struct local_failure *failure)
{
    struct expiry expiry = {.before_ms = before_ms, .dry = true};
    MDB_txn *txn;
    enum status status = local_store_begin(store, MDB_RDONLY, &txn, failure);
    if (status == STATUS_OK) {
        status = expire_in(store, txn, &expiry, failure);
        local_store_end(store, txn);
    }
    if (status == STATUS_OK && expiry.more) {
        expiry.dry = false;
        status = local_store_write(store, expire_in, &expiry, failure);
    }
    *ret_more = status == STATUS_OK && expiry.more;
    return status;
}
