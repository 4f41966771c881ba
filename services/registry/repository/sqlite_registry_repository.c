#include "registry/repository/sqlite_registry_repository.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "store/sqlite_store.h"
#include "store/store_directory.h"

enum { SCHEMA_VERSION = 1, LOCK_MODE = 0600 };

static const char schema[] = "CREATE TABLE record ("
                             "  kind INTEGER NOT NULL,"
                             "  key BLOB NOT NULL,"
                             "  value BLOB NOT NULL,"
                             "  PRIMARY KEY (kind, key)"
                             ") STRICT";

enum statement { PUT, REMOVE, REMOVE_ALL, LIST, CHECK_FILE, STATEMENTS };

static const char *const statements[STATEMENTS] = {
    [PUT] = ("INSERT INTO record (kind, key, value) VALUES (?1, ?2, ?3) "
             "ON CONFLICT (kind, key) DO UPDATE SET value = ?3"),
    [REMOVE] = "DELETE FROM record WHERE kind = ?1 AND key = ?2",
    [REMOVE_ALL] = "DELETE FROM record",
    [LIST] = "SELECT kind, key, value FROM record ORDER BY kind, key",
    [CHECK_FILE] = "PRAGMA quick_check(1)",
};

struct sqlite_registry_repository {
    struct sqlite_store *store;
    int lock_fd;
};

struct save_job {
    struct group_commit_job job;
    const struct registry_batch *batch;
};

static bool bind_blob(sqlite3_stmt *statement, int place, struct text bytes)
{
    return sqlite3_bind_blob64(statement, place, bytes.length > 0 ? bytes.data : "", bytes.length,
                               SQLITE_STATIC) == SQLITE_OK;
}

static bool apply_record(const struct sqlite_connection *connection,
                         const struct registry_record *record)
{
    sqlite3_stmt *statement = connection->statements[record->is_removed ? REMOVE : PUT];
    bool done = sqlite3_bind_int(statement, 1, (int)record->kind) == SQLITE_OK &&
                bind_blob(statement, 2, record->key) &&
                (record->is_removed || bind_blob(statement, 3, record->value)) &&
                sqlite3_step(statement) == SQLITE_DONE;
    sqlite_connection_reset(statement);
    return done;
}

static bool remove_all(const struct sqlite_connection *connection)
{
    sqlite3_stmt *statement = connection->statements[REMOVE_ALL];
    bool done = sqlite3_step(statement) == SQLITE_DONE;
    sqlite_connection_reset(statement);
    return done;
}

static enum status apply(struct group_commit_job *job, void *state, struct store_error *error)
{
    const struct registry_batch *batch = CONTAINER_OF(job, struct save_job, job)->batch;
    struct sqlite_store *store = state;
    struct sqlite_connection *connection = sqlite_store_write_connection(store);
    bool done = !batch->is_whole || remove_all(connection);
    for (size_t i = 0; i < batch->count && done; i++) {
        done = apply_record(connection, &batch->records[i]);
    }
    return done ? STATUS_OK : sqlite_store_fail(store, error, connection, "saving the registry");
}

static void release(struct group_commit_job *job)
{
    free(CONTAINER_OF(job, struct save_job, job));
}

static enum status save(void *state, struct call *call, const struct registry_batch *batch)
{
    struct sqlite_registry_repository *self = state;
    struct call patient = *call;
    struct save_job *job = calloc(1, sizeof(*job));
    if (job == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    job->job = (struct group_commit_job){.apply = apply, .release = release};
    job->batch = batch;
    /* The batch must stay until the writer has done with it. */
    patient.deadline_ns = CALL_NO_DEADLINE;
    patient.cancellation = NULL;
    enum status status = group_commit_run(sqlite_store_writer(self->store), &patient, &job->job);
    call->error = patient.error;
    if (status == STATUS_OK) {
        release(&job->job);
    }
    return status;
}

static struct text blob(sqlite3_stmt *statement, int column)
{
    const void *data = sqlite3_column_blob(statement, column);
    return text_of_bytes(data, (size_t)sqlite3_column_bytes(statement, column));
}

/* Damage may be where nothing is read at the start, but written later. */
static enum status check_file(const struct sqlite_store *store,
                              const struct sqlite_connection *connection, struct store_error *error)
{
    sqlite3_stmt *statement = connection->statements[CHECK_FILE];
    enum status status = STATUS_OK;
    if (sqlite3_step(statement) != SQLITE_ROW) {
        status = sqlite_store_fail(store, error, connection, "checking the registry");
    } else if (!text_equal(sqlite_column(statement, 0), TEXT("ok"))) {
        status = store_fail(error, STATUS_DATA_LOSS, "the store is damaged", "%.*s",
                            TEXT_ARGUMENTS(sqlite_column(statement, 0)));
    }
    sqlite_connection_reset(statement);
    return status;
}

static enum status read_records(const struct sqlite_store *store,
                                const struct sqlite_connection *connection,
                                registry_record_fn visit, void *argument, struct store_error *error)
{
    sqlite3_stmt *statement = connection->statements[LIST];
    enum status status = STATUS_OK;
    int code = SQLITE_DONE;
    while (status == STATUS_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        int kind = sqlite3_column_int(statement, 0);
        const struct registry_record record = {
            .kind = kind >= 0 && kind < REGISTRY_RECORD_KINDS ? (enum registry_record_kind)kind
                                                              : REGISTRY_RECORD_KINDS,
            .key = blob(statement, 1),
            .value = blob(statement, 2),
        };
        status = visit(argument, &record);
    }
    if (status == STATUS_OK && code != SQLITE_DONE) {
        status = sqlite_store_fail(store, error, connection, "reading the registry");
    }
    sqlite_connection_reset(statement);
    return status;
}

static enum status load(void *state, struct call *call, registry_record_fn visit, void *argument)
{
    struct sqlite_registry_repository *self = state;
    struct sqlite_connection *connection;
    struct store_error error = {.message = ""};
    enum status status = sqlite_store_read_begin(self->store, &error, &connection);
    if (status == STATUS_OK) {
        status = check_file(self->store, connection, &error);
        if (status == STATUS_OK) {
            status = read_records(self->store, connection, visit, argument, &error);
        }
        sqlite_store_read_end(self->store, connection);
    }
    return status == STATUS_OK || error.message[0] == '\0'
               ? status
               : store_error_report(&error, call, status);
}

static void close_repository(void *state)
{
    struct sqlite_registry_repository *self = state;
    sqlite_store_close(self->store);
    if (self->lock_fd >= 0) {
        (void)close(self->lock_fd); /* nothing was written to it */
    }
    free(self);
}

static const struct registry_repository_ops sqlite_registry_repository_ops = {
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

enum status
sqlite_registry_repository_open(struct call *call,
                                const struct sqlite_registry_repository_options *options,
                                struct registry_repository *ret_repository)
{
    const struct sqlite_store_options store = {
        .path = arena_format(call->arena, "%.*s/registry.sqlite", TEXT_ARGUMENTS(options->path)),
        .schema = schema,
        .schema_version = SCHEMA_VERSION,
        .statements = statements,
        .statement_count = ARRAY_LENGTH(statements),
    };
    struct store_error error;
    struct sqlite_registry_repository *self = calloc(1, sizeof(*self));
    if (self == NULL || store.path.data == NULL) {
        free(self);
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
        status = sqlite_store_open(&store, &error, &self->store);
        if (status != STATUS_OK) {
            (void)store_error_report(&error, call, status);
        }
    }
    if (status != STATUS_OK) {
        close_repository(self);
        return status;
    }
    *ret_repository =
        (struct registry_repository){.ops = &sqlite_registry_repository_ops, .state = self};
    return STATUS_OK;
}

enum status sqlite_registry_repository_set_aside(struct call *call, struct text path,
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

struct group_commit *sqlite_registry_repository_writer(const struct registry_repository *repository)
{
    const struct sqlite_registry_repository *self = repository->state;
    return sqlite_store_writer(self->store);
}
