/* The version of a SQLite store's schema, kept in user_version. */
#include <stdio.h>

#include "store/sqlite_store_private.h"

static enum status read_version(const struct sqlite_store *store, struct store_error *error,
                                int *ret_version)
{
    const struct sqlite_connection *connection = store->write_connection;
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(connection->database, "PRAGMA user_version", -1, &statement, NULL) !=
        SQLITE_OK) {
        return sqlite_store_fail(store, error, connection, "reading the schema's version");
    }
    enum status status = STATUS_OK;
    if (sqlite3_step(statement) == SQLITE_ROW) {
        *ret_version = sqlite3_column_int(statement, 0);
    } else {
        status = sqlite_store_fail(store, error, connection, "reading the schema's version");
    }
    (void)sqlite3_finalize(statement); /* repeats the step's error */
    return status;
}

static enum status set_version(const struct sqlite_store *store, int version,
                               struct store_error *error)
{
    char sql[64];
    (void)snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", version); /* fits by its size */
    return sqlite_connection_run(store, store->write_connection, sql, error);
}

/* Version 0 is also that of somebody else's database: its tables must not get mixed with ours. */
static enum status create_schema(const struct sqlite_store *store,
                                 const struct sqlite_store_options *options,
                                 struct store_error *error)
{
    enum status status =
        sqlite_connection_run(store, store->write_connection, options->schema, error);
    return status == STATUS_OK ? set_version(store, options->schema_version, error) : status;
}

/* From a version of ours, step by step. */
static enum status migrate(const struct sqlite_store *store,
                           const struct sqlite_store_options *options, int version,
                           struct store_error *error)
{
    enum status status = STATUS_OK;
    for (; version < options->schema_version && status == STATUS_OK; version++) {
        status = sqlite_connection_run(store, store->write_connection,
                                       options->migrations[version - 1], error);
    }
    return status == STATUS_OK ? set_version(store, options->schema_version, error) : status;
}

static enum status open_within(const struct sqlite_store *store,
                               const struct sqlite_store_options *options,
                               struct store_error *error)
{
    int version = 0;
    enum status status = read_version(store, error, &version);
    if (status == STATUS_OK && version == 0) {
        return create_schema(store, options, error);
    }
    bool is_older = version > 0 && version < options->schema_version;
    if (status == STATUS_OK && is_older && options->migrations != NULL) {
        return migrate(store, options, version, error);
    }
    if (status == STATUS_OK && version != options->schema_version) {
        status = store_fail(error, STATUS_FAILED_PRECONDITION, "the store is of another version",
                            "%s: schema version %d, where this program knows %d", store->path,
                            version, options->schema_version);
    }
    return status;
}

enum status sqlite_schema_open(const struct sqlite_store *store,
                               const struct sqlite_store_options *options,
                               struct store_error *error)
{
    int version = 0;
    enum status status = read_version(store, error, &version);
    if (status != STATUS_OK) {
        return status;
    }
    if (version == options->schema_version) {
        return STATUS_OK; /* without the write lock, which a stopped process may hold */
    }
    status = sqlite_connection_run(store, store->write_connection, "BEGIN IMMEDIATE", error);
    if (status != STATUS_OK) {
        return status;
    }
    status = open_within(store, options, error);
    if (status == STATUS_OK) {
        return sqlite_connection_run(store, store->write_connection, "COMMIT", error);
    }
    (void)sqlite3_exec(store->write_connection->database, "ROLLBACK", NULL, NULL,
                       NULL); /* the first failure is the one to tell */
    return status;
}
