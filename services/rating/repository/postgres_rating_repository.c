#include "rating/repository/postgres_rating_repository.h"

#include <stdlib.h>

#include "rating/repository/postgres_rating_private.h"
#include "rating/repository/rating_retention.h"
#include "store/postgres_schema.h"

/* Embedded at build, by repository/CMakeLists.txt. */
extern const unsigned char postgres_ratings_0001[];
extern const size_t postgres_ratings_0001_size;

enum { SCHEMA_VERSION = 1 };

static enum status apply(void *state, struct call *call, const struct rating_batch *batch)
{
    struct postgres_rating_repository *self = state;
    enum status status = rating_key_check_batch(call, batch);
    if (status != STATUS_OK) {
        return status;
    }
    struct postgres_rating_job *job = postgres_rating_job_create(batch);
    if (job == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the batch");
    }
    status = group_commit_run(self->group, call, &job->job);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; batch->outcomes != NULL && i < batch->change_count; i++) {
        batch->outcomes[i] = job->batch.outcomes[i];
    }
    job->job.release(&job->job);
    return STATUS_OK;
}

static enum status await_change(void *state, struct call *call, int64_t after)
{
    struct postgres_rating_repository *self = state;
    return rating_watch_wait(self->watch, call, after);
}

/* A writer that is stuck is left behind, with what it uses: the process is to end soon. */
static void close_repository(void *state)
{
    struct postgres_rating_repository *self = state;
    postgres_rating_notice_destroy(self->notice);
    bool stopped = group_commit_destroy(self->group);
    postgres_pool_destroy(self->pool);
    if (stopped) {
        postgres_rating_writer_deinit(&self->writer);
        rating_watch_destroy(self->watch);
        free(self->conninfo);
        free(self);
    }
}

static const struct rating_repository_ops postgres_ops = {
    .apply = apply,
    .claim_position = postgres_rating_claim_position,
    .get_position = postgres_rating_get_position,
    .get_aggregate = postgres_rating_get_aggregate,
    .get_aggregates = postgres_rating_get_aggregates,
    .get_vote = postgres_rating_get_vote,
    .list_user_votes = postgres_rating_list_user_votes,
    .list_votes = postgres_rating_list_votes,
    .list_aggregates = postgres_rating_list_aggregates,
    .list_dead_letters = postgres_rating_list_dead_letters,
    .get_dead_letter = postgres_rating_get_dead_letter,
    .list_changes = postgres_rating_list_changes,
    .get_change_range = postgres_rating_get_change_range,
    .await_change = await_change,
    .trim_changes = postgres_rating_trim_changes,
    .hold_lease = postgres_rating_hold_lease,
    .expire = postgres_rating_expire,
    .close = close_repository,
};

/* It stands in statements as it is, hence so plain. */
static bool is_schema(struct text schema)
{
    for (size_t i = 0; i < schema.length; i++) {
        char letter = schema.data[i];
        bool plain = (letter >= 'a' && letter <= 'z') || letter == '_' ||
                     (i > 0 && letter >= '0' && letter <= '9');
        if (!plain) {
            return false;
        }
    }
    return schema.length > 0 && schema.length <= POSTGRES_SCHEMA_BYTES_MAX;
}

/* Sets up all that needs no server. */
static enum status prepare(struct postgres_rating_repository *self, struct call *call,
                           const struct postgres_rating_repository_options *options)
{
    struct text schema = options->schema.length > 0 ? options->schema : TEXT("marquee");
    if (options->connections > POSTGRES_POOL_CONNECTIONS_MAX || !is_schema(schema) ||
        !text_to_c_string(schema, self->schema, sizeof(self->schema))) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "a schema is 1 to %d of a-z, 0-9 and _, and there are at most %d"
                         " connections",
                         POSTGRES_SCHEMA_BYTES_MAX, POSTGRES_POOL_CONNECTIONS_MAX);
    }
    self->conninfo = malloc(options->conninfo.length + 1);
    if (self->conninfo == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the store");
    }
    if (!text_to_c_string(options->conninfo, self->conninfo, options->conninfo.length + 1)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the connection's text has a NUL in it");
    }
    self->retention = rating_retention_or_default(options->retention);
    self->pool_session = (struct postgres_session){
        .conninfo = self->conninfo,
        .schema = self->schema,
        .statements = postgres_rating_pool_statements,
        .statement_count = POSTGRES_POOL_STATEMENT_COUNT,
    };
    self->write_session = self->pool_session;
    self->write_session.relaxed = options->durability == RATING_RELAXED;
    self->write_session.statements = postgres_rating_write_statements;
    self->write_session.statement_count = POSTGRES_WRITE_STATEMENT_COUNT;
    self->writer.session = &self->write_session;
    self->writer.event_id_window_ms = self->retention.event_id_window_ms;
    self->writer.counters = &self->counters;
    return STATUS_OK;
}

static enum status connect_all(struct postgres_rating_repository *self, struct call *call)
{
    static const struct store_error no_words;
    struct store_error error = no_words;
    const struct postgres_migration migrations[SCHEMA_VERSION] = {
        {postgres_ratings_0001, postgres_ratings_0001_size},
    };
    enum status status =
        postgres_schema_migrate(&self->write_session, migrations, SCHEMA_VERSION, &error);
    if (status == STATUS_OK) {
        status = postgres_rating_writer_open(&self->writer, &error);
    }
    return status == STATUS_OK ? status : store_error_report(&error, call, status);
}

static enum status start_threads(struct postgres_rating_repository *self, unsigned connections)
{
    enum status status = rating_watch_create(NULL, NULL, &self->watch);
    self->writer.watch = self->watch;
    if (status == STATUS_OK) {
        status = postgres_pool_create(
            &self->pool_session, connections > 0 ? connections : POSTGRES_POOL_CONNECTIONS_DEFAULT,
            &self->pool);
    }
    if (status == STATUS_OK) {
        status = group_commit_create("postgres-write", &postgres_rating_group_ops, &self->writer,
                                     &self->group);
    }
    return status == STATUS_OK ? postgres_rating_notice_create(&self->write_session, self->watch,
                                                               &self->counters, &self->notice)
                               : status;
}

enum status
postgres_rating_repository_open(struct call *call,
                                const struct postgres_rating_repository_options *options,
                                struct rating_repository *ret_repository)
{
    struct postgres_rating_repository *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the store");
    }
    postgres_rating_writer_init(&self->writer);
    enum status status = prepare(self, call, options);
    if (status == STATUS_OK) {
        status = connect_all(self, call);
    }
    if (status == STATUS_OK) {
        status = start_threads(self, options->connections);
        if (status != STATUS_OK) {
            (void)call_fail(call, status, "no memory or threads for the store");
        }
    }
    if (status != STATUS_OK) {
        close_repository(self);
        return status;
    }
    *ret_repository = (struct rating_repository){.ops = &postgres_ops, .state = self};
    return STATUS_OK;
}

enum status
postgres_rating_repository_look_for(struct call *call,
                                    const struct postgres_rating_repository_options *options)
{
    struct postgres_rating_repository *self = calloc(1, sizeof(*self));
    struct store_error error;
    bool exists = false;
    if (self == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the store");
    }
    enum status status = prepare(self, call, options);
    if (status == STATUS_OK) {
        status = postgres_schema_exists(&self->pool_session, &error, &exists);
        if (status != STATUS_OK) {
            status = store_error_report(&error, call, status);
        } else if (!exists) {
            status =
                call_fail(call, STATUS_NOT_FOUND, "schema %s: there is no store", self->schema);
        }
    }
    free(self->conninfo);
    free(self);
    return status;
}
