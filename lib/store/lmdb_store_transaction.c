/* The transactions of an LMDB store: the pool of readers, the writer's one, and what keeps them
 * apart while the map grows. */
#include <stdlib.h>

#include "base/clock.h"
#include "store/lmdb_store_private.h"

/* mdb_env_set_mapsize() takes the map away from under open transactions (lmdb.h), so readers are
 * kept out; they are short. */
int lmdb_store_remap(struct lmdb_store *store, size_t bytes)
{
    pthread_mutex_lock(&store->lock);
    while (store->remapping) {
        pthread_cond_wait(&store->idle, &store->lock);
    }
    store->remapping = true;
    while (store->active > 0) {
        pthread_cond_wait(&store->idle, &store->lock);
    }
    int code = mdb_env_set_mapsize(store->env, bytes);
    store->remapping = false;
    pthread_cond_broadcast(&store->idle);
    pthread_mutex_unlock(&store->lock);
    return code;
}

/* Readers */

void lmdb_store_free_readers(struct lmdb_store *store)
{
    while (store->pool != NULL) {
        struct lmdb_reader *reader = store->pool;
        store->pool = reader->next;
        mdb_txn_abort(reader->txn);
        free(reader);
    }
}

/* With the lock held: counts a reader in; an idle one, or NULL when one must be made. false: there
 * are too many. */
static bool take_reader(struct lmdb_store *store, struct lmdb_reader **ret_reader)
{
    while (store->remapping) {
        pthread_cond_wait(&store->idle, &store->lock);
    }
    struct lmdb_reader *reader = store->pool;
    if (reader == NULL && store->readers >= LMDB_STORE_READERS_MAX) {
        return false;
    }
    if (reader != NULL) {
        store->pool = reader->next;
    } else {
        store->readers++;
    }
    store->active++;
    *ret_reader = reader;
    return true;
}

/* Counts a reader out; `kept` goes back to the pool, NULL when it is gone. */
static void leave(struct lmdb_store *store, struct lmdb_reader *kept)
{
    pthread_mutex_lock(&store->lock);
    if (kept != NULL) {
        kept->next = store->pool;
        store->pool = kept;
    } else {
        store->readers--;
    }
    store->active--;
    if (store->remapping && store->active == 0) {
        pthread_cond_broadcast(&store->idle);
    }
    pthread_mutex_unlock(&store->lock);
}

static int start_reader(struct lmdb_store *store, struct lmdb_reader **reader)
{
    if (*reader != NULL) {
        return mdb_txn_renew((*reader)->txn);
    }
    struct lmdb_reader *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return MDB_READERS_FULL;
    }
    int code = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &made->txn);
    if (code != 0) {
        free(made);
        return code;
    }
    *reader = made;
    return 0;
}

static int begin_reading(struct lmdb_store *store, struct lmdb_reader **ret_reader)
{
    struct lmdb_reader *reader;
    pthread_mutex_lock(&store->lock);
    bool taken = take_reader(store, &reader);
    pthread_mutex_unlock(&store->lock);
    if (!taken) {
        return MDB_READERS_FULL;
    }
    int code = start_reader(store, &reader);
    if (code != 0) {
        leave(store, reader);
        return code;
    }
    *ret_reader = reader;
    return 0;
}

int lmdb_store_begin_reading(struct lmdb_store *store, struct lmdb_reader **ret_reader)
{
    int code = begin_reading(store, ret_reader);
    int dead = 0;
    for (unsigned i = 0; code == MDB_MAP_RESIZED && i < LMDB_STORE_REMAPS_MAX; i++) {
        code = lmdb_store_remap(store, 0);
        code = code == 0 ? begin_reading(store, ret_reader) : code;
    }
    if (code == MDB_READERS_FULL && mdb_reader_check(store->env, &dead) == 0 && dead > 0) {
        code = begin_reading(store, ret_reader); /* killed processes had their slots */
    }
    return code;
}

enum status lmdb_store_read_begin(struct lmdb_store *store, struct call *call,
                                  struct lmdb_reader **ret_reader)
{
    int code = lmdb_store_begin_reading(store, ret_reader);
    return code == 0 ? STATUS_OK : lmdb_store_fail_call(store, call, code, "beginning to read");
}

void lmdb_store_read_end(struct lmdb_store *store, struct lmdb_reader *reader)
{
    mdb_txn_reset(reader->txn);
    leave(store, reader);
}

/* The writer */

MDB_txn *lmdb_store_write_txn(const struct lmdb_store *store)
{
    return store->write_txn;
}

/* Readers of processes that were killed keep pages from being used again until somebody looks. */
static void check_readers(struct lmdb_store *store)
{
    int64_t now_ns = clock_monotonic_ns();
    if (now_ns - store->readers_checked_ns < LMDB_STORE_CHECK_MS * CLOCK_NS_PER_MS) {
        return;
    }
    int dead;
    store->readers_checked_ns = now_ns;
    (void)mdb_reader_check(store->env, &dead); /* a failure costs space only; it is tried again */
}

static enum status begin_write(void *state, struct store_error *error)
{
    struct lmdb_store *store = state;
    check_readers(store);
    store->full = false;
    int code = mdb_txn_begin(store->env, NULL, 0, &store->write_txn);
    for (unsigned i = 0; code == MDB_MAP_RESIZED && i < LMDB_STORE_REMAPS_MAX; i++) {
        code = lmdb_store_remap(store, 0);
        code = code == 0 ? mdb_txn_begin(store->env, NULL, 0, &store->write_txn) : code;
    }
    return code == 0 ? STATUS_OK : lmdb_store_fail(store, error, code, "beginning to write");
}

static enum status commit_write(void *state, struct store_error *error)
{
    struct lmdb_store *store = state;
    MDB_txn *txn = store->write_txn;
    store->write_txn = NULL; /* freed whatever is returned */
    int code = mdb_txn_commit(txn);
    return code == 0 ? STATUS_OK : lmdb_store_fail(store, error, code, "committing");
}

static enum status sync_commits(void *state, struct store_error *error)
{
    struct lmdb_store *store = state;
    int code = mdb_env_sync(store->env, 1);
    return code == 0 ? STATUS_OK : lmdb_store_fail(store, error, code, "syncing");
}

bool lmdb_store_grow(struct lmdb_store *store)
{
    MDB_envinfo info;
    if (mdb_env_info(store->env, &info) != 0 || info.me_mapsize > LMDB_STORE_MAP_BYTES_MAX / 2) {
        return false;
    }
    return lmdb_store_remap(store, info.me_mapsize * 2) == 0;
}

static bool abort_write(void *state)
{
    struct lmdb_store *store = state;
    if (store->write_txn != NULL) {
        mdb_txn_abort(store->write_txn);
        store->write_txn = NULL;
    }
    bool grown = store->full && lmdb_store_grow(store);
    store->full = false;
    return grown;
}

const struct group_commit_ops lmdb_store_ops = {
    .begin = begin_write,
    .commit = commit_write,
    .abort = abort_write,
};

const struct group_commit_ops lmdb_relaxed_store_ops = {
    .begin = begin_write,
    .commit = commit_write,
    .abort = abort_write,
    .sync = sync_commits,
    .sync_ms = LMDB_STORE_SYNC_MS,
};
