/* The writer's side of group_commit: what waits together becomes one transaction, which is planned,
 * locked, folded, written and committed when the group is complete. */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/random.h"
#include "rating/repository/postgres_rating_private.h"

/* A little longer than the server's own limit, which says more. */
static const int64_t ANSWER_NS_MAX = (POSTGRES_STATEMENT_MS_MAX + 2000) * CLOCK_NS_PER_MS;

static struct call writer_call(void)
{
    return (struct call){.deadline_ns = clock_monotonic_ns() + ANSWER_NS_MAX};
}

/* Nobody's call is over here: it is the server that took too long. */
static enum status as_unavailable(enum status status)
{
    return status == STATUS_DEADLINE_EXCEEDED || status == STATUS_CANCELLED ? STATUS_UNAVAILABLE
                                                                            : status;
}

void postgres_rating_writer_init(struct postgres_rating_writer *writer)
{
    uint64_t id[2];
    random_secret(id, sizeof(id));
    (void)snprintf(writer->name, sizeof(writer->name), "%016" PRIx64 "%016" PRIx64, id[0],
                   id[1]); /* fits */
    for (unsigned i = 0; i < POSTGRES_RATING_ARRAYS; i++) {
        postgres_array_init(&writer->arrays[i]);
    }
}

void postgres_rating_writer_deinit(struct postgres_rating_writer *writer)
{
    postgres_connection_close(writer->connection);
    for (unsigned i = 0; i < POSTGRES_RATING_ARRAYS; i++) {
        postgres_array_deinit(&writer->arrays[i]);
    }
}

static void disconnect(struct postgres_rating_writer *writer)
{
    postgres_connection_close(writer->connection);
    writer->connection = NULL;
    writer->begun = false;
}

/* A statement about this process's mark. *ret_group: 0 where there is no row. */
static enum status ask_mark(struct postgres_rating_writer *writer,
                            enum postgres_rating_write statement, struct store_error *error,
                            uint64_t *ret_group)
{
    struct call call = writer_call();
    struct postgres_parameters parameters = {.count = 0};
    PGresult *result;
    postgres_add_text(&parameters, text_of(writer->name));
    postgres_send(writer->connection, statement, &parameters);
    postgres_sync(writer->connection);
    enum status status = postgres_receive(writer->connection, &call, error, &result);
    if (status == STATUS_OK) {
        *ret_group = PQntuples(result) > 0 ? (uint64_t)postgres_int8(result, 0, 0) : 0;
        PQclear(result);
        status = postgres_receive_sync(writer->connection, &call, error);
    }
    return as_unavailable(status);
}

enum status postgres_rating_writer_open(struct postgres_rating_writer *writer,
                                        struct store_error *error)
{
    uint64_t group;
    enum status status = postgres_connection_open(writer->session, -1, error, &writer->connection);
    return status == STATUS_OK ? ask_mark(writer, POSTGRES_NEW_MARK, error, &group) : status;
}

static enum status connect_again(struct postgres_rating_writer *writer, struct store_error *error)
{
    if (!postgres_backoff_is_over(&writer->backoff)) {
        return store_fail(error, STATUS_UNAVAILABLE,
                          "the database cannot be reached; whether a write that had begun was done"
                          " is not known",
                          "PostgreSQL: not tried again yet");
    }
    enum status status = postgres_connection_open(writer->session, -1, error, &writer->connection);
    if (status != STATUS_OK) {
        postgres_backoff_note_failure(&writer->backoff);
        return status;
    }
    postgres_backoff_note_success(&writer->backoff);
    atomic_fetch_add_explicit(&writer->counters->connections, 1, memory_order_relaxed);
    return STATUS_OK;
}

/* Whether the group in doubt was done. */
static enum status resolve_doubt(struct postgres_rating_writer *writer, struct store_error *error)
{
    uint64_t marked;
    enum status status = ask_mark(writer, POSTGRES_READ_MARK, error, &marked);
    if (status == STATUS_OK) {
        writer->in_doubt = false;
        writer->done_group = marked == writer->group ? marked : writer->done_group;
        atomic_fetch_add_explicit(&writer->counters->doubts, 1, memory_order_relaxed);
    }
    return status;
}

/* Of group_commit. Nothing is sent yet, unless there is something to find out first. */
static enum status begin(void *store, struct store_error *error)
{
    struct postgres_rating_writer *writer = store;
    writer->job_count = 0;
    if (writer->connection != NULL && !postgres_connection_is_alive(writer->connection)) {
        disconnect(writer);
    }
    enum status status = writer->connection == NULL ? connect_again(writer, error) : STATUS_OK;
    if (status == STATUS_OK && writer->in_doubt) {
        status = resolve_doubt(writer, error);
    }
    if (status != STATUS_OK && writer->connection != NULL) {
        disconnect(writer);
    }
    return status;
}

/* Jobs */

enum status postgres_rating_job_apply(struct group_commit_job *base, void *store,
                                      struct store_error *error)
{
    struct postgres_rating_writer *writer = store;
    struct postgres_rating_job *job = CONTAINER_OF(base, struct postgres_rating_job, job);
    if (job->tried_in != 0 && job->tried_in == writer->done_group) {
        return STATUS_OK; /* it was done, and its outcomes are those of then */
    }
    if (job->batch.position != NULL) {
        struct call call = writer_call();
        enum status status = postgres_rating_check_position(writer, &job->batch, &call, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    writer->jobs[writer->job_count++] = job;
    return STATUS_OK;
}

/* The transaction */

static void hand_out_outcomes(const struct postgres_rating_plan *plan)
{
    const struct postgres_rating_item *item = plan->items;
    for (size_t i = 0; i < plan->job_count; i++) {
        for (size_t k = 0; k < plan->jobs[i]->batch.change_count; k++, item++) {
            plan->jobs[i]->batch.outcomes[k] = item->outcome;
        }
    }
}

static enum status run_plan(struct postgres_rating_writer *writer,
                            struct postgres_rating_plan *plan, struct store_error *error,
                            int64_t *ret_last)
{
    struct call call = writer_call();
    enum status status = postgres_rating_lock_plan(writer, plan, &call, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (!postgres_rating_plan_fold(plan)) {
        return store_fail(error, STATUS_DATA_LOSS, "the store is damaged",
                          "PostgreSQL: an aggregate does not hold a vote of its record");
    }
    hand_out_outcomes(plan);
    writer->group++;
    for (size_t i = 0; i < plan->job_count; i++) {
        plan->jobs[i]->tried_in = writer->group;
    }
    call = writer_call();
    return postgres_rating_write_plan(writer, plan, &call, error, ret_last);
}

static enum status commit(void *store, struct store_error *error)
{
    struct postgres_rating_writer *writer = store;
    struct postgres_rating_plan plan;
    int64_t last = 0;
    if (writer->job_count == 0) {
        (void)postgres_rating_group_ops.abort(writer); /* all refused: only locks to give back */
        return STATUS_OK;
    }
    enum status status =
        postgres_rating_plan_init(&plan, writer->jobs, writer->job_count)
            ? run_plan(writer, &plan, error, &last)
            : store_fail(error, STATUS_RESOURCE_EXHAUSTED, "no memory for the batch", "%s", "");
    postgres_rating_plan_deinit(&plan);
    if (status == STATUS_OK) {
        postgres_rating_remember_positions(writer);
    }
    if (status == STATUS_OK && last > 0) {
        rating_watch_notify(writer->watch, last);
    }
    if (writer->in_doubt) {
        (void)store_fail(error, STATUS_UNAVAILABLE,
                         "the database was lost within a commit; whether the write was done is not"
                         " known",
                         "%s", "");
    }
    status = as_unavailable(status);
    writer->again = status == STATUS_ABORTED || status == STATUS_UNAVAILABLE;
    return writer->again ? STATUS_UNAVAILABLE : status;
}

/* Of group_commit. A lost connection is worth another try: if there is no server, begin() says so.
 */
static bool give_up(void *store)
{
    struct postgres_rating_writer *writer = store;
    bool again = writer->again;
    writer->again = false;
    writer->job_count = 0;
    writer->known_count = 0; /* it may have failed for what was remembered */
    if (writer->connection == NULL || !writer->begun) {
        return again;
    }
    if (postgres_connection_is_usable(writer->connection)) {
        struct call call = writer_call();
        struct postgres_parameters none = {.count = 0};
        struct store_error ignored;
        PGresult *result;
        postgres_send(writer->connection, POSTGRES_ROLLBACK, &none);
        postgres_sync(writer->connection);
        if (postgres_receive(writer->connection, &call, &ignored, &result) == STATUS_OK) {
            PQclear(result);
            if (postgres_receive_sync(writer->connection, &call, &ignored) == STATUS_OK) {
                writer->begun = false;
            }
        }
    }
    if (writer->begun) {
        disconnect(writer); /* which ends the transaction as well */
    }
    atomic_fetch_add_explicit(&writer->counters->retries, again ? 1 : 0, memory_order_relaxed);
    return again;
}

const struct group_commit_ops postgres_rating_group_ops = {
    .begin = begin,
    .commit = commit,
    .abort = give_up,
};
