#include "recommendation/repository/followed_recommendations.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "recommendation/repository/followed_private.h"
#include "store/store_directory.h"

enum {
    WORKER_QUEUE = 4,
    ARENA_BYTES_MAX = 16 * 1024 * 1024, /* of one page of the feed */
};

_Static_assert((int)RECOMMENDATION_COUNT_MAX <= (int)RECOMMEND_RESULTS_MAX,
               "as many as are asked for");

static struct recommendation_basis basis_of(struct followed_model *held)
{
    const struct recommend_counts counts = recommend_model_counts(held->model);
    int64_t age_ms = clock_wall_ms() - atomic_load(&held->as_of_ms);
    return (struct recommendation_basis){
        .age_ms = age_ms > 0 ? age_ms : 0,
        .votes = counts.votes,
        .users = counts.users,
        .records = counts.items,
        .waiting = counts.waiting,
    };
}

/* *ret_held is held for the caller. */
static enum status take_current(struct followed_recommendations *self, struct call *call,
                                struct followed_model **ret_held)
{
    *ret_held = followed_current(self);
    if (*ret_held != NULL) {
        return STATUS_OK;
    }
    return call_fail(call, STATUS_UNAVAILABLE,
                     atomic_load(&self->counts.connected)
                         ? "recommendations are being made: %llu votes so far"
                         : "recommendations are not made yet: the rating service cannot be asked "
                           "(%llu votes so far)",
                     (unsigned long long)atomic_load(&self->counts.listed));
}

static enum status answer(struct call *call, struct followed_model *held, enum status status,
                          const struct recommend_answer *answer, bool foretells,
                          struct recommendation_list *list)
{
    if (status != STATUS_OK) {
        return call_fail(call, status, "the answer is too large");
    }
    list->count = answer->count;
    list->votes = answer->votes;
    for (size_t i = 0; i < answer->count; i++) {
        const struct recommend_result *result = &answer->results[i];
        list->items[i] = (struct recommendation){
            .record_id = result->item,
            .score = (double)result->score,
            .has_foretold = foretells,
            .foretold_hundredths = result->foretold_hundredths,
            .because_of = result->because_of,
        };
    }
    list->basis = basis_of(held);
    return STATUS_OK;
}

static enum status list_similar(void *state, struct call *call, struct text record_id, size_t limit,
                                struct recommendation_list *ret_list)
{
    struct followed_model *held;
    struct recommend_answer found;
    enum status status = take_current(state, call, &held);
    if (status == STATUS_OK) {
        status = recommend_similar(held->model, call->arena, record_id, limit, &found);
        status = answer(call, held, status, &found, false, ret_list);
        followed_model_release(held);
    }
    return status;
}

static enum status list_for_user(void *state, struct call *call, struct text user_id, size_t limit,
                                 struct recommendation_list *ret_list)
{
    struct followed_model *held;
    struct recommend_answer found;
    enum status status = take_current(state, call, &held);
    if (status == STATUS_OK) {
        status = recommend_to_user(held->model, call->arena, user_id, limit, &found);
        status = answer(call, held, status, &found, true, ret_list);
        followed_model_release(held);
    }
    return status;
}

static enum status get_basis(void *state, struct call *call, struct recommendation_basis *ret_basis)
{
    struct followed_model *held;
    enum status status = take_current(state, call, &held);
    if (status == STATUS_OK) {
        *ret_basis = basis_of(held);
        followed_model_release(held);
    }
    return status;
}

static const struct recommendation_repository_ops ops = {
    .list_similar = list_similar,
    .list_for_user = list_for_user,
    .get_basis = get_basis,
};

struct recommendation_repository
followed_recommendations_port(struct followed_recommendations *followed)
{
    return (struct recommendation_repository){&ops, followed};
}

bool followed_recommendations_look(void *followed, struct call *call, struct text *ret_reason)
{
    struct followed_model *held;
    struct call look = call_within(call, 0);
    if (take_current(followed, &look, &held) == STATUS_OK) {
        followed_model_release(held);
    } else {
        *ret_reason = look.error.message;
    }
    return true;
}

/* The file's name, and the directory that it is in. */
static enum status prepare_file(struct followed_recommendations *self, struct call *call,
                                struct text directory)
{
    struct store_error error;
    if (directory.length == 0) {
        return STATUS_OK;
    }
    enum status status = store_directory_create(directory, &error);
    if (status != STATUS_OK) {
        return store_error_report(&error, call, status);
    }
    int length = asprintf(&self->path, "%.*s/recommendations.model", TEXT_ARGUMENTS(directory));
    if (length < 0) {
        self->path = NULL;
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for recommendations");
    }
    self->file = text_of_bytes(self->path, (size_t)length);
    return STATUS_OK;
}

enum status followed_recommendations_create(struct call *call,
                                            const struct followed_recommendations_options *options,
                                            struct followed_recommendations **ret_followed)
{
    struct followed_recommendations *self = calloc(1, sizeof(*self));
    if (self == NULL ||
        worker_pool_create("recommend", 1, WORKER_QUEUE, &self->worker) != STATUS_OK) {
        free(self);
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for recommendations");
    }
    self->feed = options->feed;
    self->settings = options->settings;
    self->log = options->log;
    pthread_mutex_init(&self->lock, NULL);
    arena_init(&self->arena, ARENA_BYTES_MAX);
    enum status status = prepare_file(self, call, options->directory);
    if (status != STATUS_OK) {
        followed_recommendations_destroy(self);
        return status;
    }
    *ret_followed = self;
    return STATUS_OK;
}

enum status followed_recommendations_start(struct followed_recommendations *self)
{
    cancellation_init(&self->stop);
    fiber_wait_init(&self->changed);
    fiber_group_init(&self->fibers);
    enum status status = fiber_group_start(&self->fibers, followed_compute_run, self);
    self->running = status == STATUS_OK;
    if (status == STATUS_OK) {
        status = fiber_group_start(&self->fibers, followed_votes_run, self);
    }
    if (status != STATUS_OK) {
        followed_recommendations_stop(self);
    }
    return status;
}

void followed_recommendations_stop(struct followed_recommendations *self)
{
    if (self == NULL || !self->running) {
        return;
    }
    cancellation_request(&self->stop);
    fiber_group_join(&self->fibers);
    self->running = false;
}

void followed_recommendations_destroy(struct followed_recommendations *self)
{
    if (self == NULL) {
        return;
    }
    worker_pool_destroy(self->worker);
    followed_model_release(self->current);
    pthread_mutex_destroy(&self->lock);
    arena_deinit(&self->arena);
    free(self->path);
    free(self);
}
