/* Writing, within the group's transaction. */
#include <stdlib.h>

#include "base/arena.h"
#include "review/repository/sqlite_review_private.h"

/* A review with its texts. */
enum { JOB_BYTES_MAX = 64 * 1024 };
_Static_assert(REVIEW_TEXT_BYTES_MAX + 2 * RATING_USER_BYTES_MAX + RATING_RECORD_BYTES_MAX <
                   JOB_BYTES_MAX / 4 * 3,
               "a job holds the longest review");

struct write_job {
    struct group_commit_job job;
    struct review review; /* of a removal and of likes only the key, and created_ms */
    struct text liker;    /* of a like of that review */
    bool yields;
    struct arena arena;
    /* What came of it. */
    int64_t created_ms;
    int64_t edited_ms;
    uint64_t like_count;
    bool is_changed;
};

static void release(struct group_commit_job *base)
{
    struct write_job *job = CONTAINER_OF(base, struct write_job, job);
    arena_deinit(&job->arena);
    free(job);
}

/* Runs a statement that gives no rows. false: it failed. */
static bool run_statement(sqlite3_stmt *statement, bool is_bound)
{
    bool is_done = is_bound && sqlite3_step(statement) == SQLITE_DONE;
    sqlite_connection_reset(statement);
    return is_done;
}

static bool write_review(const struct write_job *job, sqlite3_stmt *statement)
{
    const struct review *review = &job->review;
    return run_statement(statement,
                         sqlite_review_bind_key(statement, &review->key) &&
                             sqlite_bind(statement, 4, review->text) &&
                             sqlite3_bind_int(statement, 5, review->spoiler) == SQLITE_OK &&
                             sqlite3_bind_int64(statement, 6, review->created_ms) == SQLITE_OK &&
                             sqlite3_bind_int(statement, 7, job->yields) == SQLITE_OK);
}

/* What it has now: an earlier one keeps when it was created, the same one both times.
 * *ret_is_found: there is such a review. false: it failed. */
static bool read_state(struct write_job *job, struct sqlite_connection *connection,
                       bool *ret_is_found)
{
    sqlite3_stmt *statement = connection->statements[SQLITE_REVIEW_TIMES];
    int code = sqlite_review_bind_key(statement, &job->review.key) ? sqlite3_step(statement)
                                                                   : SQLITE_NOMEM;
    if (code == SQLITE_ROW) {
        job->created_ms = sqlite3_column_int64(statement, 0);
        job->edited_ms = sqlite3_column_int64(statement, 1);
        job->like_count = (uint64_t)sqlite3_column_int64(statement, 2);
    }
    sqlite_connection_reset(statement);
    *ret_is_found = code == SQLITE_ROW;
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

static enum status apply_put(struct group_commit_job *base, void *state, struct store_error *error)
{
    struct write_job *job = CONTAINER_OF(base, struct write_job, job);
    struct sqlite_connection *connection = sqlite_store_write_connection(state);
    bool is_found = false;
    bool is_written = write_review(job, connection->statements[SQLITE_REVIEW_PUT]);
    job->is_changed = is_written && sqlite3_changes(connection->database) > 0;
    return is_written && read_state(job, connection, &is_found) && is_found
               ? STATUS_OK
               : sqlite_store_fail(state, error, connection, "writing a review");
}

static enum status apply_remove(struct group_commit_job *base, void *state,
                                struct store_error *error)
{
    struct write_job *job = CONTAINER_OF(base, struct write_job, job);
    struct sqlite_connection *connection = sqlite_store_write_connection(state);
    sqlite3_stmt *statement = connection->statements[SQLITE_REVIEW_REMOVE];
    if (!run_statement(statement, sqlite_review_bind_key(statement, &job->review.key))) {
        return sqlite_store_fail(state, error, connection, "removing a review");
    }
    return sqlite3_changes(connection->database) > 0 ? STATUS_OK : STATUS_NOT_FOUND;
}

/* No row: nobody has said anything of the record. */
static bool count_likes(struct write_job *job, sqlite3_stmt *statement)
{
    struct record_key record = job->review.key.record;
    int code = SQLITE_NOMEM;
    if (sqlite3_bind_int(statement, 1, (int)record.type) == SQLITE_OK &&
        sqlite_bind(statement, 2, record.id)) {
        code = sqlite3_step(statement);
    }
    job->like_count = code == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
    sqlite_connection_reset(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

static enum status apply_put_like(struct group_commit_job *base, void *state,
                                  struct store_error *error)
{
    struct write_job *job = CONTAINER_OF(base, struct write_job, job);
    struct sqlite_connection *connection = sqlite_store_write_connection(state);
    sqlite3_stmt *statement = connection->statements[SQLITE_REVIEW_PUT_LIKE];
    bool is_bound = sqlite_review_bind_key(statement, &job->review.key) &&
                    sqlite3_bind_int64(statement, 4, job->review.created_ms) == SQLITE_OK;
    return run_statement(statement, is_bound) &&
                   count_likes(job, connection->statements[SQLITE_REVIEW_COUNT_LIKES])
               ? STATUS_OK
               : sqlite_store_fail(state, error, connection, "writing a like");
}

static enum status apply_remove_like(struct group_commit_job *base, void *state,
                                     struct store_error *error)
{
    struct write_job *job = CONTAINER_OF(base, struct write_job, job);
    struct sqlite_connection *connection = sqlite_store_write_connection(state);
    sqlite3_stmt *statement = connection->statements[SQLITE_REVIEW_REMOVE_LIKE];
    return run_statement(statement, sqlite_review_bind_key(statement, &job->review.key)) &&
                   count_likes(job, connection->statements[SQLITE_REVIEW_COUNT_LIKES])
               ? STATUS_OK
               : sqlite_store_fail(state, error, connection, "removing a like");
}

/* Binds the keys of both, and runs it. */
static bool change_review_like(const struct write_job *job, sqlite3_stmt *statement, bool has_time)
{
    return run_statement(
        statement,
        sqlite_review_bind_key(statement, &job->review.key) &&
            sqlite_bind(statement, 4, job->liker) &&
            (!has_time || sqlite3_bind_int64(statement, 5, job->review.created_ms) == SQLITE_OK));
}

static enum status apply_put_review_like(struct group_commit_job *base, void *state,
                                         struct store_error *error)
{
    struct write_job *job = CONTAINER_OF(base, struct write_job, job);
    struct sqlite_connection *connection = sqlite_store_write_connection(state);
    bool is_found = false;
    if (!change_review_like(job, connection->statements[SQLITE_REVIEW_PUT_REVIEW_LIKE], true) ||
        !read_state(job, connection, &is_found)) {
        return sqlite_store_fail(state, error, connection, "writing a like");
    }
    return is_found ? STATUS_OK : STATUS_NOT_FOUND;
}

static enum status apply_remove_review_like(struct group_commit_job *base, void *state,
                                            struct store_error *error)
{
    struct write_job *job = CONTAINER_OF(base, struct write_job, job);
    struct sqlite_connection *connection = sqlite_store_write_connection(state);
    bool is_found;
    return change_review_like(job, connection->statements[SQLITE_REVIEW_REMOVE_REVIEW_LIKE],
                              false) &&
                   read_state(job, connection, &is_found)
               ? STATUS_OK
               : sqlite_store_fail(state, error, connection, "removing a like");
}

typedef enum status apply_fn(struct group_commit_job *, void *, struct store_error *);

/* A write as it is asked for. */
struct wanted {
    struct review review;
    struct text liker;
    bool yields;
    apply_fn *apply;
};

/* NULL: there is no memory, as the call says. */
static struct write_job *create_job(struct call *call, const struct wanted *wanted)
{
    struct write_job *job = calloc(1, sizeof(*job));
    if (job == NULL) {
        (void)call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the write");
        return NULL;
    }
    job->job = (struct group_commit_job){.apply = wanted->apply, .release = release};
    job->yields = wanted->yields;
    arena_init(&job->arena, JOB_BYTES_MAX);
    job->liker = arena_copy(&job->arena, wanted->liker);
    if (job->liker.data == NULL ||
        review_copy(&job->arena, &wanted->review, &job->review) != STATUS_OK) {
        release(&job->job);
        (void)call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the write");
        return NULL;
    }
    job->job.bytes = sizeof(*job) + arena_used_bytes(&job->arena);
    return job;
}

/* STATUS_OK: what came of it stands in the job, which is to be released. Otherwise it is not the
 * caller's any more. */
static enum status run(struct sqlite_review_repository *self, struct call *call,
                       struct write_job *job)
{
    return group_commit_run(sqlite_store_writer(self->store), call, &job->job);
}

enum status sqlite_review_put(void *state, struct call *call, const struct review *review,
                              bool yields, struct review *ret_stored, bool *ret_changed)
{
    const struct wanted wanted = {.review = *review, .yields = yields, .apply = apply_put};
    struct write_job *job = create_job(call, &wanted);
    if (job == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    enum status status = run(state, call, job);
    if (status != STATUS_OK) {
        return status;
    }
    if (job->is_changed || !yields) {
        *ret_stored = *review;
        ret_stored->created_ms = job->created_ms;
        ret_stored->edited_ms = job->edited_ms;
        ret_stored->like_count = job->like_count;
    }
    *ret_changed = job->is_changed;
    release(&job->job);
    return STATUS_OK;
}

enum status sqlite_review_remove(void *state, struct call *call, const struct review_key *key)
{
    const struct wanted wanted = {.review = {.key = *key}, .apply = apply_remove};
    struct write_job *job = create_job(call, &wanted);
    if (job == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    enum status status = run(state, call, job);
    if (status == STATUS_OK) {
        release(&job->job);
    }
    return status;
}

static enum status run_of_like(void *state, struct call *call, const struct wanted *wanted,
                               uint64_t *ret_count)
{
    struct write_job *job = create_job(call, wanted);
    if (job == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    enum status status = run(state, call, job);
    if (status == STATUS_OK) {
        *ret_count = job->like_count;
        release(&job->job);
    }
    return status;
}

enum status sqlite_review_put_like(void *state, struct call *call, const struct like *like,
                                   uint64_t *ret_count)
{
    const struct wanted wanted = {.review = {.key = like->key, .created_ms = like->time_ms},
                                  .apply = apply_put_like};
    return run_of_like(state, call, &wanted, ret_count);
}

enum status sqlite_review_remove_like(void *state, struct call *call, const struct review_key *key,
                                      uint64_t *ret_count)
{
    const struct wanted wanted = {.review = {.key = *key}, .apply = apply_remove_like};
    return run_of_like(state, call, &wanted, ret_count);
}

enum status sqlite_review_put_review_like(void *state, struct call *call,
                                          const struct review_like *like, uint64_t *ret_count)
{
    const struct wanted wanted = {.review = {.key = like->review, .created_ms = like->time_ms},
                                  .liker = like->user,
                                  .apply = apply_put_review_like};
    return run_of_like(state, call, &wanted, ret_count);
}

enum status sqlite_review_remove_review_like(void *state, struct call *call,
                                             const struct review_like *like, uint64_t *ret_count)
{
    const struct wanted wanted = {
        .review = {.key = like->review}, .liker = like->user, .apply = apply_remove_review_like};
    return run_of_like(state, call, &wanted, ret_count);
}
