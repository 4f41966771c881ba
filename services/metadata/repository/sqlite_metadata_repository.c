#include "metadata/repository/sqlite_metadata_repository.h"

#include <stdlib.h>

#include "metadata/repository/sqlite_metadata_private.h"

enum { SCHEMA_VERSION = 2 };

/* Each id once, with its latest change. */
#define CHANGES                                                                                    \
    "CREATE TABLE changes ("                                                                       \
    "  sequence INTEGER PRIMARY KEY AUTOINCREMENT,"                                                \
    "  id TEXT NOT NULL UNIQUE"                                                                    \
    ") STRICT;"
#define CHANGE_AFTER(event, row)                                                                   \
    "CREATE TRIGGER metadata_" event " AFTER " event " ON metadata BEGIN"                          \
    "  DELETE FROM changes WHERE id = " row ".id;"                                                 \
    "  INSERT INTO changes (id) VALUES (" row ".id);"                                              \
    "END;"
#define TRIGGERS                                                                                   \
    CHANGE_AFTER("insert", "new") CHANGE_AFTER("update", "new") CHANGE_AFTER("delete", "old")

/* Ids compare as bytes (SQLite's BINARY collation over UTF-8): the order of pages. */
static const char schema[] = "CREATE TABLE metadata ("
                             "  id TEXT NOT NULL PRIMARY KEY,"
                             "  title TEXT NOT NULL,"
                             "  description TEXT NOT NULL,"
                             "  director TEXT NOT NULL,"
                             "  year INTEGER NOT NULL,"
                             "  genres TEXT NOT NULL," /* a line each */
                             "  imdb_id TEXT NOT NULL,"
                             "  tmdb_id TEXT NOT NULL,"
                             "  popularity INTEGER NOT NULL DEFAULT 0"
                             ") STRICT;" CHANGES TRIGGERS;

/* To the version after its place + 1. */
static const char *const migrations[SCHEMA_VERSION - 1] = {
    "ALTER TABLE metadata ADD COLUMN popularity INTEGER NOT NULL DEFAULT 0;" CHANGES TRIGGERS
    "INSERT INTO changes (id) SELECT id FROM metadata ORDER BY id",
};

#define COLUMNS "id, title, description, director, year, genres, imdb_id, tmdb_id, popularity"

/* By enum sqlite_metadata_statement. */
static const char *const statements[SQLITE_METADATA_STATEMENT_COUNT] = {
    [SQLITE_METADATA_GET] = "SELECT " COLUMNS " FROM metadata WHERE id = ?1",
    [SQLITE_METADATA_PUT] =
        "INSERT INTO metadata (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) "
        "ON CONFLICT (id) DO UPDATE SET title = ?2, description = ?3, director = ?4, year = ?5, "
        "genres = ?6, imdb_id = ?7, tmdb_id = ?8, popularity = ?9",
    [SQLITE_METADATA_REMOVE] = "DELETE FROM metadata WHERE id = ?1",
    [SQLITE_METADATA_LIST] = "SELECT " COLUMNS " FROM metadata WHERE id > ?1 ORDER BY id LIMIT ?2",
    [SQLITE_METADATA_CHANGES] =
        "SELECT sequence, id FROM changes WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
    [SQLITE_METADATA_LAST_CHANGE] = "SELECT coalesce(max(sequence), 0) FROM changes",
};

static void close_repository(void *state)
{
    struct sqlite_metadata_repository *self = state;
    sqlite_store_close(self->store);
    free(self);
}

static const struct metadata_repository_ops sqlite_ops = {
    .get = sqlite_metadata_get,
    .put = sqlite_metadata_put,
    .remove = sqlite_metadata_remove,
    .list = sqlite_metadata_list,
    .list_changes = sqlite_metadata_list_changes,
    .close = close_repository,
};

enum status
sqlite_metadata_repository_open(struct call *call,
                                const struct sqlite_metadata_repository_options *options,
                                struct metadata_repository *ret_repository)
{
    const struct sqlite_store_options store_options = {
        .path = options->path,
        .schema = schema,
        .schema_version = SCHEMA_VERSION,
        .migrations = migrations,
        .statements = statements,
        .statement_count = ARRAY_LENGTH(statements),
    };
    struct sqlite_metadata_repository *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the store");
    }
    struct store_error error;
    enum status status = sqlite_store_open(&store_options, &error, &self->store);
    if (status != STATUS_OK) {
        free(self);
        return store_error_report(&error, call, status);
    }
    self->workers = options->workers;
    *ret_repository = (struct metadata_repository){.ops = &sqlite_ops, .state = self};
    return STATUS_OK;
}

struct sqlite_store *sqlite_metadata_repository_store(const struct metadata_repository *repository)
{
    CHECK(repository->ops == &sqlite_ops);
    const struct sqlite_metadata_repository *self = repository->state;
    return self->store;
}
