#include "metadata/repository/sqlite_metadata_repository.h"

#include <stdlib.h>

#include "base/arena.h"
#include "metadata/repository/metadata_title_key.h"
#include "metadata/repository/sqlite_metadata_private.h"

enum {
    SCHEMA_VERSION = 3,
    FOLDING_BYTES_MAX = 128 * 1024,
    CHECKPOINT_PAGES = 8192, /* 32 MiB: of an import, each title's key is in a page of its own */
};

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

/* What entries are looked up by. */
#define LOOKUPS                                                                                    \
    "CREATE INDEX metadata_imdb_id ON metadata (imdb_id) WHERE imdb_id <> '';"                     \
    "CREATE INDEX metadata_tmdb_id ON metadata (tmdb_id) WHERE tmdb_id <> '';"                     \
    "CREATE INDEX metadata_title ON metadata (title_key, year);"

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
                             "  popularity INTEGER NOT NULL DEFAULT 0,"
                             "  external_scores TEXT NOT NULL DEFAULT ''," /* a line each */
                             "  title_key TEXT NOT NULL DEFAULT ''"
                             ") STRICT;" CHANGES TRIGGERS LOOKUPS;

/* To the version after its place + 1. */
static const char *const migrations[SCHEMA_VERSION - 1] = {
    "ALTER TABLE metadata ADD COLUMN popularity INTEGER NOT NULL DEFAULT 0;" CHANGES TRIGGERS
    "INSERT INTO changes (id) SELECT id FROM metadata ORDER BY id",
    /* Titles get their keys without being changes. */
    "ALTER TABLE metadata ADD COLUMN external_scores TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE metadata ADD COLUMN title_key TEXT NOT NULL DEFAULT '';"
    "DROP TRIGGER metadata_update;"
    "UPDATE metadata SET title_key = marquee_title_key(title);" CHANGE_AFTER("update", "new")
        LOOKUPS,
};

#define COLUMNS                                                                                    \
    "id, title, description, director, year, genres, imdb_id, tmdb_id, popularity, "               \
    "external_scores"
#define CANDIDATE "id, imdb_id, tmdb_id, year, title"
#define CANDIDATE_LIMIT " ORDER BY id LIMIT ?4"

/* By enum sqlite_metadata_statement. */
static const char *const statements[SQLITE_METADATA_STATEMENT_COUNT] = {
    [SQLITE_METADATA_GET] = "SELECT " COLUMNS " FROM metadata WHERE id = ?1",
    [SQLITE_METADATA_PUT] =
        "INSERT INTO metadata (" COLUMNS ", title_key) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "
        "ON CONFLICT (id) DO UPDATE SET title = ?2, description = ?3, director = ?4, year = ?5, "
        "genres = ?6, imdb_id = ?7, tmdb_id = ?8, popularity = ?9, external_scores = ?10, "
        "title_key = ?11",
    [SQLITE_METADATA_REMOVE] = "DELETE FROM metadata WHERE id = ?1",
    [SQLITE_METADATA_LIST] = "SELECT " COLUMNS " FROM metadata WHERE id > ?1 ORDER BY id LIMIT ?2",
    [SQLITE_METADATA_CHANGES] =
        "SELECT sequence, id FROM changes WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
    [SQLITE_METADATA_LAST_CHANGE] = "SELECT coalesce(max(sequence), 0) FROM changes",
    [SQLITE_METADATA_FIND_ID] = "SELECT " CANDIDATE " FROM metadata WHERE id = ?1" CANDIDATE_LIMIT,
    [SQLITE_METADATA_FIND_IMDB_ID] = "SELECT " CANDIDATE " FROM metadata "
                                     "WHERE imdb_id = ?1 AND imdb_id <> ''" CANDIDATE_LIMIT,
    [SQLITE_METADATA_FIND_TMDB_ID] = "SELECT " CANDIDATE " FROM metadata "
                                     "WHERE tmdb_id = ?1 AND tmdb_id <> ''" CANDIDATE_LIMIT,
    [SQLITE_METADATA_FIND_TITLE] =
        "SELECT " CANDIDATE " FROM metadata "
        "WHERE title_key = ?1 AND year BETWEEN ?2 AND ?3" CANDIDATE_LIMIT,
};

/* marquee_title_key(title), for the migration: what a put computes by itself. */
static void title_key_function(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct arena arena;
    struct metadata_title_key key;
    (void)count;
    arena_init(&arena, FOLDING_BYTES_MAX);
    const struct text title =
        text_of_bytes(sqlite3_value_text(values[0]), (size_t)sqlite3_value_bytes(values[0]));
    if (metadata_title_key(&arena, title, &key) == STATUS_OK) {
        sqlite3_result_text64(context, key.key.data, key.key.length, SQLITE_TRANSIENT, SQLITE_UTF8);
    } else {
        sqlite3_result_error_nomem(context);
    }
    arena_deinit(&arena);
}

static const struct sqlite_store_function functions[] = {
    {"marquee_title_key", 1, title_key_function},
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
    .find = sqlite_metadata_find,
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
        .functions = functions,
        .function_count = ARRAY_LENGTH(functions),
        .statements = statements,
        .statement_count = ARRAY_LENGTH(statements),
        .checkpoint_pages = CHECKPOINT_PAGES,
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
