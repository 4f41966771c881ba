#include "unit/store/fake_store.h"

#include <stdlib.h>

struct fake_job {
    struct group_commit_job job;
    int value;
    enum status status;
};

/* Jobs are made and released on the test's one loop thread. */
static _Thread_local unsigned job_count;

void fake_store_init(struct fake_store *store)
{
    *store = (struct fake_store){.begin_status = STATUS_OK};
    pthread_mutex_init(&store->lock, NULL);
    pthread_cond_init(&store->changed, NULL);
}

void fake_store_deinit(struct fake_store *store)
{
    pthread_cond_destroy(&store->changed);
    pthread_mutex_destroy(&store->lock);
}

void fake_store_close_gate(struct fake_store *store, struct fake_gate *gate)
{
    pthread_mutex_lock(&store->lock);
    gate->closed = true;
    pthread_mutex_unlock(&store->lock);
}

void fake_store_open_gate(struct fake_store *store, struct fake_gate *gate)
{
    pthread_mutex_lock(&store->lock);
    gate->closed = false;
    pthread_cond_broadcast(&store->changed);
    pthread_mutex_unlock(&store->lock);
}

void fake_store_await_writer(struct fake_store *store, const struct fake_gate *gate)
{
    pthread_mutex_lock(&store->lock);
    while (!gate->reached) {
        pthread_cond_wait(&store->changed, &store->lock);
    }
    pthread_mutex_unlock(&store->lock);
}

/* With the lock held. */
static void pass(struct fake_store *store, struct fake_gate *gate)
{
    gate->reached = true;
    pthread_cond_broadcast(&store->changed);
    while (gate->closed) {
        pthread_cond_wait(&store->changed, &store->lock);
    }
}

static enum status begin(void *state, struct store_error *error)
{
    struct fake_store *store = state;
    pthread_mutex_lock(&store->lock);
    pass(store, &store->begin);
    store->begins++;
    store->pending_count = 0;
    enum status status = store->begin_status;
    pthread_mutex_unlock(&store->lock);
    return status == STATUS_OK ? status : store_fail(error, status, "cannot begin", "by order");
}

static enum status commit(void *state, struct store_error *error)
{
    struct fake_store *store = state;
    enum status status = STATUS_OK;
    pthread_mutex_lock(&store->lock);
    if (store->commit_failures > 0) {
        store->commit_failures--;
        status = store_fail(error, STATUS_UNAVAILABLE, "cannot commit", "by order");
    } else {
        memcpy(&store->values[store->value_count], store->pending,
               store->pending_count * sizeof(store->pending[0]));
        store->value_count += store->pending_count;
        store->commits++;
    }
    pthread_mutex_unlock(&store->lock);
    return status;
}

static bool abort_all(void *state)
{
    struct fake_store *store = state;
    pthread_mutex_lock(&store->lock);
    store->pending_count = 0;
    bool again = store->abort_removes_cause;
    pthread_mutex_unlock(&store->lock);
    return again;
}

const struct group_commit_ops fake_store_ops = {
    .begin = begin, .commit = commit, .abort = abort_all};

unsigned fake_store_count(struct fake_store *store, int value)
{
    unsigned found = 0;
    pthread_mutex_lock(&store->lock);
    for (size_t i = 0; i < store->value_count; i++) {
        found += store->values[i] == value ? 1 : 0;
    }
    pthread_mutex_unlock(&store->lock);
    return found;
}

static enum status apply(struct group_commit_job *base, void *state, struct store_error *error)
{
    const struct fake_job *job = CONTAINER_OF(base, struct fake_job, job);
    struct fake_store *store = state;
    if (job->status != STATUS_OK) {
        return store_fail(error, job->status, "by order", "value %d", job->value);
    }
    pthread_mutex_lock(&store->lock);
    pass(store, &store->apply);
    store->pending[store->pending_count++] = job->value;
    pthread_mutex_unlock(&store->lock);
    return STATUS_OK;
}

static void release(struct group_commit_job *base)
{
    free(CONTAINER_OF(base, struct fake_job, job));
    job_count--;
}

struct group_commit_job *fake_store_job(int value, enum status status, size_t bytes)
{
    struct fake_job *job = calloc(1, sizeof(*job));
    CHECK(job != NULL);
    job->job = (struct group_commit_job){.apply = apply, .release = release, .bytes = bytes};
    job->value = value;
    job->status = status;
    job_count++;
    return &job->job;
}

unsigned fake_store_job_count(void)
{
    return job_count;
}
