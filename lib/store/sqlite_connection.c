/* One connection to a SQLite store, its statements and its errors. */
#include <stdlib.h>

#include "store/sqlite_store_private.h"

/* Not opened (sqlite3_open_v2() failed for want of memory) also has words. */
static const char *words_of(const struct sqlite_connection *connection)
{
    return sqlite3_errmsg(connection->database);
}

static enum status status_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return STATUS_DATA_LOSS;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_READONLY:
    case SQLITE_PROTOCOL:
        return STATUS_UNAVAILABLE;
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return STATUS_FAILED_PRECONDITION;
    default:
        return STATUS_INTERNAL;
    }
}

enum status sqlite_store_fail(const struct sqlite_store *store, struct store_error *error,
                              const struct sqlite_connection *connection, const char *what)
{
    enum status status = status_of(sqlite3_extended_errcode(connection->database));
    const char *message = status == STATUS_DATA_LOSS     ? "the store is damaged"
                          : status == STATUS_UNAVAILABLE ? "the store is busy or full"
                                                         : "the store cannot be used";
    return store_fail(error, status, message, "%s: %s: %s", store->path, what,
                      words_of(connection));
}

enum status sqlite_connection_run(const struct sqlite_store *store,
                                  const struct sqlite_connection *connection, const char *sql,
                                  struct store_error *error)
{
    return sqlite3_exec(connection->database, sql, NULL, NULL, NULL) == SQLITE_OK
               ? STATUS_OK
               : sqlite_store_fail(store, error, connection, sql);
}

enum status sqlite_connection_open(const struct sqlite_store *store, int flags,
                                   struct store_error *error,
                                   struct sqlite_connection **ret_connection)
{
    struct sqlite_connection *connection = calloc(1, sizeof(*connection));
    if (connection == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    /* Each connection is used by one thread at a time, so SQLite's own mutexes are left out. */
    int code = sqlite3_open_v2(store->path, &connection->database,
                               flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (code != SQLITE_OK) {
        enum status status = sqlite_store_fail(store, error, connection, "opening");
        sqlite_connection_close(connection);
        return status;
    }
    *ret_connection = connection;
    return STATUS_OK;
}

enum status sqlite_connection_prepare(const struct sqlite_store *store,
                                      struct sqlite_connection *connection,
                                      struct store_error *error)
{
    for (size_t i = 0; i < store->statement_count; i++) {
        if (sqlite3_prepare_v3(connection->database, store->statements[i], -1,
                               SQLITE_PREPARE_PERSISTENT, &connection->statements[i],
                               NULL) != SQLITE_OK) {
            return sqlite_store_fail(store, error, connection, store->statements[i]);
        }
        connection->statement_count = i + 1;
    }
    return STATUS_OK;
}

void sqlite_connection_close_database(struct sqlite_connection *connection)
{
    for (size_t i = 0; i < connection->statement_count; i++) {
        (void)sqlite3_finalize(connection->statements[i]); /* repeats the last step's error */
    }
    (void)sqlite3_finalize(connection->begin);
    (void)sqlite3_finalize(connection->commit);
    CHECK(sqlite3_close(connection->database) == SQLITE_OK);
}

void sqlite_connection_close(struct sqlite_connection *connection)
{
    if (connection != NULL) {
        sqlite_connection_close_database(connection);
        free(connection);
    }
}

void sqlite_connection_reset(sqlite3_stmt *statement)
{
    (void)sqlite3_reset(statement); /* repeats the last step's error */
    (void)sqlite3_clear_bindings(statement);
}

bool sqlite_bind(sqlite3_stmt *statement, int place, struct text text)
{
    return sqlite3_bind_text64(statement, place, text.length > 0 ? text.data : "", text.length,
                               SQLITE_STATIC, SQLITE_UTF8) == SQLITE_OK;
}

struct text sqlite_column(sqlite3_stmt *statement, int column)
{
    const unsigned char *data = sqlite3_column_text(statement, column);
    return text_of_bytes(data, (size_t)sqlite3_column_bytes(statement, column));
}
