#include "review/repository/sqlite_review_repository.h"

#include <stdlib.h>

#include "review/repository/sqlite_review_private.h"

enum { SCHEMA_VERSION = 1 };

/* Ids compare as bytes (SQLite's BINARY collation over UTF-8): the order of pages. Rows of reviews
 * hold their texts, hence the indexes beside; those of likes and counts are their own index. */
#define TABLES                                                                                     \
    "CREATE TABLE reviews ("                                                                       \
    "  record_type INTEGER NOT NULL,"                                                              \
    "  record_id TEXT NOT NULL,"                                                                   \
    "  user_id TEXT NOT NULL,"                                                                     \
    "  text TEXT NOT NULL,"                                                                        \
    "  spoiler INTEGER NOT NULL,"                                                                  \
    "  created_ms INTEGER NOT NULL,"                                                               \
    "  edited_ms INTEGER NOT NULL," /* 0: never */                                                 \
    "  PRIMARY KEY (record_type, record_id, user_id)"                                              \
    ") STRICT;"                                                                                    \
    "CREATE INDEX reviews_of_record"                                                               \
    "  ON reviews (record_type, record_id, created_ms DESC, user_id);"                             \
    "CREATE INDEX reviews_of_user"                                                                 \
    "  ON reviews (user_id, created_ms DESC, record_type, record_id);"                             \
    "CREATE TABLE likes ("                                                                         \
    "  record_type INTEGER NOT NULL,"                                                              \
    "  record_id TEXT NOT NULL,"                                                                   \
    "  user_id TEXT NOT NULL,"                                                                     \
    "  time_ms INTEGER NOT NULL,"                                                                  \
    "  PRIMARY KEY (record_type, record_id, user_id)"                                              \
    ") STRICT, WITHOUT ROWID;"                                                                     \
    "CREATE INDEX likes_of_user ON likes (user_id, time_ms DESC, record_type, record_id);"         \
    "CREATE TABLE counts ("                                                                        \
    "  record_type INTEGER NOT NULL,"                                                              \
    "  record_id TEXT NOT NULL,"                                                                   \
    "  reviews INTEGER NOT NULL DEFAULT 0,"                                                        \
    "  likes INTEGER NOT NULL DEFAULT 0,"                                                          \
    "  PRIMARY KEY (record_type, record_id)"                                                       \
    ") STRICT, WITHOUT ROWID;"

/* A row that is counted has come or gone. That of the counts goes with the last. */
#define COUNT(table)                                                                               \
    "CREATE TRIGGER count_new_" table " AFTER INSERT ON " table " BEGIN"                           \
    "  INSERT INTO counts (record_type, record_id, " table ")"                                     \
    "    VALUES (new.record_type, new.record_id, 1)"                                               \
    "    ON CONFLICT (record_type, record_id) DO UPDATE SET " table " = " table " + 1;"            \
    "END;"                                                                                         \
    "CREATE TRIGGER count_old_" table " AFTER DELETE ON " table " BEGIN"                           \
    "  UPDATE counts SET " table " = " table " - 1"                                                \
    "    WHERE record_type = old.record_type AND record_id = old.record_id;"                       \
    "  DELETE FROM counts WHERE record_type = old.record_type AND record_id = old.record_id"       \
    "    AND reviews = 0 AND likes = 0;"                                                           \
    "END;"

static const char schema[] = TABLES COUNT("reviews") COUNT("likes");

#define REVIEW_COLUMNS "record_type, record_id, user_id, text, spoiler, created_ms, edited_ms"
#define LIKE_COLUMNS "record_type, record_id, user_id, time_ms"
#define IS_KEY "record_type = ?1 AND record_id = ?2 AND user_id = ?3"

/* Behind a place of a user's list, ?2 (the time), ?3 and ?4 (the record): the range of the index,
 * then what of its first millisecond was before. */
#define BEHIND_IN_USERS(time)                                                                      \
    time " <= ?2 AND (" time " < ?2 OR (record_type, record_id) > (?3, ?4)) "                      \
         "ORDER BY " time " DESC, record_type, record_id LIMIT ?5"

/* By enum sqlite_review_statement. */
static const char *const statements[SQLITE_REVIEW_STATEMENT_COUNT] = {
    [SQLITE_REVIEW_GET] = "SELECT " REVIEW_COLUMNS " FROM reviews WHERE " IS_KEY,
    [SQLITE_REVIEW_TIMES] = "SELECT created_ms, edited_ms FROM reviews WHERE " IS_KEY,
    [SQLITE_REVIEW_PUT] = "INSERT INTO reviews (" REVIEW_COLUMNS ") "
                          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0) "
                          "ON CONFLICT (record_type, record_id, user_id) DO UPDATE "
                          "SET text = ?4, spoiler = ?5, edited_ms = max(?6, created_ms) "
                          "WHERE text <> ?4 OR spoiler <> ?5",
    [SQLITE_REVIEW_REMOVE] = "DELETE FROM reviews WHERE " IS_KEY,
    [SQLITE_REVIEW_OF_RECORD] =
        "SELECT " REVIEW_COLUMNS " FROM reviews WHERE record_type = ?1 AND record_id = ?2 "
        "AND created_ms <= ?3 AND (created_ms < ?3 OR user_id > ?4) "
        "ORDER BY created_ms DESC, user_id LIMIT ?5",
    [SQLITE_REVIEW_OF_USER] = "SELECT " REVIEW_COLUMNS " FROM reviews WHERE user_id = ?1 "
                              "AND " BEHIND_IN_USERS("created_ms"),
    [SQLITE_REVIEW_PUT_LIKE] = "INSERT INTO likes (" LIKE_COLUMNS ") VALUES (?1, ?2, ?3, ?4) "
                               "ON CONFLICT (record_type, record_id, user_id) DO NOTHING",
    [SQLITE_REVIEW_REMOVE_LIKE] = "DELETE FROM likes WHERE " IS_KEY,
    [SQLITE_REVIEW_LIKES] = "SELECT " LIKE_COLUMNS " FROM likes WHERE user_id = ?1 "
                            "AND " BEHIND_IN_USERS("time_ms"),
    [SQLITE_REVIEW_COUNT_LIKES] =
        "SELECT likes FROM counts WHERE record_type = ?1 AND record_id = ?2",
    [SQLITE_REVIEW_REACTIONS] =
        "SELECT coalesce((SELECT likes FROM counts WHERE record_type = ?1 AND record_id = ?2), 0),"
        " coalesce((SELECT reviews FROM counts WHERE record_type = ?1 AND record_id = ?2), 0),"
        " EXISTS (SELECT 1 FROM likes WHERE " IS_KEY "),"
        " EXISTS (SELECT 1 FROM reviews WHERE " IS_KEY ")",
};

bool sqlite_review_bind_key(sqlite3_stmt *statement, const struct review_key *key)
{
    return sqlite3_bind_int(statement, 1, (int)key->record.type) == SQLITE_OK &&
           sqlite_bind(statement, 2, key->record.id) && sqlite_bind(statement, 3, key->user);
}

static void close_repository(void *state)
{
    struct sqlite_review_repository *self = state;
    sqlite_store_close(self->store);
    free(self);
}

static const struct review_repository_ops sqlite_ops = {
    .put = sqlite_review_put,
    .remove = sqlite_review_remove,
    .get = sqlite_review_get,
    .list_of_record = sqlite_review_list_of_record,
    .list_of_user = sqlite_review_list_of_user,
    .put_like = sqlite_review_put_like,
    .remove_like = sqlite_review_remove_like,
    .list_likes = sqlite_review_list_likes,
    .get_reactions = sqlite_review_get_reactions,
    .close = close_repository,
};

enum status sqlite_review_repository_open(struct call *call,
                                          const struct sqlite_review_repository_options *options,
                                          struct review_repository *ret_repository)
{
    const struct sqlite_store_options store_options = {
        .path = options->path,
        .schema = schema,
        .schema_version = SCHEMA_VERSION,
        .statements = statements,
        .statement_count = ARRAY_LENGTH(statements),
    };
    struct sqlite_review_repository *self = calloc(1, sizeof(*self));
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
    *ret_repository = (struct review_repository){.ops = &sqlite_ops, .state = self};
    return STATUS_OK;
}

struct sqlite_store *sqlite_review_repository_store(const struct review_repository *repository)
{
    CHECK(repository->ops == &sqlite_ops);
    const struct sqlite_review_repository *self = repository->state;
    return self->store;
}
