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

/* One read of the chunks of one kind. */
struct reading {
    const struct local_read *read;
    enum local_chunk_kind kind;
    int64_t end; /* of those */
    struct buffer *frames;
    int64_t next; /* behind what was read */
};

static enum status fail_gap(const struct reading *reading, struct local_failure *failure)
{
    (void)snprintf(failure->text, sizeof(failure->text),
                   "no record %lld, though the log goes on to %lld", (long long)reading->next,
                   (long long)reading->end - 1);
    return STATUS_DATA_LOSS;
}

/* The frames of a compacted chunk. Each begins where the one before it ended. */
static enum status open_compacted(const struct reading *reading, const MDB_val *key,
                                  const MDB_val *value, struct text *ret_frames,
                                  struct local_failure *failure)
{
    struct local_compacted head = {0};
    struct local_key name = {.length = key->mv_size};
    memcpy(name.bytes, key->mv_data, key->mv_size);
    if (value->mv_size >= sizeof(head)) {
        memcpy(&head, value->mv_data, sizeof(head));
    }
    if (value->mv_size < sizeof(head) ||
        head.checksum != local_store_checksum(&name, value->mv_data, value->mv_size)) {
        (void)snprintf(failure->text, sizeof(failure->text),
                       "bad checksum of the compacted records from %lld on",
                       (long long)reading->next);
        return STATUS_DATA_LOSS;
    }
    bool is_first = reading->next == reading->read->from_offset;
    if (is_first ? head.base > reading->next : head.base != reading->next) {
        return fail_gap(reading, failure);
    }
    *ret_frames =
        text_of_bytes((const char *)value->mv_data + sizeof(head), value->mv_size - sizeof(head));
    return STATUS_OK;
}

static enum status copy_chunk(struct reading *reading, const MDB_val *key, const MDB_val *value,
                              struct local_failure *failure)
{
    struct text frames = text_of_bytes(value->mv_data, value->mv_size);
    if (reading->kind == LOCAL_CHUNK_COMPACTED) {
        enum status status = open_compacted(reading, key, value, &frames, failure);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (!buffer_append(reading->frames, frames)) {
        (void)snprintf(failure->text, sizeof(failure->text), "no memory to read into");
        return STATUS_RESOURCE_EXHAUSTED;
    }
    return STATUS_OK;
}

static enum status copy_chunks(MDB_cursor *cursor, struct reading *reading,
                               struct local_failure *failure)
{
    const struct local_read *read = reading->read;
    struct local_key from = local_key_chunk(reading->kind, read->place, read->from_offset);
    MDB_val key = local_key_value(&from);
    MDB_val value;
    int64_t last;
    int result = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (reading->next < reading->end) {
        enum status status = STATUS_OK;
        if (result != 0 && result != MDB_NOTFOUND) {
            return local_store_fail(failure, "reading", result);
        }
        if (result == MDB_NOTFOUND ||
            !local_key_is_chunk(&key, reading->kind, read->place, &last)) {
            status = fail_gap(reading, failure);
        } else {
            status = copy_chunk(reading, &key, &value, failure);
        }
        if (status != STATUS_OK) {
            /* What is there first: the next read begins at the gap. */
            return reading->frames->length > 0 && status == STATUS_DATA_LOSS ? STATUS_OK : status;
        }
        reading->next = last + 1;
        if (reading->frames->length >= read->bytes_max ||
            (size_t)(reading->next - read->from_offset) >= read->count_max) {
            return STATUS_OK;
        }
        result = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    return STATUS_OK;
}

static enum status read_within(struct local_store *store, MDB_txn *txn,
                               const struct local_read *read, struct buffer *frames,
                               struct local_span *ret_span, struct local_failure *failure)
{
    enum status status =
        local_store_get_bounds(store, txn, read->place, &ret_span->bounds, failure);
    if (status != STATUS_OK) {
        return status;
    }
    const struct local_bounds *bounds = &ret_span->bounds;
    if (read->from_offset < bounds->begin || read->from_offset > bounds->end) {
        return STATUS_OUT_OF_RANGE;
    }
    ret_span->has_holes = read->from_offset < bounds->clean_end;
    struct reading reading = {
        .read = read,
        .kind = ret_span->has_holes ? LOCAL_CHUNK_COMPACTED : LOCAL_CHUNK_RAW,
        .end = ret_span->has_holes ? bounds->clean_end : bounds->end,
        .frames = frames,
        .next = read->from_offset,
    };
    MDB_cursor *cursor;
    int result = mdb_cursor_open(txn, store->dbi, &cursor);
    if (result != 0) {
        return local_store_fail(failure, "reading", result);
    }
    status = copy_chunks(cursor, &reading, failure);
    mdb_cursor_close(cursor);
    ret_span->next_offset = reading.next;
    return status;
}

enum status local_store_read(struct local_store *store, const struct local_read *read,
                             struct buffer *frames, struct local_span *ret_span,
                             struct local_failure *failure)
{
    MDB_txn *txn;
    enum status status = local_store_begin(store, MDB_RDONLY, &txn, failure);
    if (status == STATUS_OK) {
        status = read_within(store, txn, read, frames, ret_span, failure);
        local_store_end(store, txn);
    }
    return status;
}
