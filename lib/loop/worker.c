#include "loop/worker.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "loop/loop_private.h"

enum { THREAD_NAME_BYTES = 16 }; /* pthread_setname_np(3) */

struct worker_pool {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct list queue; /* struct worker_job, oldest first */
    unsigned queued;
    unsigned queue_max;
    bool stopping;
    unsigned thread_count;
    pthread_t threads[];
};

static struct worker_job *take_job(struct worker_pool *pool)
{
    struct worker_job *job = NULL;
    struct list *link;
    CHECK(pthread_mutex_lock(&pool->lock) == 0);
    while ((link = list_take_first(&pool->queue)) == NULL && !pool->stopping) {
        CHECK(pthread_cond_wait(&pool->changed, &pool->lock) == 0);
    }
    if (link != NULL) {
        job = CONTAINER_OF(link, struct worker_job, link);
        job->begun = true;
        pool->queued--;
    }
    CHECK(pthread_mutex_unlock(&pool->lock) == 0);
    return job;
}

static void *run_jobs(void *argument)
{
    struct worker_pool *pool = argument;
    struct worker_job *job;
    while ((job = take_job(pool)) != NULL) {
        job->run(job);
        loop_post(job->loop, &job->done);
    }
    return NULL;
}

static enum status start_threads(struct worker_pool *pool, const char *name, unsigned threads)
{
    sigset_t previous;
    loop_signals_block(&previous);
    for (; pool->thread_count < threads; pool->thread_count++) {
        pthread_t *thread = &pool->threads[pool->thread_count];
        if (pthread_create(thread, NULL, run_jobs, pool) != 0) {
            break;
        }
        char shown[THREAD_NAME_BYTES];
        (void)snprintf(shown, sizeof(shown), "%.12s-%u", name, pool->thread_count);
        (void)pthread_setname_np(*thread, shown); /* only for those who look */
    }
    loop_signals_restore(&previous);
    return pool->thread_count == threads ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

enum status worker_pool_create(const char *name, unsigned threads, unsigned queue_max,
                               struct worker_pool **ret_pool)
{
    CHECK(threads >= 1 && threads <= WORKER_THREADS_MAX);
    CHECK(queue_max >= 1 && queue_max <= WORKER_QUEUE_MAX);
    struct worker_pool *pool = calloc(1, sizeof(*pool) + threads * sizeof(pool->threads[0]));
    if (pool == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    pool->queue_max = queue_max;
    list_init(&pool->queue);
    CHECK(pthread_mutex_init(&pool->lock, NULL) == 0);
    CHECK(pthread_cond_init(&pool->changed, NULL) == 0);
    if (start_threads(pool, name, threads) != STATUS_OK) {
        worker_pool_destroy(pool);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    *ret_pool = pool;
    return STATUS_OK;
}

void worker_pool_destroy(struct worker_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    CHECK(pthread_mutex_lock(&pool->lock) == 0);
    CHECK(pool->queued == 0);
    pool->stopping = true;
    CHECK(pthread_cond_broadcast(&pool->changed) == 0);
    CHECK(pthread_mutex_unlock(&pool->lock) == 0);
    for (unsigned i = 0; i < pool->thread_count; i++) {
        CHECK(pthread_join(pool->threads[i], NULL) == 0);
    }
    CHECK(pthread_cond_destroy(&pool->changed) == 0);
    CHECK(pthread_mutex_destroy(&pool->lock) == 0);
    free(pool);
}

/* On the loop's thread. Nobody waits any more when the call was over while the job ran. */
static void on_done(struct loop_task *task)
{
    struct worker_job *job = CONTAINER_OF(task, struct worker_job, done);
    if (job->wait != NULL) {
        fiber_wait_signal(job->wait);
    } else {
        job->release(job);
    }
}

static enum status enqueue(struct worker_pool *pool, struct worker_job *job)
{
    enum status status = STATUS_OK;
    CHECK(pthread_mutex_lock(&pool->lock) == 0);
    if (pool->queued >= pool->queue_max) {
        status = STATUS_RESOURCE_EXHAUSTED;
    } else {
        list_append(&pool->queue, &job->link);
        pool->queued++;
        CHECK(pthread_cond_signal(&pool->changed) == 0);
    }
    CHECK(pthread_mutex_unlock(&pool->lock) == 0);
    return status;
}

/* false: a worker has begun it. */
static bool withdraw(struct worker_pool *pool, struct worker_job *job)
{
    CHECK(pthread_mutex_lock(&pool->lock) == 0);
    bool withdrawn = !job->begun;
    if (withdrawn) {
        list_remove(&job->link);
        pool->queued--;
    }
    CHECK(pthread_mutex_unlock(&pool->lock) == 0);
    return withdrawn;
}

/* Queues the job and waits. *ret_held: no worker has it, or will. */
static enum status submit(struct worker_pool *pool, struct call *call, struct worker_job *job,
                          struct fiber_wait *wait, bool *ret_held)
{
    *ret_held = true;
    enum status status = call != NULL ? call_check(call) : STATUS_OK;
    if (status != STATUS_OK) {
        return status;
    }
    fiber_wait_init(wait);
    job->done.run = on_done;
    job->loop = loop_current();
    job->wait = wait;
    job->begun = false;
    status = enqueue(pool, job);
    if (status != STATUS_OK) {
        return status;
    }
    status = fiber_wait(call, wait);
    *ret_held = status == STATUS_OK || withdraw(pool, job);
    return status;
}

struct function_job {
    struct worker_job job;
    void (*run)(void *argument);
    void *argument;
};

static void run_function(struct worker_job *job)
{
    struct function_job *function = CONTAINER_OF(job, struct function_job, job);
    function->run(function->argument);
}

enum status worker_call(struct worker_pool *pool, struct call *call, void (*run)(void *argument),
                        void *argument)
{
    struct function_job function = {.job.run = run_function, .run = run, .argument = argument};
    struct fiber_wait wait;
    bool held;
    enum status status = submit(pool, call, &function.job, &wait, &held);
    if (!held) {
        status = fiber_wait(NULL, &wait);
    }
    return status;
}

enum status worker_run(struct worker_pool *pool, struct call *call, struct worker_job *job)
{
    struct fiber_wait wait;
    bool held;
    enum status status = submit(pool, call, job, &wait, &held);
    if (status == STATUS_OK) {
        return STATUS_OK;
    }
    if (held || wait.signalled) {
        job->release(job);
    } else {
        job->wait = NULL;
    }
    return status;
}

void worker_job_release(struct worker_job *job)
{
    job->release(job);
}
