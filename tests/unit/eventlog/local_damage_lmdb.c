#include "local_damage_lmdb.h"

#include <lmdb.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

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
