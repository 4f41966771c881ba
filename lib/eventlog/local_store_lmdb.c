#include "eventlog/local_store_lmdb.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "eventlog/local_store_lmdb_private.h"
#include "store/zlib_checksum.h"

enum { NUMBERED_KEY_BYTES = 9, CHUNK_KEY_BYTES = 17, OPEN_MODE = 0600 };

/* As stored, in the byte order of the machine, as all of LMDB's own pages are. */
struct stored_topic {
    uint32_t checksum;
    uint32_t id;
    int32_t partitions;
};

struct stored_bounds {
    uint32_t checksum;
    uint32_t reserved;
    int64_t begin;
    int64_t end;
};

enum status local_store_fail(struct local_failure *failure, const char *what, int number)
{
    (void)snprintf(failure->text, sizeof(failure->text), "%s: %s", what, mdb_strerror(number));
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
    MDB_txn *txn;
    enum status status = local_store_begin(store, MDB_RDONLY, &txn, failure);
    if (status == STATUS_OK) {
        /* The unnamed database needs no commit to keep its handle. */
        CHECK(mdb_dbi_open(txn, NULL, 0, &store->dbi) == 0);
        local_store_end(store, txn);
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

enum status local_store_grow(struct local_store *store, struct local_failure *failure)
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

struct local_key local_key_topic(struct text topic)
{
    struct local_key key = {.length = 1 + topic.length};
    key.bytes[0] = 't';
    memcpy(key.bytes + 1, topic.data, topic.length);
    return key;
}

static struct local_key numbered_key(char kind, struct local_place place)
{
    struct local_key key = {.length = NUMBERED_KEY_BYTES};
    uint32_t id = htobe32(place.topic_id);
    uint32_t partition = htobe32((uint32_t)place.partition);
    key.bytes[0] = kind;
    memcpy(key.bytes + 1, &id, sizeof(id));
    memcpy(key.bytes + 5, &partition, sizeof(partition));
    return key;
}

struct local_key local_key_bounds(struct local_place place)
{
    return numbered_key('p', place);
}

struct local_key local_key_chunk(struct local_place place, int64_t last_offset)
{
    struct local_key key = numbered_key('r', place);
    uint64_t offset = htobe64((uint64_t)last_offset);
    memcpy(key.bytes + NUMBERED_KEY_BYTES, &offset, sizeof(offset));
    key.length = CHUNK_KEY_BYTES;
    return key;
}

bool local_key_is_chunk(const MDB_val *key, struct local_place place, int64_t *ret_last_offset)
{
    struct local_key start = numbered_key('r', place);
    if (key->mv_size != CHUNK_KEY_BYTES || memcmp(key->mv_data, start.bytes, start.length) != 0) {
        return false;
    }
    uint64_t offset;
    memcpy(&offset, (const char *)key->mv_data + NUMBERED_KEY_BYTES, sizeof(offset));
    *ret_last_offset = (int64_t)be64toh(offset);
    return true;
}

/* Of the key and of what follows the stored checksum. */
static uint32_t stored_checksum(const struct local_key *key, const void *stored, size_t size)
{
    uint32_t checksum = zlib_checksum(0, text_of_bytes(key->bytes, key->length));
    return zlib_checksum(
        checksum, text_of_bytes((const char *)stored + sizeof(checksum), size - sizeof(checksum)));
}

/* Copies a value of exactly `size` bytes whose first four are its checksum. */
static enum status get_stored(struct local_store *store, MDB_txn *txn, struct local_key *key,
                              void *stored, size_t size, struct local_failure *failure)
{
    MDB_val value;
    MDB_val name = local_key_value(key);
    int result = mdb_get(txn, store->dbi, &name, &value);
    if (result == MDB_NOTFOUND) {
        return STATUS_NOT_FOUND;
    }
    if (result != 0) {
        return local_store_fail(failure, "reading", result);
    }
    uint32_t checksum = 0;
    if (value.mv_size == size) {
        memcpy(stored, value.mv_data, size);
        memcpy(&checksum, stored, sizeof(checksum));
    }
    if (value.mv_size != size || checksum != stored_checksum(key, stored, size)) {
        (void)snprintf(failure->text, sizeof(failure->text), "a bad checksum in the entry '%c'",
                       key->bytes[0]);
        return STATUS_DATA_LOSS;
    }
    return STATUS_OK;
}

enum status local_store_get_topic(struct local_store *store, MDB_txn *txn, struct text topic,
                                  struct local_topic *ret_topic, struct local_failure *failure)
{
    struct local_key key = local_key_topic(topic);
    struct stored_topic stored;
    enum status status = get_stored(store, txn, &key, &stored, sizeof(stored), failure);
    if (status == STATUS_OK) {
        *ret_topic = (struct local_topic){.id = stored.id, .partitions = stored.partitions};
    }
    return status;
}

enum status local_store_get_bounds(struct local_store *store, MDB_txn *txn,
                                   struct local_place place, struct local_bounds *ret_bounds,
                                   struct local_failure *failure)
{
    struct local_key key = local_key_bounds(place);
    struct stored_bounds stored;
    enum status status = get_stored(store, txn, &key, &stored, sizeof(stored), failure);
    if (status == STATUS_OK) {
        *ret_bounds = (struct local_bounds){.begin = stored.begin, .end = stored.end};
    } else if (status == STATUS_NOT_FOUND) {
        *ret_bounds = (struct local_bounds){0};
        status = STATUS_OK;
    }
    return status;
}

int local_store_put_topic(struct local_store *store, MDB_txn *txn, struct text name,
                          const struct local_topic *topic)
{
    struct local_key key = local_key_topic(name);
    struct stored_topic stored = {.id = topic->id, .partitions = topic->partitions};
    stored.checksum = stored_checksum(&key, &stored, sizeof(stored));
    MDB_val place = local_key_value(&key);
    MDB_val value = {.mv_size = sizeof(stored), .mv_data = &stored};
    return mdb_put(txn, store->dbi, &place, &value, 0);
}

int local_store_put_bounds(struct local_store *store, MDB_txn *txn, struct local_place place,
                           const struct local_bounds *bounds)
{
    struct local_key key = local_key_bounds(place);
    struct stored_bounds stored = {.begin = bounds->begin, .end = bounds->end};
    stored.checksum = stored_checksum(&key, &stored, sizeof(stored));
    MDB_val name = local_key_value(&key);
    MDB_val value = {.mv_size = sizeof(stored), .mv_data = &stored};
    return mdb_put(txn, store->dbi, &name, &value, 0);
}
