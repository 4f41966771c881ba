/* Writing, within the group's transaction. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "metadata/repository/metadata_title_key.h"
#include "metadata/repository/sqlite_metadata_private.h"

/* One entry with its texts, what folding its title takes, and the one that is there. */
enum { JOB_BYTES_MAX = 256 * 1024, SCORE_BYTES_MAX = METADATA_SOURCE_BYTES_MAX + 64 };

struct write_job {
    struct group_commit_job job;
    struct metadata metadata; /* of a removal only the id */
    struct text genres;       /* joined */
    struct text scores;       /* joined */
    struct text title_key;
    bool has_condition;
    struct metadata_condition condition; /* its tags in the arena */
    struct arena arena;
};

static void release(struct group_commit_job *base)
{
    struct write_job *job = CONTAINER_OF(base, struct write_job, job);
    arena_deinit(&job->arena);
    free(job);
}

static bool bind_entry(sqlite3_stmt *statement, const struct write_job *job)
{
    const struct metadata *metadata = &job->metadata;
    return sqlite_bind(statement, 1, metadata->id) && sqlite_bind(statement, 2, metadata->title) &&
           sqlite_bind(statement, 3, metadata->description) &&
           sqlite_bind(statement, 4, metadata->director) &&
           sqlite3_bind_int(statement, 5, metadata->year) == SQLITE_OK &&
           sqlite_bind(statement, 6, job->genres) && sqlite_bind(statement, 7, metadata->imdb_id) &&
           sqlite_bind(statement, 8, metadata->tmdb_id) &&
           sqlite3_bind_int64(statement, 9, metadata->popularity) == SQLITE_OK &&
           sqlite_bind(statement, 10, job->scores) && sqlite_bind(statement, 11, job->title_key);
}

/* Of what the transaction sees: what was written in it before too. */
static enum status check_condition(struct write_job *job, struct sqlite_store *store,
                                   struct store_error *error)
{
    struct sqlite_connection *connection = sqlite_store_write_connection(store);
    sqlite3_stmt *statement = connection->statements[SQLITE_METADATA_GET];
    struct metadata current;
    if (!job->has_condition) {
        return STATUS_OK;
    }
    int code = sqlite_bind(statement, 1, job->metadata.id) ? sqlite3_step(statement) : SQLITE_NOMEM;
    enum status status = STATUS_OK;
    if (code == SQLITE_ROW) {
        status = sqlite_metadata_read_row(statement, &job->arena, &current);
    } else if (code != SQLITE_DONE) {
        status = sqlite_store_fail(store, error, connection, "reading an entry");
    }
    sqlite_connection_reset(statement);
    return status == STATUS_OK
               ? metadata_condition_check(&job->condition, code == SQLITE_ROW ? &current : NULL)
               : status;
}

static enum status apply_put(struct group_commit_job *base, void *state, struct store_error *error)
{
    struct write_job *job = CONTAINER_OF(base, struct write_job, job);
    struct sqlite_store *store = state;
    struct sqlite_connection *connection = sqlite_store_write_connection(store);
    sqlite3_stmt *statement = connection->statements[SQLITE_METADATA_PUT];
    enum status status = check_condition(job, store, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (!bind_entry(statement, job) || sqlite3_step(statement) != SQLITE_DONE) {
        status = sqlite_store_fail(store, error, connection, "writing an entry");
    }
    sqlite_connection_reset(statement);
    return status;
}

static enum status apply_remove(struct group_commit_job *base, void *state,
                                struct store_error *error)
{
    struct write_job *job = CONTAINER_OF(base, struct write_job, job);
    struct sqlite_store *store = state;
    struct sqlite_connection *connection = sqlite_store_write_connection(store);
    sqlite3_stmt *statement = connection->statements[SQLITE_METADATA_REMOVE];
    enum status status = check_condition(job, store, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (!sqlite_bind(statement, 1, job->metadata.id) || sqlite3_step(statement) != SQLITE_DONE) {
        status = sqlite_store_fail(store, error, connection, "removing an entry");
    } else if (sqlite3_changes(connection->database) == 0) {
        status = STATUS_NOT_FOUND;
    }
    sqlite_connection_reset(statement);
    return status;
}

/* A line each. */
static bool join_genres(struct write_job *job)
{
    size_t length = 0;
    for (size_t i = 0; i < job->metadata.genre_count; i++) {
        length += job->metadata.genres[i].length + 1;
    }
    char *joined = arena_alloc(&job->arena, length + 1);
    if (joined == NULL) {
        return false;
    }
    char *at = joined;
    for (size_t i = 0; i < job->metadata.genre_count; i++) {
        struct text genre = job->metadata.genres[i];
        memcpy(at, genre.data, genre.length);
        at[genre.length] = '\n';
        at += genre.length + 1;
    }
    job->genres = text_of_bytes(joined, length > 0 ? length - 1 : 0);
    return true;
}

/* "imdb 8.7 2000": a line each; 17 digits read back as the same number. */
static bool join_scores(struct write_job *job)
{
    const struct metadata *metadata = &job->metadata;
    struct buffer joined;
    bool is_joined = true;
    buffer_init(&joined, METADATA_EXTERNAL_SCORES_MAX * SCORE_BYTES_MAX);
    for (size_t i = 0; i < metadata->external_score_count && is_joined; i++) {
        const struct external_score *score = &metadata->external_scores[i];
        is_joined = buffer_format(&joined, "%s%.*s %.17g %u", i > 0 ? "\n" : "",
                                  TEXT_ARGUMENTS(score->source), score->value, score->votes);
    }
    job->scores = arena_copy(&job->arena, buffer_text(&joined));
    buffer_deinit(&joined);
    return is_joined && job->scores.data != NULL;
}

static bool fold_title(struct write_job *job)
{
    struct metadata_title_key key;
    bool is_folded = metadata_title_key(&job->arena, job->metadata.title, &key) == STATUS_OK;
    job->title_key = is_folded ? key.key : job->title_key;
    return is_folded;
}

static bool copy_condition(struct write_job *job, const struct metadata_condition *condition)
{
    if (condition == NULL) {
        return true;
    }
    size_t bytes = condition->tag_count * sizeof(struct digest);
    struct digest *tags = arena_alloc(&job->arena, bytes + 1);
    if (tags == NULL) {
        return false;
    }
    if (bytes > 0) {
        memcpy(tags, condition->tags, bytes);
    }
    job->has_condition = true;
    job->condition = *condition;
    job->condition.tags = tags;
    return true;
}

static enum status run(struct sqlite_metadata_repository *self, struct call *call,
                       const struct metadata *metadata, const struct metadata_condition *condition,
                       enum status (*apply)(struct group_commit_job *, void *,
                                            struct store_error *))
{
    struct write_job *job = calloc(1, sizeof(*job));
    if (job == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the entry");
    }
    job->job = (struct group_commit_job){.apply = apply, .release = release};
    arena_init(&job->arena, JOB_BYTES_MAX);
    if (metadata_copy(&job->arena, metadata, &job->metadata) != STATUS_OK || !join_genres(job) ||
        !join_scores(job) || !fold_title(job) || !copy_condition(job, condition)) {
        release(&job->job);
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the entry");
    }
    job->job.bytes = sizeof(*job) + arena_used_bytes(&job->arena);
    enum status status = group_commit_run(sqlite_store_writer(self->store), call, &job->job);
    if (status == STATUS_OK) {
        release(&job->job);
    }
    return status;
}

enum status sqlite_metadata_put(void *state, struct call *call, const struct metadata *metadata,
                                const struct metadata_condition *condition)
{
    for (size_t i = 0; i < metadata->genre_count; i++) {
        struct text genre = metadata->genres[i];
        if (genre.length == 0 || text_find(genre, 0, '\n') != genre.length) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "a genre is not one line");
        }
    }
    return run(state, call, metadata, condition, apply_put);
}

enum status sqlite_metadata_remove(void *state, struct call *call, struct text id,
                                   const struct metadata_condition *condition)
{
    const struct metadata metadata = {.id = id};
    return run(state, call, &metadata, condition, apply_remove);
}
