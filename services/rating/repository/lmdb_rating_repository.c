#include "rating/repository/lmdb_rating_repository.h"

#include "rating/repository/lmdb_rating_private.h"

enum { SCHEMA_VERSION = 1 };

/* By enum lmdb_rating_map. */
static const char *const map_names[LMDB_RATING_MAP_COUNT] = {
    [LMDB_RATING_VOTES] = "votes",
    [LMDB_RATING_USER_VOTES] = "user_votes",
    [LMDB_RATING_AGGREGATES] = "aggregates",
    [LMDB_RATING_POSITIONS] = "positions",
    [LMDB_RATING_DEAD_LETTERS] = "dead_letters",
};

static enum status apply(void *state, struct call *call, const struct rating_batch *batch)
{
    struct lmdb_store *store = state;
    enum status status = rating_key_check_batch(call, batch);
    if (status != STATUS_OK) {
        return status;
    }
    struct lmdb_rating_job *job = lmdb_rating_job_create(batch);
    if (job == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the batch");
    }
    status = group_commit_run(lmdb_store_writer(store), call, &job->job);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; batch->outcomes != NULL && i < batch->change_count; i++) {
        batch->outcomes[i] = (enum rating_outcome)job->outcomes[i];
    }
    job->job.release(&job->job);
    return STATUS_OK;
}

static void close_repository(void *state)
{
    lmdb_store_close(state);
}

static const struct rating_repository_ops lmdb_ops = {
    .apply = apply,
    .get_aggregate = lmdb_rating_get_aggregate,
    .get_vote = lmdb_rating_get_vote,
    .list_user_votes = lmdb_rating_list_user_votes,
    .get_position = lmdb_rating_get_position,
    .list_dead_letters = lmdb_rating_list_dead_letters,
    .close = close_repository,
};

enum status lmdb_rating_repository_open(struct call *call,
                                        const struct lmdb_rating_repository_options *options,
                                        struct rating_repository *ret_repository)
{
    const struct lmdb_store_options store_options = {
        .path = options->path,
        .kind = "rating",
        .schema_version = SCHEMA_VERSION,
        .maps = map_names,
        .map_count = LMDB_RATING_MAP_COUNT,
        .map_bytes = options->map_bytes,
    };
    struct store_error error;
    struct lmdb_store *store;
    enum status status = lmdb_store_open(&store_options, &error, &store);
    if (status != STATUS_OK) {
        return store_error_report(&error, call, status);
    }
    *ret_repository = (struct rating_repository){.ops = &lmdb_ops, .state = store};
    return STATUS_OK;
}

struct lmdb_store *lmdb_rating_repository_store(const struct rating_repository *repository)
{
    CHECK(repository->ops == &lmdb_ops);
    return repository->state;
}
