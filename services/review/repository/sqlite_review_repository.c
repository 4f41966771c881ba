#include "review/repository/sqlite_review_repository.h"

#include <stdlib.h>

#include "review/repository/sqlite_review_private.h"

enum { SCHEMA_VERSION = 2 };

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

/* Likes of reviews: each counted in the review's row, where the order by likes finds it. */
#define COUNT_REVIEW_LIKE(event, row, change)                                                      \
    "CREATE TRIGGER count_review_like_" row " AFTER " event " ON review_likes BEGIN"               \
    "  UPDATE reviews SET likes = likes " change " WHERE record_type = " row ".record_type"        \
    "    AND record_id = " row ".record_id AND user_id = " row ".author_id;"                       \
    "END;"

#define LIKES_OF_REVIEWS                                                                           \
    "ALTER TABLE reviews ADD COLUMN likes INTEGER NOT NULL DEFAULT 0;"                             \
    "CREATE INDEX reviews_by_likes"                                                                \
    "  ON reviews (record_type, record_id, likes DESC, created_ms DESC, user_id);"                 \
    "CREATE TABLE review_likes ("                                                                  \
    "  record_type INTEGER NOT NULL,"                                                              \
    "  record_id TEXT NOT NULL,"                                                                   \
    "  author_id TEXT NOT NULL,"                                                                   \
    "  user_id TEXT NOT NULL,"                                                                     \
    "  time_ms INTEGER NOT NULL,"                                                                  \
    "  PRIMARY KEY (record_type, record_id, author_id, user_id)"                                   \
    ") STRICT, WITHOUT ROWID;" COUNT_REVIEW_LIKE("INSERT", "new", "+ 1")                           \
        COUNT_REVIEW_LIKE("DELETE", "old", "- 1") "CREATE TRIGGER forget_review_likes"             \
                                                  "  AFTER DELETE ON reviews BEGIN"                \
                                                  "  DELETE FROM review_likes"                     \
                                                  "    WHERE record_type = old.record_type"        \
                                                  "    AND record_id = old.record_id"              \
                                                  "    AND author_id = old.user_id;"               \
                                                  "END;"

static const char schema[] = TABLES COUNT("reviews") COUNT("likes") LIKES_OF_REVIEWS;
static const char *const migrations[SCHEMA_VERSION - 1] = {LIKES_OF_REVIEWS};

#define KEPT_COLUMNS "record_type, record_id, user_id, text, spoiler, created_ms, edited_ms"
#define REVIEW_COLUMNS KEPT_COLUMNS ", likes"
#define LIKE_COLUMNS "record_type, record_id, user_id, time_ms"
#define IS_KEY "record_type = ?1 AND record_id = ?2 AND user_id = ?3"

/* Behind a place of a user's list, ?2 (the time), ?3 and ?4 (the record): the range of the index,
 * then what of its first millisecond was before. */
#define BEHIND_IN_USERS(time)                                                                      \
    time " <= ?2 AND (" time " < ?2 OR (record_type, record_id) > (?3, ?4)) "                      \
         "ORDER BY " time " DESC, record_type, record_id LIMIT ?5"

/* Of a record's list, whose ?6 asks. */
#define IS_LIKED                                                                                   \
    "EXISTS (SELECT 1 FROM review_likes AS l WHERE l.record_type = ?1 AND l.record_id = ?2 "       \
    "AND l.author_id = reviews.user_id AND l.user_id = ?6)"

/* By enum sqlite_review_statement. */
static const char *const statements[SQLITE_REVIEW_STATEMENT_COUNT] = {
    [SQLITE_REVIEW_GET] = "SELECT " REVIEW_COLUMNS ", 0 FROM reviews WHERE " IS_KEY,
    [SQLITE_REVIEW_TIMES] = "SELECT created_ms, edited_ms, likes FROM reviews WHERE " IS_KEY,
    [SQLITE_REVIEW_PUT] = "INSERT INTO reviews (" KEPT_COLUMNS ") "
                          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0) "
                          "ON CONFLICT (record_type, record_id, user_id) DO UPDATE "
                          "SET text = ?4, spoiler = ?5, edited_ms = max(?6, created_ms) "
                          "WHERE (text <> ?4 OR spoiler <> ?5) "
                          "AND (NOT ?7 OR max(created_ms, edited_ms) <= ?6)",
    [SQLITE_REVIEW_REMOVE] = "DELETE FROM reviews WHERE " IS_KEY,
    [SQLITE_REVIEW_OF_RECORD] = "SELECT " REVIEW_COLUMNS ", " IS_LIKED
                                " FROM reviews WHERE record_type = ?1 AND record_id = ?2 "
                                "AND created_ms <= ?3 AND (created_ms < ?3 OR user_id > ?4) "
                                "ORDER BY created_ms DESC, user_id LIMIT ?5",
    [SQLITE_REVIEW_BY_LIKES] =
        "SELECT " REVIEW_COLUMNS ", " IS_LIKED
        " FROM reviews WHERE record_type = ?1 AND record_id = ?2 "
        "AND likes <= ?7 AND (likes < ?7 OR created_ms < ?3 OR (created_ms = ?3 AND user_id > ?4)) "
        "ORDER BY likes DESC, created_ms DESC, user_id LIMIT ?5",
    [SQLITE_REVIEW_OF_USER] = "SELECT " REVIEW_COLUMNS ", 0 FROM reviews WHERE user_id = ?1 "
                              "AND " BEHIND_IN_USERS("created_ms"),
    [SQLITE_REVIEW_PUT_LIKE] = "INSERT INTO likes (" LIKE_COLUMNS ") VALUES (?1, ?2, ?3, ?4) "
                               "ON CONFLICT (record_type, record_id, user_id) DO NOTHING",
    [SQLITE_REVIEW_REMOVE_LIKE] = "DELETE FROM likes WHERE " IS_KEY,
    [SQLITE_REVIEW_LIKES] = "SELECT " LIKE_COLUMNS " FROM likes WHERE user_id = ?1 "
                            "AND " BEHIND_IN_USERS("time_ms"),
    [SQLITE_REVIEW_COUNT_LIKES] =
        "SELECT likes FROM counts WHERE record_type = ?1 AND record_id = ?2",
    [SQLITE_REVIEW_PUT_REVIEW_LIKE] =
        "INSERT INTO review_likes (record_type, record_id, author_id, user_id, time_ms) "
        "SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM reviews WHERE " IS_KEY ") "
        "ON CONFLICT (record_type, record_id, author_id, user_id) DO NOTHING",
    [SQLITE_REVIEW_REMOVE_REVIEW_LIKE] = "DELETE FROM review_likes WHERE record_type = ?1 "
                                         "AND record_id = ?2 AND author_id = ?3 AND user_id = ?4",
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
    .put_review_like = sqlite_review_put_review_like,
    .remove_review_like = sqlite_review_remove_review_like,
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
        .migrations = migrations,
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
