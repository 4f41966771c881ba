#include "rating/repository/lmdb_rating_repository.h"

#include <stdlib.h>

#include "rating/repository/lmdb_rating_private.h"
#include "rating/repository/rating_retention.h"

enum { SCHEMA_VERSION = 2 };

/* By enum lmdb_rating_map. */
static const char *const map_names[LMDB_RATING_MAP_COUNT] = {
    [LMDB_RATING_VOTES] = "votes",
    [LMDB_RATING_USER_VOTES] = "user_votes",
    [LMDB_RATING_AGGREGATES] = "aggregates",
    [LMDB_RATING_POSITIONS] = "positions",
    [LMDB_RATING_DEAD_LETTERS] = "dead_letters",
    [LMDB_RATING_EVENTS] = "events",
    [LMDB_RATING_EXPIRIES] = "expiries",
    [LMDB_RATING_LEASES] = "leases",
    [LMDB_RATING_CHANGES] = "changes",
    [LMDB_RATING_MARKS] = "marks",
};

static enum status apply(void *state, struct call *call, const struct rating_batch *batch)
{
    const struct lmdb_rating_repository *self = state;
    enum status status = rating_key_check_batch(call, batch);
    if (status != STATUS_OK) {
        return status;
    }
    struct lmdb_rating_job *job = lmdb_rating_job_create(batch);
    if (job == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the batch");
    }
    job->event_id_window_ms = self->retention.event_id_window_ms;
    status = group_commit_run(lmdb_store_writer(self->store), call, &job->job);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; batch->outcomes != NULL && i < batch->change_count; i++) {
        batch->outcomes[i] = (enum rating_outcome)job->outcomes[i];
    }
    rating_watch_notify(self->watch, job->last_sequence);
    job->job.release(&job->job);
    return STATUS_OK;
}

static void close_repository(void *state)
{
    struct lmdb_rating_repository *self = state;
    rating_watch_destroy(self->watch);
    lmdb_store_close(self->store);
    free(self);
}

static const struct rating_repository_ops lmdb_ops = {
    .apply = apply,
    .claim_position = lmdb_rating_claim_position,
    .get_position = lmdb_rating_get_position,
    .get_aggregate = lmdb_rating_get_aggregate,
    .get_aggregates = lmdb_rating_get_aggregates,
    .get_vote = lmdb_rating_get_vote,
    .list_user_votes = lmdb_rating_list_user_votes,
    .list_votes = lmdb_rating_list_votes,
    .list_aggregates = lmdb_rating_list_aggregates,
    .list_dead_letters = lmdb_rating_list_dead_letters,
    .get_dead_letter = lmdb_rating_get_dead_letter,
    .list_changes = lmdb_rating_list_changes,
    .get_change_range = lmdb_rating_get_change_range,
    .await_change = lmdb_rating_await_change,
    .trim_changes = lmdb_rating_trim_changes,
    .hold_lease = lmdb_rating_hold_lease,
    .expire = lmdb_rating_expire,
    .close = close_repository,
};

static enum status open_parts(struct lmdb_rating_repository *self, struct call *call,
                              const struct lmdb_rating_repository_options *options)
{
    const struct lmdb_store_options store_options = {
        .path = options->path,
        .kind = "rating",
        .schema_version = SCHEMA_VERSION,
        .upgrade = options->refuse_older ? NULL : lmdb_rating_upgrade,
        .maps = map_names,
        .map_count = LMDB_RATING_MAP_COUNT,
        .map_bytes = options->map_bytes,
        .relaxed = options->durability == RATING_RELAXED,
    };
    struct store_error error;
    enum status status = lmdb_store_open(&store_options, &error, &self->store);
    if (status != STATUS_OK) {
        return store_error_report(&error, call, status);
    }
    status = rating_watch_create(lmdb_rating_look, self, &self->watch);
    if (status != STATUS_OK) {
        lmdb_store_close(self->store);
        return call_fail(call, status, "no memory or threads for the store");
    }
    return STATUS_OK;
}

enum status lmdb_rating_repository_open(struct call *call,
                                        const struct lmdb_rating_repository_options *options,
                                        struct rating_repository *ret_repository)
{
    struct lmdb_rating_repository *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the store");
    }
    self->retention = rating_retention_or_default(options->retention);
    enum status status = open_parts(self, call, options);
    if (status != STATUS_OK) {
        free(self);
        return status;
    }
    *ret_repository = (struct rating_repository){.ops = &lmdb_ops, .state = self};
    return STATUS_OK;
}

struct lmdb_store *lmdb_rating_repository_store(const struct rating_repository *repository)
{
    CHECK(repository->ops == &lmdb_ops);
    const struct lmdb_rating_repository *self = repository->state;
    return self->store;
}
