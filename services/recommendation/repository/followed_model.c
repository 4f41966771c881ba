/* A model in turn: made, asked, replaced; and the fiber that keeps its lists fresh. */
#include <stdlib.h>

#include "base/clock.h"
#include "recommendation/repository/followed_private.h"

struct followed_model *followed_model_hold(struct recommend_model *model)
{
    struct followed_model *held = calloc(1, sizeof(*held));
    if (held != NULL) {
        atomic_init(&held->holders, 1);
        held->model = model;
    }
    return held;
}

struct followed_model *followed_model_create(const struct recommend_settings *settings)
{
    struct recommend_model *model;
    if (recommend_model_create(settings, &model) != STATUS_OK) {
        return NULL;
    }
    struct followed_model *held = followed_model_hold(model);
    if (held == NULL) {
        recommend_model_destroy(model);
    }
    return held;
}

void followed_model_release(struct followed_model *held)
{
    if (held != NULL && atomic_fetch_sub(&held->holders, 1) == 1) {
        recommend_model_destroy(held->model);
        free(held);
    }
}

struct followed_model *followed_current(struct followed_recommendations *self)
{
    pthread_mutex_lock(&self->lock);
    struct followed_model *held = self->current;
    if (held != NULL) {
        atomic_fetch_add(&held->holders, 1);
    }
    pthread_mutex_unlock(&self->lock);
    return held;
}

struct slice {
    struct recommend_model *model;
    enum status status;
};

static void run_slice(void *argument)
{
    struct slice *slice = argument;
    slice->status = recommend_refresh(slice->model, FOLLOWED_SLICE_PAIRS);
}

enum status followed_compute(struct followed_recommendations *self, struct call *call,
                             struct followed_model *held, uint32_t *ret_waiting)
{
    struct slice slice = {.model = held->model};
    enum status status = worker_call(self->worker, call, run_slice, &slice);
    if (status == STATUS_OK) {
        status = slice.status;
    }
    if (status == STATUS_OK) {
        *ret_waiting = recommend_model_counts(held->model).waiting;
    }
    return status;
}

/* Until nothing waits, votes are behind, or it is being stopped. */
static void compute_all(struct followed_recommendations *self, struct call *call,
                        struct followed_model *held)
{
    uint32_t waiting = 1;
    while (waiting > 0 && !self->behind && !self->stop.requested) {
        if (followed_compute(self, call, held, &waiting) != STATUS_OK) {
            /* No memory: it may pass. */
            status_ignore(fiber_sleep(call, FOLLOWED_PAUSE_MS_MAX * CLOCK_NS_PER_MS));
        }
    }
}

void followed_compute_run(void *followed)
{
    struct followed_recommendations *self = followed;
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_CHUNK_BYTES);
    call_init(&call, &arena, 0);
    call.cancellation = &self->stop;
    while (fiber_wait(&call, &self->changed) == STATUS_OK) {
        struct followed_model *held = self->followed;
        if (held != NULL) {
            atomic_fetch_add(&held->holders, 1);
            compute_all(self, &call, held);
            followed_model_release(held);
        }
        call_clear_error(&call);
        arena_reset(&arena);
    }
    arena_deinit(&arena);
}
