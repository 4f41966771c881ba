#include "eventlog/local_store_lmdb.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "eventlog/local_store_lmdb_private.h"

enum { OPEN_MODE = 0600 };

enum status local_store_fail(struct local_failure *failure, const char *what, int number)
{
    (void)snprintf(failure->text, sizeof(failure->text), "%s: %s", what, mdb_strerror(number));
    failure->number = number;
    return STATUS_UNAVAILABLE;
}

static int open_environment(struct local_store *store, const struct local_store_options *options)
{
    int result = mdb_env_create(&store->env);
    if (result != 0) {
        return result;
    }
    result = mdb_env_set_maxreaders(store->env, LOCAL_EVENTLOG_READERS_MAX);
    if (result == 0) {
        result = mdb_env_set_mapsize(store->env, options->map_bytes);
    }
    if (result == 0) {
        result = mdb_env_open(store->env, options->directory, MDB_NOTLS, OPEN_MODE);
    }
    int dead_readers = 0;
    if (result == 0) {
        result = mdb_reader_check(store->env, &dead_readers);
    }
    return result;
}

static enum status refuse_newer(const struct local_meta *meta, struct local_failure *failure)
{
    (void)snprintf(failure->text, sizeof(failure->text),
                   "it was written by a newer Marquee (version %u; this one knows up to %d): "
                   "install that one again, or a newer one",
                   meta->version, LOCAL_STORE_VERSION);
    return STATUS_FAILED_PRECONDITION;
}

/* Opens the database and looks at its version. */
static enum status open_database(struct local_store *store, struct local_failure *failure)
{
    MDB_txn *txn;
    struct local_meta meta;
    enum status status = local_store_begin(store, MDB_RDONLY, &txn, failure);
    if (status != STATUS_OK) {
        return status;
    }
    /* The unnamed database needs no commit to keep its handle. */
    CHECK(mdb_dbi_open(txn, NULL, 0, &store->dbi) == 0);
    status = local_store_get_meta(store, txn, &meta, failure);
    local_store_end(store, txn);
    if (status == STATUS_OK && meta.version > LOCAL_STORE_VERSION) {
        return refuse_newer(&meta, failure);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status local_store_open(const struct local_store_options *options,
                             struct local_store **ret_store, struct local_failure *failure)
{
    struct local_store *store = calloc(1, sizeof(*store));
    if (store == NULL) {
        return local_store_fail(failure, "log", ENOMEM);
    }
    CHECK(pthread_rwlock_init(&store->map_lock, NULL) == 0);
    store->map_bytes_max = options->map_bytes_max;
    int result = open_environment(store, options);
    if (result != 0) {
        local_store_close(store);
        return local_store_fail(failure, options->directory, result);
    }
    enum status status = open_database(store, failure);
    if (status == STATUS_OK) {
        *ret_store = store;
    } else {
        local_store_close(store);
    }
    return status;
}

void local_store_close(struct local_store *store)
{
    if (store == NULL) {
        return;
    }
    mdb_env_close(store->env);
    CHECK(pthread_rwlock_destroy(&store->map_lock) == 0);
    free(store);
}

static int set_map_bytes(struct local_store *store, size_t bytes)
{
    CHECK(pthread_rwlock_wrlock(&store->map_lock) == 0);
    int result = mdb_env_set_mapsize(store->env, bytes);
    CHECK(pthread_rwlock_unlock(&store->map_lock) == 0);
    return result;
}

enum status local_store_begin(struct local_store *store, unsigned flags, MDB_txn **ret_txn,
                              struct local_failure *failure)
{
    for (;;) {
        CHECK(pthread_rwlock_rdlock(&store->map_lock) == 0);
        int result = mdb_txn_begin(store->env, NULL, flags, ret_txn);
        if (result == 0) {
            return STATUS_OK;
        }
        CHECK(pthread_rwlock_unlock(&store->map_lock) == 0);
        if (result == MDB_MAP_RESIZED) {
            result = set_map_bytes(store, 0); /* adopts the size that the file has now */
        }
        if (result != 0) {
            return local_store_fail(failure, "transaction", result);
        }
    }
}

void local_store_end(struct local_store *store, MDB_txn *txn)
{
    if (txn != NULL) {
        mdb_txn_abort(txn);
    }
    CHECK(pthread_rwlock_unlock(&store->map_lock) == 0);
}

/* Doubles the map, up to its maximum. No transaction is held. */
static enum status grow(struct local_store *store, struct local_failure *failure)
{
    MDB_envinfo info;
    CHECK(mdb_env_info(store->env, &info) == 0);
    if (info.me_mapsize > store->map_bytes_max / 2) {
        (void)snprintf(failure->text, sizeof(failure->text),
                       "the log is full: its map may not grow beyond %zu bytes",
                       store->map_bytes_max);
        return STATUS_UNAVAILABLE;
    }
    int result = set_map_bytes(store, info.me_mapsize * 2);
    return result == 0 ? STATUS_OK : local_store_fail(failure, "growing the map", result);
}

/* The first write makes the log one of this version. */
static enum status check_version(struct local_store *store, MDB_txn *txn,
                                 struct local_failure *failure)
{
    struct local_meta meta;
    enum status status = local_store_get_meta(store, txn, &meta, failure);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    if (status == STATUS_OK && meta.version >= LOCAL_STORE_VERSION) {
        return meta.version > LOCAL_STORE_VERSION ? refuse_newer(&meta, failure) : STATUS_OK;
    }
    /* Topics of version 1 were never removed: their number was the next id. */
    meta = (struct local_meta){.version = LOCAL_STORE_VERSION, .next_topic_id = 0};
    MDB_cursor *cursor;
    int result = mdb_cursor_open(txn, store->dbi, &cursor);
    if (result != 0) {
        return local_store_fail(failure, "reading", result);
    }
    char kind = 't';
    MDB_val key = {.mv_size = 1, .mv_data = &kind};
    MDB_val value;
    result = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (result == 0 && *(const char *)key.mv_data == 't') {
        meta.next_topic_id++;
        result = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    return local_store_put_meta(store, txn, &meta, failure);
}

static enum status write_once(struct local_store *store, local_store_body body, void *argument,
                              struct local_failure *failure)
{
    MDB_txn *txn;
    failure->number = 0;
    enum status status = local_store_begin(store, 0, &txn, failure);
    if (status != STATUS_OK) {
        return status;
    }
    status = check_version(store, txn, failure);
    if (status == STATUS_OK) {
        status = body(store, txn, argument, failure);
    }
    if (status == STATUS_OK) {
        int result = mdb_txn_commit(txn);
        txn = NULL;
        if (result != 0) {
            status = local_store_fail(failure, "committing", result);
        }
    }
    local_store_end(store, txn);
    return status;
}

enum status local_store_write(struct local_store *store, local_store_body body, void *argument,
                              struct local_failure *failure)
{
    for (;;) {
        enum status status = write_once(store, body, argument, failure);
        if (status == STATUS_OK || failure->number != MDB_MAP_FULL) {
            return status;
        }
        /* A dead reader's slot keeps old pages from being used again. */
        int dead_readers = 0;
        (void)mdb_reader_check(store->env, &dead_readers);
        status = grow(store, failure);
        if (status != STATUS_OK) {
            return status;
        }
    }
}
