#include "local_damage_lmdb.h"

#include <lmdb.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "eventlog/local_store_lmdb_private.h"
#include "store/zlib_checksum.h"

enum { MAP_BYTES = 1 << 28 };

static MDB_env *open_environment(const char *directory)
{
    MDB_env *env;
    CHECK(mdb_env_create(&env) == 0);
    CHECK(mdb_env_set_mapsize(env, MAP_BYTES) == 0);
    CHECK(mdb_env_open(env, directory, 0, 0600) == 0);
    return env;
}

static unsigned count_entries(MDB_cursor *cursor, char entry)
{
    MDB_val key = {.mv_size = 1, .mv_data = &entry};
    MDB_val value;
    unsigned count = 0;
    int result = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (result == 0 && *(const char *)key.mv_data == entry) {
        count++;
        result = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    return count;
}

static void change_value(MDB_cursor *cursor, MDB_val *key, const MDB_val *value, size_t byte)
{
    char *copy = malloc(value->mv_size);
    CHECK(copy != NULL && byte < value->mv_size);
    memcpy(copy, value->mv_data, value->mv_size);
    copy[byte] = (char)(copy[byte] ^ 1);
    MDB_val changed = {.mv_size = value->mv_size, .mv_data = copy};
    CHECK(mdb_cursor_put(cursor, key, &changed, MDB_CURRENT) == 0);
    free(copy);
}

void damage_log(const char *directory, const struct damage *damage)
{
    MDB_env *env = open_environment(directory);
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_cursor *cursor;
    CHECK(mdb_txn_begin(env, NULL, 0, &txn) == 0);
    CHECK(mdb_dbi_open(txn, NULL, 0, &dbi) == 0);
    CHECK(mdb_cursor_open(txn, dbi, &cursor) == 0);
    unsigned count = count_entries(cursor, damage->entry);
    CHECK(damage->number < count);
    char entry = damage->entry;
    MDB_val key = {.mv_size = 1, .mv_data = &entry};
    MDB_val value;
    CHECK(mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE) == 0);
    unsigned number = damage->from_end ? count - 1 - damage->number : damage->number;
    for (unsigned i = 0; i < number; i++) {
        CHECK(mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0);
    }
    if (damage->kind == DAMAGE_REMOVE) {
        CHECK(mdb_cursor_del(cursor, 0) == 0);
    } else {
        change_value(cursor, &key, &value, damage->byte);
    }
    mdb_cursor_close(cursor);
    CHECK(mdb_txn_commit(txn) == 0);
    mdb_env_close(env);
}

void hold_log(const char *directory)
{
    MDB_txn *txn;
    CHECK(mdb_txn_begin(open_environment(directory), NULL, 0, &txn) == 0);
}

/* The checksum of an entry: of its key, and of its value behind the checksum. */
static void seal(const MDB_val *key, char *value, size_t size)
{
    uint32_t checksum = zlib_checksum(0, text_of_bytes(key->mv_data, key->mv_size));
    checksum = zlib_checksum(checksum, text_of_bytes(value + 4, size - 4));
    memcpy(value, &checksum, sizeof(checksum));
}

/* Cuts the values of one kind of entry. */
static void shorten(MDB_cursor *cursor, char entry, size_t size)
{
    MDB_val key = {.mv_size = 1, .mv_data = &entry};
    MDB_val value;
    int result = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (result == 0 && *(const char *)key.mv_data == entry) {
        char name[64];
        char shorter[64];
        CHECK(size <= sizeof(shorter) && value.mv_size > size && key.mv_size <= sizeof(name));
        memcpy(name, key.mv_data, key.mv_size);
        memcpy(shorter, value.mv_data, size);
        seal(&key, shorter, size);
        /* The key lies in the page that is about to change. */
        key.mv_data = name;
        MDB_val changed = {.mv_size = size, .mv_data = shorter};
        CHECK(mdb_cursor_put(cursor, &key, &changed, MDB_CURRENT) == 0);
        result = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
}

void make_version_1(const char *directory)
{
    MDB_env *env = open_environment(directory);
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_cursor *cursor;
    char meta = 'm';
    MDB_val key = {.mv_size = 1, .mv_data = &meta};
    CHECK(mdb_txn_begin(env, NULL, 0, &txn) == 0);
    CHECK(mdb_dbi_open(txn, NULL, 0, &dbi) == 0);
    CHECK(mdb_del(txn, dbi, &key, NULL) == 0);
    CHECK(mdb_cursor_open(txn, dbi, &cursor) == 0);
    shorten(cursor, 't', 12);
    shorten(cursor, 'p', 24);
    mdb_cursor_close(cursor);
    CHECK(mdb_txn_commit(txn) == 0);
    mdb_env_close(env);
}

static void put_version(MDB_env *env, uint32_t version)
{
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_val value;
    char stored[16];
    char meta = 'm';
    MDB_val key = {.mv_size = 1, .mv_data = &meta};
    CHECK(mdb_txn_begin(env, NULL, 0, &txn) == 0);
    CHECK(mdb_dbi_open(txn, NULL, 0, &dbi) == 0);
    CHECK(mdb_get(txn, dbi, &key, &value) == 0 && value.mv_size == sizeof(stored));
    memcpy(stored, value.mv_data, sizeof(stored));
    memcpy(stored + 4, &version, sizeof(version));
    seal(&key, stored, sizeof(stored));
    value = (MDB_val){.mv_size = sizeof(stored), .mv_data = stored};
    CHECK(mdb_put(txn, dbi, &key, &value, 0) == 0);
    CHECK(mdb_txn_commit(txn) == 0);
}

void make_version(const char *directory, uint32_t version)
{
    MDB_env *env = open_environment(directory);
    put_version(env, version);
    mdb_env_close(env);
}

static enum status put_meta(struct local_store *store, MDB_txn *txn, void *argument,
                            struct local_failure *failure)
{
    const struct local_meta *meta = argument;
    return local_store_put_meta(store, txn, meta, failure);
}

void make_version_while_open(struct local_store *store, uint32_t version)
{
    struct local_meta meta = {.version = version, .next_topic_id = 1000};
    struct local_failure failure;
    CHECK(local_store_write(store, put_meta, &meta, &failure) == STATUS_OK);
}
