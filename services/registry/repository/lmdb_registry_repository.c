#include "registry/repository/lmdb_registry_repository.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "store/lmdb_store.h"
#include "store/store_directory.h"

enum { SCHEMA_VERSION = 1, LOCK_MODE = 0600 };

/* Address space: the most that the registry may hold, twice in a transaction, and to spare. */
#define MAP_BYTES ((size_t)4 << 30)

static const char *const maps[] = {
    [REGISTRY_RECORD_HEAD] = "head",
    [REGISTRY_RECORD_NODE] = "nodes",
    [REGISTRY_RECORD_INSTANCE] = "instances",
};

struct lmdb_registry_repository {
    struct lmdb_store *store;
    int lock_fd;
};

struct save_job {
    struct group_commit_job job;
    const struct registry_batch *batch;
};

static MDB_val value_of(struct text text)
{
    /* LMDB's type has no const; what is put is not written to. */
    union {
        const void *given;
        void *wanted;
    } pointer = {.given = text.data};
    return (MDB_val){.mv_size = text.length, .mv_data = pointer.wanted};
}

/* The head's is empty, which LMDB's may not be. */
static MDB_val key_of(const struct registry_record *record)
{
    return value_of(record->kind == REGISTRY_RECORD_HEAD ? TEXT("head") : record->key);
}

static int empty_maps(struct lmdb_store *store, MDB_txn *txn)
{
    int code = 0;
    for (size_t i = 0; i < REGISTRY_RECORD_KINDS && code == 0; i++) {
        code = mdb_drop(txn, lmdb_store_map(store, i), 0);
    }
    return code;
}

static int apply_record(struct lmdb_store *store, MDB_txn *txn,
                        const struct registry_record *record)
{
    MDB_dbi map = lmdb_store_map(store, record->kind);
    MDB_val key = key_of(record);
    if (record->is_removed) {
        int code = mdb_del(txn, map, &key, NULL);
        return code == MDB_NOTFOUND ? 0 : code;
    }
    MDB_val value = value_of(record->value);
    return mdb_put(txn, map, &key, &value, 0);
}

static enum status apply(struct group_commit_job *job, void *state, struct store_error *error)
{
    const struct registry_batch *batch = CONTAINER_OF(job, struct save_job, job)->batch;
    struct lmdb_store *store = state;
    MDB_txn *txn = lmdb_store_write_txn(store);
    int code = batch->is_whole ? empty_maps(store, txn) : 0;
    for (size_t i = 0; i < batch->count && code == 0; i++) {
        code = apply_record(store, txn, &batch->records[i]);
    }
    return code == 0 ? STATUS_OK : lmdb_store_fail(store, error, code, "saving the registry");
}

static void release(struct group_commit_job *job)
{
    free(CONTAINER_OF(job, struct save_job, job));
}

static enum status save(void *state, struct call *call, const struct registry_batch *batch)
{
    struct lmdb_registry_repository *self = state;
    struct call patient = *call;
    struct save_job *job = calloc(1, sizeof(*job));
    if (job == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    job->job = (struct group_commit_job){.apply = apply, .release = release, .bytes = 0};
    job->batch = batch;
    /* The batch must stay until the writer has done with it. */
    patient.deadline_ns = CALL_NO_DEADLINE;
    patient.cancellation = NULL;
    enum status status = group_commit_run(lmdb_store_writer(self->store), &patient, &job->job);
    call->error = patient.error;
    if (status == STATUS_OK) {
        release(&job->job);
    }
    return status;
}

static enum status load_map(struct lmdb_registry_repository *self, struct call *call, MDB_txn *txn,
                            enum registry_record_kind kind, registry_record_fn visit,
                            void *argument)
{
    MDB_cursor *cursor;
    MDB_val key;
    MDB_val value;
    enum status status = STATUS_OK;
    int code = mdb_cursor_open(txn, lmdb_store_map(self->store, kind), &cursor);
    if (code != 0) {
        return lmdb_store_fail_call(self->store, call, code, "reading the registry");
    }
    while (status == STATUS_OK && (code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        const struct registry_record record = {
            .kind = kind,
            .key = kind == REGISTRY_RECORD_HEAD ? (struct text){NULL, 0}
                                                : text_of_bytes(key.mv_data, key.mv_size),
            .value = text_of_bytes(value.mv_data, value.mv_size),
        };
        status = visit(argument, &record);
    }
    mdb_cursor_close(cursor);
    if (status == STATUS_OK && code != MDB_NOTFOUND) {
        status = lmdb_store_fail_call(self->store, call, code, "reading the registry");
    }
    return status;
}

static enum status load(void *state, struct call *call, registry_record_fn visit, void *argument)
{
    struct lmdb_registry_repository *self = state;
    struct lmdb_reader *reader;
    enum status status = lmdb_store_read_begin(self->store, call, &reader);
    if (status != STATUS_OK) {
        return status;
    }
    for (unsigned kind = 0; kind < REGISTRY_RECORD_KINDS && status == STATUS_OK; kind++) {
        status =
            load_map(self, call, reader->txn, (enum registry_record_kind)kind, visit, argument);
    }
    lmdb_store_read_end(self->store, reader);
    return status;
}

static void close_repository(void *state)
{
    struct lmdb_registry_repository *self = state;
    lmdb_store_close(self->store);
    if (self->lock_fd >= 0) {
        (void)close(self->lock_fd); /* nothing was written to it */
    }
    free(self);
}

static const struct registry_repository_ops lmdb_registry_repository_ops = {
    .load = load,
    .save = save,
    .close = close_repository,
};

/* Two registries on one directory would each save half of what is there. */
static enum status take_lock(struct call *call, struct text path, int *ret_fd)
{
    char name[PATH_MAX];
    if (snprintf(name, sizeof(name), "%.*s/in-use", TEXT_ARGUMENTS(path)) >= (int)sizeof(name)) {
        return call_fail(call, STATUS_FAILED_PRECONDITION, "the path of --data is too long");
    }
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, LOCK_MODE);
    if (fd < 0) {
        return call_fail(call, STATUS_FAILED_PRECONDITION, "%s: %s", name, strerrordesc_np(errno));
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        (void)close(fd);
        return call_fail(call, STATUS_FAILED_PRECONDITION, "%.*s is in use by another registry",
                         TEXT_ARGUMENTS(path));
    }
    *ret_fd = fd;
    return STATUS_OK;
}

enum status lmdb_registry_repository_open(struct call *call,
                                          const struct lmdb_registry_repository_options *options,
                                          struct registry_repository *ret_repository)
{
    const struct lmdb_store_options store = {
        .path = options->path,
        .kind = "registry",
        .schema_version = SCHEMA_VERSION,
        .maps = maps,
        .map_count = ARRAY_LENGTH(maps),
        .map_bytes = MAP_BYTES,
    };
    struct store_error error;
    struct lmdb_registry_repository *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    self->lock_fd = -1;
    enum status status = store_directory_create(options->path, &error);
    if (status != STATUS_OK) {
        (void)store_error_report(&error, call, status);
    } else {
        status = take_lock(call, options->path, &self->lock_fd);
    }
    if (status == STATUS_OK) {
        status = lmdb_store_open(&store, &error, &self->store);
        if (status != STATUS_OK) {
            (void)store_error_report(&error, call, status);
        }
    }
    if (status != STATUS_OK) {
        close_repository(self);
        return status;
    }
    *ret_repository =
        (struct registry_repository){.ops = &lmdb_registry_repository_ops, .state = self};
    return STATUS_OK;
}

enum status lmdb_registry_repository_set_aside(struct call *call, struct text path,
                                               struct text *ret_aside)
{
    char time[CLOCK_TIME_TEXT_BYTES];
    struct text from = path;
    while (from.length > 1 && from.data[from.length - 1] == '/') {
        from.length--;
    }
    from = arena_copy(call->arena, from);
    struct text to = arena_format(call->arena, "%.*s.damaged-%.*s", TEXT_ARGUMENTS(from),
                                  TEXT_ARGUMENTS(clock_format(clock_wall_ms(), time)));
    if (from.data == NULL || to.data == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    if (rename(from.data, to.data) != 0) {
        return call_fail(call, STATUS_UNAVAILABLE, "%s cannot be renamed: %s", from.data,
                         strerrordesc_np(errno));
    }
    *ret_aside = to;
    return STATUS_OK;
}

struct group_commit *lmdb_registry_repository_writer(const struct registry_repository *repository)
{
    const struct lmdb_registry_repository *self = repository->state;
    return lmdb_store_writer(self->store);
}
