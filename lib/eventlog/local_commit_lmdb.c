#include <endian.h>

#include "eventlog/local_store_lmdb_private.h"

enum status local_store_get_committed(struct local_store *store, struct local_place place,
                                      struct text group, struct local_committed *ret_committed,
                                      struct local_failure *failure)
{
    MDB_txn *txn;
    enum status status = local_store_begin(store, MDB_RDONLY, &txn, failure);
    if (status == STATUS_OK) {
        status = local_store_get_entry_committed(store, txn, place, group, ret_committed, failure);
        local_store_end(store, txn);
    }
    return status;
}

struct commits {
    uint32_t topic_id;
    struct text group;
    const struct local_commit *rows;
    size_t count;
};

static enum status commit_one(struct local_store *store, MDB_txn *txn,
                              const struct commits *commits, const struct local_commit *commit,
                              struct local_failure *failure)
{
    struct local_place place = {.topic_id = commits->topic_id, .partition = commit->partition};
    struct local_committed before;
    enum status status =
        local_store_get_entry_committed(store, txn, place, commits->group, &before, failure);
    if (status == STATUS_OK && before.epoch > commit->committed.epoch) {
        return STATUS_OK;
    }
    return status == STATUS_OK || status == STATUS_NOT_FOUND
               ? local_store_put_committed(store, txn, place, commits->group, &commit->committed,
                                           failure)
               : status;
}

static enum status commit_all(struct local_store *store, MDB_txn *txn, void *argument,
                              struct local_failure *failure)
{
    const struct commits *commits = argument;
    struct local_key mark = local_key_of_topic_id('d', commits->topic_id);
    MDB_val key = local_key_value(&mark);
    MDB_val value;
    if (mdb_get(txn, store->dbi, &key, &value) == 0) {
        return STATUS_OK; /* the topic is being removed, and what was committed with it */
    }
    enum status status = STATUS_OK;
    for (size_t i = 0; i < commits->count && status == STATUS_OK; i++) {
        status = commit_one(store, txn, commits, &commits->rows[i], failure);
    }
    return status;
}

enum status local_store_commit(struct local_store *store, uint32_t topic_id, struct text group,
                               const struct local_commit *commits, size_t count,
                               struct local_failure *failure)
{
    struct commits all = {.topic_id = topic_id, .group = group, .rows = commits, .count = count};
    return local_store_write(store, commit_all, &all, failure);
}

static int32_t partition_of(const MDB_val *key)
{
    uint32_t big;
    memcpy(&big, (const char *)key->mv_data + 5, sizeof(big));
    return (int32_t)be32toh(big);
}

enum status local_store_each_committed(struct local_store *store, uint32_t topic_id,
                                       bool (*visit)(void *argument, struct text group,
                                                     int32_t partition,
                                                     const struct local_committed *committed),
                                       void *argument, struct local_failure *failure)
{
    MDB_txn *txn;
    MDB_cursor *cursor;
    enum status status = local_store_begin(store, MDB_RDONLY, &txn, failure);
    if (status != STATUS_OK) {
        return status;
    }
    int result = mdb_cursor_open(txn, store->dbi, &cursor);
    if (result != 0) {
        local_store_end(store, txn);
        return local_store_fail(failure, "reading", result);
    }
    struct local_key start = local_key_of_topic_id('c', topic_id);
    MDB_val key = local_key_value(&start);
    MDB_val value;
    bool goes_on = true;
    result = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (goes_on && status == STATUS_OK && result == 0 && local_key_starts(&key, &start) &&
           key.mv_size > LOCAL_NUMBERED_KEY_BYTES) {
        struct local_place place = {.topic_id = topic_id, .partition = partition_of(&key)};
        struct text group = text_of_bytes((const char *)key.mv_data + LOCAL_NUMBERED_KEY_BYTES,
                                          key.mv_size - LOCAL_NUMBERED_KEY_BYTES);
        struct local_committed committed;
        status = local_store_get_entry_committed(store, txn, place, group, &committed, failure);
        if (status == STATUS_OK) {
            goes_on = visit(argument, group, place.partition, &committed);
        }
        result = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    local_store_end(store, txn);
    return status;
}
