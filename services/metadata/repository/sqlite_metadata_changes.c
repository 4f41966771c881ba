/* The feed of changes, read on a worker's thread. */
#include "base/arena.h"
#include "loop/worker.h"
#include "metadata/repository/sqlite_metadata_private.h"

enum { PAGE_BYTES_MAX = METADATA_PAGE_SIZE_MAX * (METADATA_ID_BYTES_MAX + 256) };

/* On the fiber's stack: the worker is waited for. */
struct reading {
    struct sqlite_store *store;
    int64_t after;
    size_t limit;
    enum status status;
    struct store_error error;
    struct arena arena; /* the call's own belongs to its loop thread */
    struct metadata_change *changes;
    size_t count;
    int64_t last;
};

/* SQLITE_DONE: all that were wanted. */
static int read_rows(struct reading *reading, sqlite3_stmt *statement)
{
    while (reading->count < reading->limit) {
        int code = sqlite3_step(statement);
        if (code != SQLITE_ROW) {
            return code;
        }
        struct metadata_change *change = &reading->changes[reading->count++];
        change->sequence = sqlite3_column_int64(statement, 0);
        change->id = arena_copy(&reading->arena, sqlite_column(statement, 1));
        if (change->id.data == NULL) {
            reading->status = STATUS_RESOURCE_EXHAUSTED;
            return SQLITE_DONE;
        }
    }
    return SQLITE_DONE;
}

static bool read_changes(struct reading *reading, struct sqlite_connection *connection)
{
    sqlite3_stmt *statement = connection->statements[SQLITE_METADATA_CHANGES];
    int code = SQLITE_NOMEM;
    if (sqlite3_bind_int64(statement, 1, reading->after) == SQLITE_OK &&
        sqlite3_bind_int64(statement, 2, (sqlite3_int64)reading->limit) == SQLITE_OK) {
        code = read_rows(reading, statement);
    }
    sqlite_connection_reset(statement);
    return code == SQLITE_DONE;
}

static bool read_last(struct reading *reading, struct sqlite_connection *connection)
{
    sqlite3_stmt *statement = connection->statements[SQLITE_METADATA_LAST_CHANGE];
    bool found = sqlite3_step(statement) == SQLITE_ROW;
    if (found) {
        reading->last = sqlite3_column_int64(statement, 0);
    }
    sqlite_connection_reset(statement);
    return found;
}

static void read_page(void *argument)
{
    struct reading *reading = argument;
    struct sqlite_connection *connection;
    reading->changes = arena_calloc(&reading->arena, reading->limit + 1, sizeof(*reading->changes));
    if (reading->changes == NULL) {
        reading->status = STATUS_RESOURCE_EXHAUSTED;
        return;
    }
    reading->status = sqlite_store_read_begin(reading->store, &reading->error, &connection);
    if (reading->status != STATUS_OK) {
        return;
    }
    if (!read_changes(reading, connection) || !read_last(reading, connection)) {
        reading->status =
            sqlite_store_fail(reading->store, &reading->error, connection, "listing changes");
    }
    sqlite_store_read_end(reading->store, connection);
}

static enum status copy_page(struct call *call, const struct reading *reading,
                             struct metadata_changes *ret_changes)
{
    struct metadata_change *changes =
        arena_calloc(call->arena, reading->count + 1, sizeof(*changes));
    bool fits = changes != NULL;
    for (size_t i = 0; i < reading->count && fits; i++) {
        changes[i].sequence = reading->changes[i].sequence;
        changes[i].id = arena_copy(call->arena, reading->changes[i].id);
        fits = changes[i].id.data != NULL;
    }
    if (!fits) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the answer is too large");
    }
    *ret_changes = (struct metadata_changes){changes, reading->count, reading->last};
    return STATUS_OK;
}

enum status sqlite_metadata_list_changes(void *state, struct call *call, int64_t after,
                                         size_t limit, struct metadata_changes *ret_changes)
{
    struct sqlite_metadata_repository *self = state;
    CHECK(limit <= METADATA_PAGE_SIZE_MAX);
    struct reading reading = {
        .store = self->store, .after = after, .limit = limit, .error = {.message = ""}};
    arena_init(&reading.arena, PAGE_BYTES_MAX);
    enum status status = worker_call(self->workers, call, read_page, &reading);
    if (status == STATUS_OK && reading.status != STATUS_OK) {
        status = store_error_report(&reading.error, call, reading.status);
    }
    if (status == STATUS_OK) {
        status = copy_page(call, &reading, ret_changes);
    }
    arena_deinit(&reading.arena);
    return status;
}
