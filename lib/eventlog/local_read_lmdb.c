#include <stdio.h>

#include "eventlog/local_store_lmdb_private.h"

enum status local_store_find_topic(struct local_store *store, struct text topic,
                                   struct local_topic *ret_topic, struct local_failure *failure)
{
    MDB_txn *txn;
    enum status status = local_store_begin(store, MDB_RDONLY, &txn, failure);
    if (status == STATUS_OK) {
        status = local_store_get_topic(store, txn, topic, ret_topic, failure);
        local_store_end(store, txn);
    }
    return status;
}

enum status local_store_bounds(struct local_store *store, struct local_place place,
                               struct local_bounds *ret_bounds, struct local_failure *failure)
{
    MDB_txn *txn;
    enum status status = local_store_begin(store, MDB_RDONLY, &txn, failure);
    if (status == STATUS_OK) {
        status = local_store_get_bounds(store, txn, place, ret_bounds, failure);
        local_store_end(store, txn);
    }
    return status;
}

static enum status copy_chunks(MDB_cursor *cursor, const struct local_read *read, int64_t end,
                               struct buffer *chunks, struct local_failure *failure)
{
    struct local_key from = local_key_chunk(read->place, read->from_offset);
    MDB_val key = local_key_value(&from);
    MDB_val value;
    int64_t last = read->from_offset - 1;
    int result = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (last < end - 1) {
        if (result != 0 && result != MDB_NOTFOUND) {
            return local_store_fail(failure, "reading", result);
        }
        if (result == MDB_NOTFOUND || !local_key_is_chunk(&key, read->place, &last)) {
            if (chunks->length > 0) {
                return STATUS_OK; /* what is there first: the next read begins at the gap */
            }
            (void)snprintf(failure->text, sizeof(failure->text),
                           "no record %lld, though the log goes on to %lld", (long long)last + 1,
                           (long long)end - 1);
            return STATUS_DATA_LOSS;
        }
        if (!buffer_append(chunks, text_of_bytes(value.mv_data, value.mv_size))) {
            (void)snprintf(failure->text, sizeof(failure->text), "no memory to read into");
            return STATUS_RESOURCE_EXHAUSTED;
        }
        if (chunks->length >= read->bytes_max ||
            (size_t)(last - read->from_offset + 1) >= read->count_max) {
            return STATUS_OK;
        }
        result = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    return STATUS_OK;
}

enum status local_store_read(struct local_store *store, const struct local_read *read,
                             struct buffer *chunks, struct local_bounds *ret_bounds,
                             struct local_failure *failure)
{
    MDB_txn *txn;
    enum status status = local_store_begin(store, MDB_RDONLY, &txn, failure);
    if (status != STATUS_OK) {
        return status;
    }
    struct local_bounds bounds;
    status = local_store_get_bounds(store, txn, read->place, &bounds, failure);
    if (status == STATUS_OK) {
        *ret_bounds = bounds;
        if (read->from_offset < bounds.begin || read->from_offset > bounds.end) {
            status = STATUS_OUT_OF_RANGE;
        }
    }
    MDB_cursor *cursor = NULL;
    if (status == STATUS_OK) {
        int result = mdb_cursor_open(txn, store->dbi, &cursor);
        status = result == 0 ? copy_chunks(cursor, read, bounds.end, chunks, failure)
                             : local_store_fail(failure, "reading", result);
    }
    if (cursor != NULL) {
        mdb_cursor_close(cursor);
    }
    local_store_end(store, txn);
    return status;
}
