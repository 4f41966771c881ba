/* Where a program is in a transaction of the store, by its calls of liblmdb. liblmdb's own calls of
 * libc within a commit are looked at in crash_shim_file.c. */
#include <lmdb.h>
#include <stddef.h>
#include <string.h>

#include "proof/crash_shim.h"

enum { STORES_MAX = 4 };

static MDB_env *_Atomic stores[STORES_MAX];

/* The store's map of positions: a transaction that writes nothing else is the claim of a partition
 * that has just become ours. */
static _Atomic MDB_dbi positions = (MDB_dbi)-1;
static _Thread_local unsigned puts_of_transaction;
static _Thread_local unsigned puts_of_positions;

static bool is_store(MDB_env *env)
{
    for (int i = 0; i < STORES_MAX; i++) {
        if (env != NULL && atomic_load(&stores[i]) == env) {
            return true;
        }
    }
    return false;
}

int mdb_env_open(MDB_env *env, const char *path, unsigned int flags, mdb_mode_t mode)
{
    int (*next)(MDB_env *, const char *, unsigned int, mdb_mode_t);
    crash_shim_next("mdb_env_open", &next);
    for (int i = 0; i < STORES_MAX && crash_shim_is_store(path); i++) {
        MDB_env *none = NULL;
        if (atomic_compare_exchange_strong(&stores[i], &none, env)) {
            break;
        }
    }
    return next(env, path, flags, mode);
}

void mdb_env_close(MDB_env *env)
{
    void (*next)(MDB_env *);
    crash_shim_next("mdb_env_close", &next);
    for (int i = 0; i < STORES_MAX; i++) {
        MDB_env *own = env;
        (void)atomic_compare_exchange_strong(&stores[i], &own, NULL);
    }
    next(env);
}

int mdb_dbi_open(MDB_txn *txn, const char *name, unsigned int flags, MDB_dbi *dbi)
{
    int (*next)(MDB_txn *, const char *, unsigned int, MDB_dbi *);
    crash_shim_next("mdb_dbi_open", &next);
    int result = next(txn, name, flags, dbi);
    if (result == 0 && name != NULL && strcmp(name, "positions") == 0) {
        positions = *dbi;
    }
    return result;
}

int mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned int flags, MDB_txn **txn)
{
    int (*next)(MDB_env *, MDB_txn *, unsigned int, MDB_txn **);
    crash_shim_next("mdb_txn_begin", &next);
    if ((flags & MDB_RDONLY) == 0 && is_store(env)) {
        crash_point_reached(CRASH_BEFORE_BEGIN);
        puts_of_transaction = 0;
        puts_of_positions = 0;
    }
    return next(env, parent, flags, txn);
}

int mdb_put(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data, unsigned int flags)
{
    int (*next)(MDB_txn *, MDB_dbi, MDB_val *, MDB_val *, unsigned int);
    crash_shim_next("mdb_put", &next);
    int result = next(txn, dbi, key, data, flags);
    if (is_store(mdb_txn_env(txn))) {
        puts_of_transaction++;
        puts_of_positions += dbi == positions ? 1 : 0;
        crash_point_reached(CRASH_MID_BATCH);
    }
    return result;
}

int mdb_cursor_put(MDB_cursor *cursor, MDB_val *key, MDB_val *data, unsigned int flags)
{
    int (*next)(MDB_cursor *, MDB_val *, MDB_val *, unsigned int);
    crash_shim_next("mdb_cursor_put", &next);
    int result = next(cursor, key, data, flags);
    if (is_store(mdb_txn_env(mdb_cursor_txn(cursor)))) {
        puts_of_transaction++;
        crash_point_reached(CRASH_MID_BATCH);
    }
    return result;
}

int mdb_txn_commit(MDB_txn *txn)
{
    int (*next)(MDB_txn *);
    crash_shim_next("mdb_txn_commit", &next);
    if (!is_store(mdb_txn_env(txn))) {
        return next(txn);
    }
    if (puts_of_positions > 0 && puts_of_positions == puts_of_transaction) {
        crash_point_reached(CRASH_ASSIGNMENT);
    }
    crash_point_reached(CRASH_BEFORE_COMMIT);
    crash_shim_committing(true);
    int result = next(txn);
    crash_shim_committing(false);
    crash_point_reached(CRASH_AFTER_COMMIT);
    return result;
}
