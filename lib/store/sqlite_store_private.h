/* sqlite_store_private.h: what the files of the SQLite store share. */
#pragma once

#include <pthread.h>

#include "store/sqlite_store.h"

struct sqlite_store {
    char *path;
    const char *const *statements;
    size_t statement_count;
    struct group_commit *writer;
    struct sqlite_connection *write_connection; /* of the writer's thread */

    pthread_mutex_t lock; /* guards the pool */
    struct sqlite_connection *pool;
    size_t readers; /* that exist */
};

/* The life of a connection. flags: sqlite3_open_v2()'s. */
MUST_USE enum status sqlite_connection_open(const struct sqlite_store *store, int flags,
                                            struct store_error *error,
                                            struct sqlite_connection **ret_connection);
MUST_USE enum status sqlite_connection_prepare(const struct sqlite_store *store,
                                               struct sqlite_connection *connection,
                                               struct store_error *error);
void sqlite_connection_close(struct sqlite_connection *connection);
void sqlite_connection_close_database(struct sqlite_connection *connection);
void sqlite_reader_close(struct sqlite_connection *connection);

/* Runs SQL that gives no rows that matter. */
MUST_USE enum status sqlite_connection_run(const struct sqlite_store *store,
                                           const struct sqlite_connection *connection,
                                           const char *sql, struct store_error *error);

/* Creates the schema of a new file, migrates an older one, refuses another version. */
MUST_USE enum status sqlite_schema_open(const struct sqlite_store *store,
                                        const struct sqlite_store_options *options,
                                        struct store_error *error);
