#include "store/postgres_pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "loop/fiber.h"
#include "loop/loop.h"
#include "loop/worker.h"
#include "store/postgres_backoff.h"

enum { OPENERS = 2 };

struct postgres_pool {
    const struct postgres_session *session;
    struct worker_pool *openers;
    pthread_mutex_t lock; /* guards the rest */
    unsigned references;  /* the owner's, and one of each connection that is being opened */
    bool closed;
    unsigned permits;    /* how many more may be taken */
    struct list waiters; /* struct waiter, oldest first */
    struct postgres_backoff backoff;
    struct store_error last_error;
    struct postgres_pool_stats stats;
    struct postgres_connection *idle[POSTGRES_POOL_CONNECTIONS_MAX]; /* stats.idle of them */
};

/* On its fiber's stack: once granted, its task is under way and waited for. */
struct waiter {
    struct list link;
    struct loop *loop;
    struct loop_task task;
    struct fiber_wait wait;
    bool granted;
};

/* Permits: as many as there may be connections */

static void signal_waiter(struct loop_task *task)
{
    fiber_wait_signal(&CONTAINER_OF(task, struct waiter, task)->wait);
}

/* With the lock held. */
static void give_permit(struct postgres_pool *pool)
{
    struct list *link = list_take_first(&pool->waiters);
    pool->stats.taken--;
    if (link == NULL) {
        pool->permits++;
        return;
    }
    struct waiter *waiter = CONTAINER_OF(link, struct waiter, link);
    pool->stats.waiting--;
    pool->stats.taken++;
    waiter->granted = true;
    loop_post(waiter->loop, &waiter->task);
}

/* Called with the lock held, which it gives back. */
static enum status await_permit(struct postgres_pool *pool, struct call *call)
{
    struct waiter waiter = {.loop = loop_current(), .task = {.run = signal_waiter}};
    fiber_wait_init(&waiter.wait);
    list_append(&pool->waiters, &waiter.link);
    pool->stats.waiting++;
    pool->stats.waits++;
    pthread_mutex_unlock(&pool->lock);

    enum status status = fiber_wait(call, &waiter.wait);
    if (status == STATUS_OK) {
        return STATUS_OK;
    }
    pthread_mutex_lock(&pool->lock);
    bool granted = waiter.granted;
    if (!granted) {
        list_remove(&waiter.link);
        pool->stats.waiting--;
    }
    pthread_mutex_unlock(&pool->lock);
    return granted ? fiber_wait(NULL, &waiter.wait) : status;
}

static enum status take_permit(struct postgres_pool *pool, struct call *call)
{
    pthread_mutex_lock(&pool->lock);
    if (pool->permits > 0) {
        pool->permits--;
        pool->stats.taken++;
        pthread_mutex_unlock(&pool->lock);
        return STATUS_OK;
    }
    if (pool->stats.waiting >= POSTGRES_POOL_WAITERS_MAX) {
        pool->stats.refused++;
        pthread_mutex_unlock(&pool->lock);
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "too many wait for the database");
    }
    return await_permit(pool, call);
}

/* Connections */

/* With the lock held. */
static void keep_or_close(struct postgres_pool *pool, struct postgres_connection *connection)
{
    if (connection != NULL && !pool->closed && postgres_connection_is_usable(connection)) {
        pool->idle[pool->stats.idle++] = connection;
    } else if (connection != NULL) {
        pool->stats.lost++;
        postgres_connection_close(connection);
    }
}

static void give(struct postgres_pool *pool, struct postgres_connection *connection)
{
    pthread_mutex_lock(&pool->lock);
    keep_or_close(pool, connection);
    give_permit(pool);
    pthread_mutex_unlock(&pool->lock);
}

/* The one that rested last, which is the warmest, if it lives. */
static struct postgres_connection *take_idle(struct postgres_pool *pool)
{
    struct postgres_connection *connection = NULL;
    pthread_mutex_lock(&pool->lock);
    pool->stats.queries++;
    while (connection == NULL && pool->stats.idle > 0) {
        connection = pool->idle[--pool->stats.idle];
        if (!postgres_connection_is_alive(connection)) {
            pool->stats.lost++;
            postgres_connection_close(connection);
            connection = NULL;
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return connection;
}

/* Holds a permit until its caller has the connection. */
struct open_job {
    struct worker_job job;
    struct postgres_pool *pool;
    struct postgres_connection *connection;
    struct store_error error;
    enum status status;
    bool has_permit;
};

static void run_open(struct worker_job *base)
{
    struct open_job *job = CONTAINER_OF(base, struct open_job, job);
    struct postgres_pool *pool = job->pool;
    job->status = postgres_connection_open(pool->session, -1, &job->error, &job->connection);
    pthread_mutex_lock(&pool->lock);
    if (job->status == STATUS_OK) {
        pool->stats.opened++;
        postgres_backoff_note_success(&pool->backoff);
    } else {
        pool->stats.failed++;
        pool->last_error = job->error;
        postgres_backoff_note_failure(&pool->backoff);
    }
    pthread_mutex_unlock(&pool->lock);
}

static void release_pool(struct postgres_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    bool last = --pool->references == 0;
    pthread_mutex_unlock(&pool->lock);
    if (last) {
        pthread_mutex_destroy(&pool->lock);
        free(pool);
    }
}

/* May come after the pool was destroyed, when its caller had left. */
static void release_open(struct worker_job *base)
{
    struct open_job *job = CONTAINER_OF(base, struct open_job, job);
    if (job->has_permit) {
        give(job->pool, job->connection);
    }
    release_pool(job->pool);
    free(job);
}

/* Has a permit; gives it back on failure. */
static enum status open_connection(struct postgres_pool *pool, struct call *call,
                                   struct postgres_connection **ret_connection)
{
    pthread_mutex_lock(&pool->lock);
    bool try = postgres_backoff_is_over(&pool->backoff);
    struct store_error error = pool->last_error;
    struct open_job *job = try ? calloc(1, sizeof(*job)) : NULL;
    pool->references += job != NULL ? 1 : 0;
    pthread_mutex_unlock(&pool->lock);
    if (job == NULL) {
        give(pool, NULL);
        return try ? call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for a connection")
                   : store_error_report(&error, call, STATUS_UNAVAILABLE);
    }
    *job = (struct open_job){
        .job = {.run = run_open, .release = release_open}, .pool = pool, .has_permit = true};
    enum status status = worker_run(pool->openers, call, &job->job);
    if (status != STATUS_OK) {
        return status;
    }
    status = job->status;
    if (status == STATUS_OK) {
        *ret_connection = job->connection;
        job->has_permit = false;
    } else {
        status = store_error_report(&job->error, call, status);
    }
    worker_job_release(&job->job);
    return status;
}

static enum status take(struct postgres_pool *pool, struct call *call,
                        struct postgres_connection **ret_connection)
{
    enum status status = call_check(call);
    if (status == STATUS_OK) {
        status = take_permit(pool, call);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct postgres_connection *connection = take_idle(pool);
    if (connection == NULL) {
        return open_connection(pool, call, ret_connection);
    }
    *ret_connection = connection;
    return STATUS_OK;
}

/* Asking */

static enum status ask(struct postgres_connection *connection, struct call *call,
                       unsigned statement, const struct postgres_parameters *parameters,
                       struct store_error *error, PGresult **ret_result)
{
    PGresult *result;
    postgres_send(connection, statement, parameters);
    postgres_sync(connection);
    enum status status = postgres_receive(connection, call, error, &result);
    if (status != STATUS_OK) {
        return status;
    }
    status = postgres_receive_sync(connection, call, error);
    if (status != STATUS_OK) {
        PQclear(result);
        return status;
    }
    *ret_result = result;
    return STATUS_OK;
}

enum status postgres_pool_query(struct postgres_pool *pool, struct call *call, unsigned statement,
                                const struct postgres_parameters *parameters, PGresult **ret_result)
{
    struct store_error error = {.message = ""};
    for (unsigned tries = 1;; tries++) {
        struct postgres_connection *connection = NULL;
        enum status status = take(pool, call, &connection);
        if (status != STATUS_OK) {
            return status;
        }
        status = ask(connection, call, statement, parameters, &error, ret_result);
        give(pool, connection);
        bool again = status == STATUS_UNAVAILABLE || status == STATUS_ABORTED;
        if (!again || tries == POSTGRES_POOL_TRIES_MAX || call_check(call) != STATUS_OK) {
            return status == STATUS_OK
                       ? status
                       : store_error_report(&error, call,
                                            status == STATUS_ABORTED ? STATUS_UNAVAILABLE : status);
        }
    }
}

/* The life of a pool */

enum status postgres_pool_create(const struct postgres_session *session, unsigned connections,
                                 struct postgres_pool **ret_pool)
{
    CHECK(connections >= 1 && connections <= POSTGRES_POOL_CONNECTIONS_MAX);
    struct postgres_pool *pool = calloc(1, sizeof(*pool));
    if (pool == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    pool->session = session;
    pool->references = 1;
    pool->permits = connections;
    pool->stats.connections_max = connections;
    list_init(&pool->waiters);
    enum status status =
        worker_pool_create("postgres", OPENERS, POSTGRES_POOL_CONNECTIONS_MAX, &pool->openers);
    if (status != STATUS_OK) {
        free(pool);
        return status;
    }
    pthread_mutex_init(&pool->lock, NULL);
    *ret_pool = pool;
    return STATUS_OK;
}

void postgres_pool_destroy(struct postgres_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    worker_pool_destroy(pool->openers);
    pthread_mutex_lock(&pool->lock);
    CHECK(list_is_empty(&pool->waiters));
    pool->closed = true;
    while (pool->stats.idle > 0) {
        postgres_connection_close(pool->idle[--pool->stats.idle]);
    }
    pthread_mutex_unlock(&pool->lock);
    release_pool(pool);
}

void postgres_pool_read_stats(struct postgres_pool *pool, struct postgres_pool_stats *ret_stats)
{
    pthread_mutex_lock(&pool->lock);
    *ret_stats = pool->stats;
    pthread_mutex_unlock(&pool->lock);
}
