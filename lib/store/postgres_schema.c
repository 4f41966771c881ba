#include "store/postgres_schema.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

enum { SQL_BYTES = 512, MIGRATE_MS_MAX = 120 * 1000 };

/* Runs one statement; what it gives is a number in its first row, or none. */
static enum status run(struct postgres_connection *connection, struct call *call, const char *sql,
                       struct store_error *error, int64_t *ret_number)
{
    PGresult *result;
    postgres_send_text(connection, sql);
    postgres_sync(connection);
    enum status status = postgres_receive(connection, call, error, &result);
    if (status != STATUS_OK) {
        return status;
    }
    if (ret_number != NULL && PQntuples(result) > 0 && PQnfields(result) > 0) {
        *ret_number = postgres_int8(result, 0, 0);
    }
    PQclear(result);
    return postgres_receive_sync(connection, call, error);
}

/* Cuts a text into its statements where a line ends in a semicolon outside of $$. */
static struct text next_statement(struct text *rest)
{
    bool quoted = false;
    size_t at = 0;
    while (at < rest->length) {
        size_t end = text_find(*rest, at, '\n');
        struct text line = text_slice(*rest, at, end);
        for (size_t i = 0; i + 1 < line.length; i++) {
            quoted = (line.data[i] == '$' && line.data[i + 1] == '$') ? !quoted : quoted;
        }
        at = end + 1;
        if (!quoted && text_ends_with(line, TEXT(";"))) {
            break;
        }
    }
    struct text statement = text_slice(*rest, 0, at);
    *rest = text_slice(*rest, at, rest->length);
    return statement;
}

static bool is_blank(struct text statement)
{
    for (size_t i = 0; i < statement.length; i++) {
        if (statement.data[i] != '\n' && statement.data[i] != ' ') {
            return false;
        }
    }
    return true;
}

static enum status run_migration(struct postgres_connection *connection, struct call *call,
                                 const struct postgres_migration *migration,
                                 struct store_error *error)
{
    struct text rest = text_of_bytes(migration->sql, migration->length);
    enum status status = STATUS_OK;
    while (rest.length > 0 && status == STATUS_OK) {
        struct text statement = next_statement(&rest);
        char *sql = malloc(statement.length + 1);
        if (sql == NULL) {
            return store_fail(error, STATUS_RESOURCE_EXHAUSTED, "no memory for the tables", "%s",
                              "");
        }
        CHECK(text_to_c_string(statement, sql, statement.length + 1));
        if (!is_blank(statement)) {
            status = run(connection, call, sql, error, NULL);
        }
        free(sql);
    }
    return status;
}

/* Whether pg_catalog has such a row. */
static enum status look_for(struct postgres_connection *connection, struct call *call,
                            const char *where, const char *schema, struct store_error *error,
                            bool *ret_found)
{
    char sql[SQL_BYTES];
    int64_t count = 0;
    int length = snprintf(sql, sizeof(sql), "select count(*) from %s = '%s'", where, schema);
    CHECK(length > 0 && (size_t)length < sizeof(sql));
    enum status status = run(connection, call, sql, error, &count);
    *ret_found = count > 0;
    return status;
}

#define VERSIONS_OF "pg_tables where tablename = 'schema_versions' and schemaname"

/* Creates only what is missing: a role without the right to create gets by where nothing is. */
static enum status make_versions(struct postgres_connection *connection, struct call *call,
                                 const char *schema, struct store_error *error)
{
    char sql[SQL_BYTES];
    bool found;
    enum status status =
        look_for(connection, call, "pg_namespace where nspname", schema, error, &found);
    if (status == STATUS_OK && !found) {
        (void)snprintf(sql, sizeof(sql), "create schema %s", schema); /* fits */
        status = run(connection, call, sql, error, NULL);
    }
    if (status == STATUS_OK) {
        status = look_for(connection, call, VERSIONS_OF, schema, error, &found);
    }
    return status != STATUS_OK || found
               ? status
               : run(connection, call,
                     "create table schema_versions (version integer primary key,"
                     " applied_at timestamptz not null default now())",
                     error, NULL);
}

/* In a transaction that holds the lock. */
static enum status migrate_locked(struct postgres_connection *connection, struct call *call,
                                  const struct postgres_session *session,
                                  const struct postgres_migration *migrations, unsigned count,
                                  struct store_error *error)
{
    char sql[SQL_BYTES];
    int64_t version = 0;
    enum status status = make_versions(connection, call, session->schema, error);
    if (status == STATUS_OK) {
        status =
            run(connection, call, "select coalesce(max(version), 0)::int8 from schema_versions",
                error, &version);
    }
    if (status == STATUS_OK && version > (int64_t)count) {
        return store_fail(error, STATUS_FAILED_PRECONDITION,
                          "the database was made by a later version of this program",
                          "schema %s is of version %" PRId64 "; this program knows up to %u",
                          session->schema, version, count);
    }
    for (int64_t next = version; next < (int64_t)count && status == STATUS_OK; next++) {
        status = run_migration(connection, call, &migrations[next], error);
        if (status == STATUS_OK) {
            (void)snprintf(sql, sizeof(sql),
                           "insert into schema_versions (version) values (%" PRId64 ")", next + 1);
            status = run(connection, call, sql, error, NULL);
        }
    }
    return status;
}

enum status postgres_schema_migrate(const struct postgres_session *session,
                                    const struct postgres_migration *migrations, unsigned count,
                                    struct store_error *error)
{
    char lock[SQL_BYTES];
    struct call call = {.deadline_ns = clock_monotonic_ns() + MIGRATE_MS_MAX * CLOCK_NS_PER_MS};
    struct postgres_session plain = *session;
    struct postgres_connection *connection;
    plain.statement_count = 0;
    enum status status = postgres_connection_open(&plain, -1, error, &connection);
    if (status != STATUS_OK) {
        return status;
    }
    (void)snprintf(lock, sizeof(lock),
                   "select pg_advisory_xact_lock(hashtextextended('marquee schema %s', 0))",
                   session->schema);
    status = run(connection, &call, "begin", error, NULL);
    /* Who waits here may wait for a migration; who migrates may take its time. */
    if (status == STATUS_OK) {
        status = run(connection, &call, "set local statement_timeout = 0", error, NULL);
    }
    if (status == STATUS_OK) {
        status = run(connection, &call, lock, error, NULL);
    }
    if (status == STATUS_OK) {
        status = migrate_locked(connection, &call, session, migrations, count, error);
    }
    if (status == STATUS_OK) {
        status = run(connection, &call, "commit", error, NULL);
    }
    postgres_connection_close(connection); /* what was not committed goes with it */
    return status;
}

enum status postgres_schema_exists(const struct postgres_session *session,
                                   struct store_error *error, bool *ret_exists)
{
    struct call call = {.deadline_ns =
                            clock_monotonic_ns() + POSTGRES_STATEMENT_MS_MAX * CLOCK_NS_PER_MS};
    struct postgres_session plain = *session;
    struct postgres_connection *connection;
    plain.statement_count = 0;
    enum status status = postgres_connection_open(&plain, -1, error, &connection);
    if (status == STATUS_OK) {
        status = look_for(connection, &call, VERSIONS_OF, session->schema, error, ret_exists);
        postgres_connection_close(connection);
    }
    return status;
}
