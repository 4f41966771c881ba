#include <stdio.h>

#include "eventlog/local_store_lmdb_private.h"

enum { SWEEP_ENTRIES_MAX = 256 }; /* removed in one transaction */

static enum status open_cursor(struct local_store *store, MDB_txn *txn, MDB_cursor **ret_cursor,
                               struct local_failure *failure)
{
    int result = mdb_cursor_open(txn, store->dbi, ret_cursor);
    return result == 0 ? STATUS_OK : local_store_fail(failure, "reading", result);
}

/* The first entry whose key begins with this one. false: there is none. */
static bool seek(MDB_cursor *cursor, struct local_key *start, MDB_val *key, MDB_val *value,
                 int *ret_result)
{
    *key = local_key_value(start);
    *ret_result = mdb_cursor_get(cursor, key, value, MDB_SET_RANGE);
    return *ret_result == 0 && local_key_starts(key, start);
}

static enum status count_topics(struct local_store *store, MDB_txn *txn, uint32_t *ret_count,
                                struct local_failure *failure)
{
    MDB_cursor *cursor;
    enum status status = open_cursor(store, txn, &cursor, failure);
    if (status != STATUS_OK) {
        return status;
    }
    struct local_key start = {.length = 1, .bytes = {'t'}};
    MDB_val key;
    MDB_val value;
    int result;
    *ret_count = 0;
    for (bool found = seek(cursor, &start, &key, &value, &result); found;
         found = result == 0 && local_key_starts(&key, &start)) {
        (*ret_count)++;
        result = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    return result == 0 || result == MDB_NOTFOUND ? STATUS_OK
                                                 : local_store_fail(failure, "reading", result);
}

enum status local_store_add_topic(struct local_store *store, MDB_txn *txn, struct text name,
                                  const struct eventlog_topic_options *options,
                                  struct local_topic *ret_topic, struct local_failure *failure)
{
    uint32_t count;
    struct local_meta meta;
    enum status status = count_topics(store, txn, &count, failure);
    if (status == STATUS_OK) {
        status = local_store_get_meta(store, txn, &meta, failure);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (count >= LOCAL_EVENTLOG_TOPICS_MAX) {
        (void)snprintf(failure->text, sizeof(failure->text), "the log has %d topics, its maximum",
                       LOCAL_EVENTLOG_TOPICS_MAX);
        return STATUS_UNAVAILABLE;
    }
    struct local_topic topic = {.id = meta.next_topic_id++, .options = *options};
    status = local_store_put_meta(store, txn, &meta, failure);
    if (status == STATUS_OK) {
        status = local_store_put_topic(store, txn, name, &topic, failure);
    }
    *ret_topic = topic;
    return status;
}

struct creation {
    struct text name;
    const struct eventlog_topic_options *options;
};

static enum status create_topic(struct local_store *store, MDB_txn *txn, void *argument,
                                struct local_failure *failure)
{
    const struct creation *creation = argument;
    struct local_topic topic;
    enum status status = local_store_get_topic(store, txn, creation->name, &topic, failure);
    if (status == STATUS_OK) {
        (void)snprintf(failure->text, sizeof(failure->text), "there is a topic of that name");
        return STATUS_ALREADY_EXISTS;
    }
    return status == STATUS_NOT_FOUND ? local_store_add_topic(store, txn, creation->name,
                                                              creation->options, &topic, failure)
                                      : status;
}

enum status local_store_create_topic(struct local_store *store, struct text topic,
                                     const struct eventlog_topic_options *options,
                                     struct local_failure *failure)
{
    struct creation creation = {.name = topic, .options = options};
    return local_store_write(store, create_topic, &creation, failure);
}

static enum status delete_topic(struct local_store *store, MDB_txn *txn, void *argument,
                                struct local_failure *failure)
{
    const struct text *name = argument;
    struct local_topic topic;
    enum status status = local_store_get_topic(store, txn, *name, &topic, failure);
    if (status != STATUS_OK) {
        return status;
    }
    struct local_key entry = local_key_topic(*name);
    MDB_val key = local_key_value(&entry);
    int result = mdb_del(txn, store->dbi, &key, NULL);
    struct local_key mark = local_key_of_topic_id('d', topic.id);
    MDB_val nothing = {0};
    key = local_key_value(&mark);
    if (result == 0) {
        result = mdb_put(txn, store->dbi, &key, &nothing, 0);
    }
    /* Who reads it finds no bounds any more: its position is outside the log. */
    for (int32_t p = 0; p < topic.options.partitions && result == 0; p++) {
        struct local_key bounds =
            local_key_bounds((struct local_place){.topic_id = topic.id, .partition = p});
        key = local_key_value(&bounds);
        result = mdb_del(txn, store->dbi, &key, NULL);
        result = result == MDB_NOTFOUND ? 0 : result;
    }
    return result == 0 ? STATUS_OK : local_store_fail(failure, "deleting a topic", result);
}

enum status local_store_delete_topic(struct local_store *store, struct text topic,
                                     struct local_failure *failure)
{
    return local_store_write(store, delete_topic, &topic, failure);
}

/* Removes entries that begin so, until `budget` is spent. */
static int sweep_kind(MDB_cursor *cursor, struct local_key start, unsigned *budget)
{
    MDB_val key;
    MDB_val value;
    int result = 0;
    while (*budget > 0 && seek(cursor, &start, &key, &value, &result)) {
        result = mdb_cursor_del(cursor, 0);
        if (result != 0) {
            return result;
        }
        (*budget)--;
    }
    return result == MDB_NOTFOUND ? 0 : result;
}

static enum status sweep(struct local_store *store, MDB_txn *txn, void *argument,
                         struct local_failure *failure)
{
    static const char kinds[] = {LOCAL_CHUNK_RAW, LOCAL_CHUNK_COMPACTED, 'c', 's'};
    bool *ret_more = argument;
    MDB_cursor *cursor;
    enum status status = open_cursor(store, txn, &cursor, failure);
    if (status != STATUS_OK) {
        return status;
    }
    struct local_key marks = {.length = 1, .bytes = {'d'}};
    MDB_val key;
    MDB_val value;
    int result;
    unsigned budget = SWEEP_ENTRIES_MAX;
    while (budget > 0 && seek(cursor, &marks, &key, &value, &result)) {
        struct local_key mark = {.length = key.mv_size};
        memcpy(mark.bytes, key.mv_data, key.mv_size);
        result = 0;
        for (size_t i = 0; i < ARRAY_LENGTH(kinds) && result == 0; i++) {
            struct local_key start = mark;
            start.bytes[0] = kinds[i];
            result = sweep_kind(cursor, start, &budget);
        }
        if (result != 0 || budget == 0) {
            break;
        }
        result = sweep_kind(cursor, mark, &budget);
    }
    mdb_cursor_close(cursor);
    *ret_more = budget == 0;
    return result == 0 || result == MDB_NOTFOUND ? STATUS_OK
                                                 : local_store_fail(failure, "sweeping", result);
}

static enum status has_marks(struct local_store *store, bool *ret_has,
                             struct local_failure *failure)
{
    MDB_txn *txn;
    MDB_cursor *cursor;
    enum status status = local_store_begin(store, MDB_RDONLY, &txn, failure);
    if (status != STATUS_OK) {
        return status;
    }
    status = open_cursor(store, txn, &cursor, failure);
    if (status == STATUS_OK) {
        struct local_key marks = {.length = 1, .bytes = {'d'}};
        MDB_val key;
        MDB_val value;
        int result;
        *ret_has = seek(cursor, &marks, &key, &value, &result);
        mdb_cursor_close(cursor);
    }
    local_store_end(store, txn);
    return status;
}

enum status local_store_sweep(struct local_store *store, bool *ret_more,
                              struct local_failure *failure)
{
    *ret_more = false;
    bool has = false;
    enum status status = has_marks(store, &has, failure);
    return status == STATUS_OK && has ? local_store_write(store, sweep, ret_more, failure) : status;
}

struct walk {
    bool (*visit)(void *argument, MDB_txn *txn, struct local_store *store,
                  const struct local_topic_visit *topic);
    void *argument;
};

static enum status visit_topic(struct local_store *store, MDB_txn *txn, const struct walk *walk,
                               struct text name, bool *ret_goes_on, struct local_failure *failure)
{
    struct local_bounds bounds[EVENTLOG_PARTITIONS_MAX];
    struct local_topic_visit topic = {.name = name, .bounds = bounds};
    enum status status = local_store_get_topic(store, txn, name, &topic.topic, failure);
    for (int32_t p = 0; status == STATUS_OK && p < topic.topic.options.partitions; p++) {
        struct local_place place = {.topic_id = topic.topic.id, .partition = p};
        status = local_store_get_bounds(store, txn, place, &bounds[p], failure);
        if (status == STATUS_OK) {
            status = local_store_count_bytes(store, txn, place, &bounds[p], failure);
        }
    }
    if (status == STATUS_OK) {
        *ret_goes_on = walk->visit(walk->argument, txn, store, &topic);
    }
    return status;
}

enum status local_store_walk_topics(struct local_store *store,
                                    bool (*visit)(void *argument, MDB_txn *txn,
                                                  struct local_store *store,
                                                  const struct local_topic_visit *topic),
                                    void *argument, struct local_failure *failure)
{
    const struct walk walk = {.visit = visit, .argument = argument};
    MDB_txn *txn;
    MDB_cursor *cursor;
    enum status status = local_store_begin(store, MDB_RDONLY, &txn, failure);
    if (status != STATUS_OK) {
        return status;
    }
    status = open_cursor(store, txn, &cursor, failure);
    if (status == STATUS_OK) {
        struct local_key start = {.length = 1, .bytes = {'t'}};
        MDB_val key;
        MDB_val value;
        int result;
        bool goes_on = seek(cursor, &start, &key, &value, &result);
        while (goes_on && status == STATUS_OK) {
            struct text name = text_of_bytes((const char *)key.mv_data + 1, key.mv_size - 1);
            status = visit_topic(store, txn, &walk, name, &goes_on, failure);
            result = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
            goes_on = goes_on && result == 0 && local_key_starts(&key, &start);
        }
        mdb_cursor_close(cursor);
    }
    local_store_end(store, txn);
    return status;
}

struct plain_walk {
    bool (*visit)(void *argument, const struct local_topic_visit *topic);
    void *argument;
};

static bool visit_plainly(void *argument, MDB_txn *txn, struct local_store *store,
                          const struct local_topic_visit *topic)
{
    const struct plain_walk *walk = argument;
    (void)txn;
    (void)store;
    return walk->visit(walk->argument, topic);
}

enum status local_store_each_topic(struct local_store *store,
                                   bool (*visit)(void *argument,
                                                 const struct local_topic_visit *topic),
                                   void *argument, struct local_failure *failure)
{
    struct plain_walk walk = {.visit = visit, .argument = argument};
    return local_store_walk_topics(store, visit_plainly, &walk, failure);
}

enum status local_store_count_bytes(struct local_store *store, MDB_txn *txn,
                                    struct local_place place, struct local_bounds *bounds,
                                    struct local_failure *failure)
{
    if (bounds->raw_bytes >= 0) {
        return STATUS_OK;
    }
    MDB_cursor *cursor;
    enum status status = open_cursor(store, txn, &cursor, failure);
    if (status != STATUS_OK) {
        return status;
    }
    struct local_key from = local_key_chunk(LOCAL_CHUNK_RAW, place, 0);
    MDB_val key = local_key_value(&from);
    MDB_val value;
    int64_t last;
    bounds->raw_bytes = 0;
    int result = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (result == 0 && local_key_is_chunk(&key, LOCAL_CHUNK_RAW, place, &last)) {
        bounds->raw_bytes += (int64_t)value.mv_size;
        result = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    return result == 0 || result == MDB_NOTFOUND ? STATUS_OK
                                                 : local_store_fail(failure, "reading", result);
}
