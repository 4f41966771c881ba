#include "store/lmdb_store.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/lmdb_backup.h"
#include "store/lmdb_store_private.h"
#include "store/store_directory.h"

static enum status status_of(int code)
{
    switch (code) {
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
        return STATUS_DATA_LOSS;
    case MDB_MAP_FULL:
    case MDB_READERS_FULL:
    case MDB_MAP_RESIZED:
    case MDB_PANIC:
    case ENOSPC:
    case EDQUOT:
    case EIO:
    case EROFS:
    case EAGAIN:
    case ENOMEM:
        return STATUS_UNAVAILABLE;
    case EACCES:
    case EPERM:
    case ENOENT:
        return STATUS_FAILED_PRECONDITION;
    default:
        return STATUS_INTERNAL;
    }
}

static const char *message_of(enum status status)
{
    return status == STATUS_DATA_LOSS ? "the store is damaged" : "the store cannot be used now";
}

enum status lmdb_store_fail(struct lmdb_store *store, struct store_error *error, int code,
                            const char *what)
{
    enum status status = status_of(code);
    if (code == MDB_MAP_FULL) {
        store->full = true;
    }
    return store_fail(error, status, message_of(status), "%s: %s: %s", store->path, what,
                      mdb_strerror(code));
}

enum status lmdb_store_fail_call(struct lmdb_store *store, struct call *call, int code,
                                 const char *what)
{
    enum status status = status_of(code);
    (void)call_fail_detail(call, status, "%s: %s: %s", store->path, what, mdb_strerror(code));
    return call_fail(call, status, "%s", message_of(status));
}

struct group_commit *lmdb_store_writer(struct lmdb_store *store)
{
    return store->writer;
}

MDB_dbi lmdb_store_map(const struct lmdb_store *store, size_t index)
{
    CHECK(index < store->map_count);
    return store->maps[index];
}

static enum status open_environment(struct lmdb_store *store,
                                    const struct lmdb_store_options *options,
                                    struct store_error *error)
{
    size_t map_bytes = options->map_bytes > 0 ? options->map_bytes : LMDB_STORE_MAP_BYTES_DEFAULT;
    int dead_readers;
    int code = mdb_env_create(&store->env);
    if (code == 0) {
        code = mdb_env_set_mapsize(store->env, map_bytes);
    }
    if (code == 0) {
        code = mdb_env_set_maxdbs(store->env, LMDB_STORE_MAPS_MAX + 1); /* and the schema */
    }
    if (code == 0) {
        code = mdb_env_set_maxreaders(store->env, LMDB_STORE_READER_SLOTS);
    }
    if (code == 0) {
        /* Reads are of single keys: what lies behind a page is not wanted. */
        unsigned flags = MDB_NOTLS | MDB_NORDAHEAD | (options->relaxed ? MDB_NOSYNC : 0U);
        code = mdb_env_open(store->env, store->path, flags, 0600);
    }
    if (code == 0) {
        code = mdb_reader_check(store->env, &dead_readers);
        store->readers_checked_ns = clock_monotonic_ns();
    }
    return code == 0 ? STATUS_OK : lmdb_store_fail(store, error, code, "opening");
}

static enum status open_store(struct lmdb_store *store, const struct lmdb_store_options *options,
                              struct store_error *error)
{
    enum status status = open_environment(store, options, error);
    if (status == STATUS_OK) {
        status = lmdb_schema_open(store, options, error);
    }
    if (status == STATUS_OK) {
        status = store_directory_sync(options->path, error);
    }
    if (status == STATUS_OK) {
        status = group_commit_create("lmdb-writer",
                                     options->relaxed ? &lmdb_relaxed_store_ops : &lmdb_store_ops,
                                     store, &store->writer);
    }
    return status;
}

static void free_store(struct lmdb_store *store)
{
    lmdb_store_free_readers(store);
    if (store->env != NULL) {
        mdb_env_close(store->env);
    }
    pthread_cond_destroy(&store->idle);
    pthread_mutex_destroy(&store->lock);
    free(store->path);
    free(store);
}

enum status lmdb_store_open(const struct lmdb_store_options *options, struct store_error *error,
                            struct lmdb_store **ret_store)
{
    CHECK(options->map_count <= LMDB_STORE_MAPS_MAX);
    *error = (struct store_error){.message = ""};
    enum status status = store_directory_create(options->path, error);
    if (status != STATUS_OK) {
        return status;
    }
    struct lmdb_store *store = calloc(1, sizeof(*store));
    if (store == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    pthread_mutex_init(&store->lock, NULL);
    pthread_cond_init(&store->idle, NULL);
    store->path = strndup(options->path.data, options->path.length);
    status = store->path != NULL ? open_store(store, options, error) : STATUS_RESOURCE_EXHAUSTED;
    if (status != STATUS_OK) {
        free_store(store);
        return status;
    }
    *ret_store = store;
    return STATUS_OK;
}

bool lmdb_store_exists(struct text path)
{
    char file[PATH_MAX];
    int length = snprintf(file, sizeof(file), "%.*s/%s", TEXT_ARGUMENTS(path), LMDB_BACKUP_FILE);
    return length > 0 && (size_t)length < sizeof(file) && access(file, F_OK) == 0;
}

void lmdb_store_close(struct lmdb_store *store)
{
    if (store == NULL || !group_commit_destroy(store->writer)) {
        return; /* the writer is stuck, and still uses the store */
    }
    CHECK(store->active == 0);
    free_store(store);
}
