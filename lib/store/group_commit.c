#include "store/group_commit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

/* How long before its deadline a caller is told that the store is busy, so that the answer still
 * arrives: a tenth of what is left, at most this. */
static const int64_t ANSWER_MARGIN_NS_MAX = 100 * CLOCK_NS_PER_MS;

enum job_state { JOB_QUEUED, JOB_BEGUN, JOB_DONE };

struct counters {
    _Atomic uint64_t commits;
    _Atomic uint64_t jobs;
    _Atomic uint64_t jobs_max;
    _Atomic uint64_t aborts;
    _Atomic uint64_t dropped;
    _Atomic uint64_t refused;
    _Atomic uint64_t syncs_failed;
    _Atomic uint64_t commit_ns_sum;
    _Atomic uint64_t commit_ns_max;
    _Atomic uint64_t sizes[GROUP_COMMIT_SIZE_BINS];
};

struct group_commit {
    const struct group_commit_ops *ops;
    void *store;
    pthread_t writer;
    pthread_mutex_t lock; /* guards the four below, and every job's state */
    pthread_cond_t changed;
    struct list queue;
    size_t queued;
    size_t queued_bytes;
    bool stopping;
    struct counters counters;
    /* Of the writer. */
    struct group_commit_job *jobs[GROUP_COMMIT_GROUP_MAX];
    int64_t sync_due_ns; /* 0: nothing waits to be synced */
};

/* The jobs of one transaction. */
struct members {
    struct group_commit_job **jobs;
    size_t count;
    size_t bytes;
    bool open; /* those that come while the others are applied are taken in */
};

static bool is_refusal(enum status status)
{
    return status == STATUS_NOT_FOUND || status == STATUS_ALREADY_EXISTS ||
           status == STATUS_FAILED_PRECONDITION || status == STATUS_ABORTED ||
           status == STATUS_OUT_OF_RANGE || status == STATUS_INVALID_ARGUMENT;
}

static void count(_Atomic uint64_t *counter, uint64_t amount)
{
    atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

/* Only the writer raises a maximum. */
static void raise(_Atomic uint64_t *maximum, uint64_t value)
{
    if (value > atomic_load_explicit(maximum, memory_order_relaxed)) {
        atomic_store_explicit(maximum, value, memory_order_relaxed);
    }
}

static unsigned size_bin(size_t jobs)
{
    unsigned bin = 0;
    while (((size_t)1 << bin) < jobs && bin < GROUP_COMMIT_SIZE_BINS - 1) {
        bin++;
    }
    return bin;
}

static void count_commit(struct group_commit *group, size_t jobs, int64_t began_ns)
{
    uint64_t duration_ns = (uint64_t)(clock_monotonic_ns() - began_ns);
    count(&group->counters.commits, 1);
    count(&group->counters.jobs, jobs);
    count(&group->counters.commit_ns_sum, duration_ns);
    count(&group->counters.sizes[size_bin(jobs)], 1);
    raise(&group->counters.jobs_max, jobs);
    raise(&group->counters.commit_ns_max, duration_ns);
}

/* The queue */

/* Tells the writer of a job at the end of the loop's turn: those of all fibers that run in it are
 * in the queue by then, and make one group. On the fiber's stack. */
struct notice {
    struct loop_task task;
    struct group_commit *group;
    bool given;
};

static void give_notice(struct loop_task *task)
{
    struct notice *notice = CONTAINER_OF(task, struct notice, task);
    pthread_cond_signal(&notice->group->changed);
    notice->given = true;
}

/* The fiber may be on again before the end of the turn: its job was withdrawn, or another's notice
 * had the writer take it. */
static void await_notice(const struct notice *notice)
{
    while (!notice->given) {
        fiber_yield();
    }
}

static enum status enqueue(struct group_commit *group, struct group_commit_job *job)
{
    enum status status = STATUS_OK;
    pthread_mutex_lock(&group->lock);
    if (group->queued >= GROUP_COMMIT_JOBS_MAX ||
        job->bytes > GROUP_COMMIT_BYTES_MAX - group->queued_bytes) {
        status = STATUS_RESOURCE_EXHAUSTED;
    } else {
        list_append(&group->queue, &job->link);
        group->queued++;
        group->queued_bytes += job->bytes;
    }
    pthread_mutex_unlock(&group->lock);
    return status;
}

static void unqueue(struct group_commit *group, struct group_commit_job *job)
{
    list_remove(&job->link);
    group->queued--;
    group->queued_bytes -= job->bytes;
}

/* Takes a job back that has not begun. false: it has. */
static bool withdraw(struct group_commit *group, struct group_commit_job *job)
{
    pthread_mutex_lock(&group->lock);
    bool queued = job->state == JOB_QUEUED;
    if (queued) {
        unqueue(group, job);
    }
    pthread_mutex_unlock(&group->lock);
    return queued;
}

/* With the lock held: waits for something to do, at most until a sync is due. */
static void await_change(struct group_commit *group)
{
    if (group->sync_due_ns == 0) {
        pthread_cond_wait(&group->changed, &group->lock);
        return;
    }
    const struct timespec until = {
        .tv_sec = (time_t)(group->sync_due_ns / CLOCK_NS_PER_S),
        .tv_nsec = (long)(group->sync_due_ns % CLOCK_NS_PER_S),
    };
    (void)pthread_cond_clockwait(&group->changed, &group->lock, CLOCK_MONOTONIC,
                                 &until); /* the caller looks at what is due */
}

static bool is_sync_due(const struct group_commit *group)
{
    return group->sync_due_ns != 0 && clock_monotonic_ns() >= group->sync_due_ns;
}

/* Waits for work, or until a sync is due: then *ret_jobs is false. false: it is time to stop. */
static bool await_jobs(struct group_commit *group, bool *ret_jobs)
{
    pthread_mutex_lock(&group->lock);
    while (list_is_empty(&group->queue) && !group->stopping && !is_sync_due(group)) {
        await_change(group);
    }
    *ret_jobs = !list_is_empty(&group->queue);
    bool work = *ret_jobs || !group->stopping;
    pthread_mutex_unlock(&group->lock);
    return work;
}

static int64_t next_sync_ns(const struct group_commit *group)
{
    return clock_monotonic_ns() + group->ops->sync_ms * CLOCK_NS_PER_MS;
}

static void sync_commits(struct group_commit *group)
{
    struct store_error error = {.message = ""};
    group->sync_due_ns = 0;
    if (group->ops->sync(group->store, &error) != STATUS_OK) {
        count(&group->counters.syncs_failed, 1);
        group->sync_due_ns = next_sync_ns(group);
    }
}

/* Takes what waits, behind those that the group has. false: nothing. */
static bool take_jobs(struct group_commit *group, struct members *members)
{
    size_t before = members->count;
    pthread_mutex_lock(&group->lock);
    while (members->count < GROUP_COMMIT_GROUP_MAX && !list_is_empty(&group->queue)) {
        struct group_commit_job *job =
            CONTAINER_OF(group->queue.next, struct group_commit_job, link);
        unqueue(group, job);
        job->state = JOB_BEGUN;
        members->bytes += job->bytes;
        members->jobs[members->count++] = job;
    }
    pthread_mutex_unlock(&group->lock);
    return members->count > before;
}

/* Waking */

/* On the loop's thread: the jobs of one loop, of one group. */
static void wake_jobs(struct loop_task *task)
{
    struct group_commit_job *job = CONTAINER_OF(task, struct group_commit_job, wake);
    while (job != NULL) {
        struct group_commit_job *next = job->next_woken;
        if (job->left) {
            job->release(job);
        } else {
            job->finished = true;
            fiber_wait_signal(&job->wait);
        }
        job = next;
    }
}

/* Posts once for each loop: the first job of a loop carries the others. */
static void wake_group(const struct members *members)
{
    struct group_commit_job *heads[LOOP_THREADS_MAX];
    struct group_commit_job *tails[LOOP_THREADS_MAX];
    size_t loops = 0;

    for (size_t i = 0; i < members->count; i++) {
        struct group_commit_job *job = members->jobs[i];
        size_t at = 0;
        while (at < loops && heads[at]->loop != job->loop) {
            at++;
        }
        job->next_woken = NULL;
        if (at < loops) {
            tails[at]->next_woken = job;
            tails[at] = job;
        } else if (loops < ARRAY_LENGTH(heads)) {
            heads[loops] = job;
            tails[loops] = job;
            loops++;
        } else {
            loop_post(job->loop, &job->wake); /* more loops than a process has: a post each */
        }
    }
    for (size_t i = 0; i < loops; i++) {
        loop_post(heads[i]->loop, &heads[i]->wake);
    }
}

/* Writing */

static bool give_up(struct group_commit *group)
{
    count(&group->counters.aborts, 1);
    return group->ops->abort(group->store);
}

static enum status apply_jobs(struct group_commit *group, struct group_commit_job **jobs,
                              size_t job_count, struct store_error *error)
{
    for (size_t i = 0; i < job_count; i++) {
        struct group_commit_job *job = jobs[i];
        job->error = (struct store_error){.message = ""};
        job->status = job->apply(job, group->store, &job->error);
        if (job->status != STATUS_OK && !is_refusal(job->status)) {
            *error = job->error;
            return job->status;
        }
    }
    return STATUS_OK;
}

/* Applies and commits the jobs in the transaction that is open, with those that come meanwhile. On
 * failure it is given up; *ret_again: it is worth another try. */
static enum status write_once(struct group_commit *group, struct members *members,
                              struct store_error *error, bool *ret_again)
{
    enum status status;
    size_t applied = 0;
    do {
        status = apply_jobs(group, members->jobs + applied, members->count - applied, error);
        applied = members->count;
    } while (status == STATUS_OK && members->open && members->bytes < GROUP_COMMIT_OPEN_BYTES_MAX &&
             take_jobs(group, members));
    if (status == STATUS_OK) {
        status = group->ops->commit(group->store, error);
    }
    *ret_again = status != STATUS_OK && give_up(group);
    return status;
}

/* The same, with new transactions as long as it is worth it. */
static enum status write_members(struct group_commit *group, struct members *members,
                                 struct store_error *error)
{
    bool again = true;
    int64_t began_ns = clock_monotonic_ns();
    enum status status = write_once(group, members, error, &again);
    for (unsigned tries = 1; again && tries < GROUP_COMMIT_TRIES_MAX; tries++) {
        status = group->ops->begin(group->store, error);
        if (status != STATUS_OK) {
            break;
        }
        status = write_once(group, members, error, &again);
    }
    if (status == STATUS_OK) {
        count_commit(group, members->count, began_ns);
        if (group->ops->sync != NULL && group->sync_due_ns == 0) {
            group->sync_due_ns = next_sync_ns(group);
        }
    }
    return status;
}

static void fail_members(const struct members *members, enum status status,
                         const struct store_error *error)
{
    for (size_t i = 0; i < members->count; i++) {
        members->jobs[i]->status = status;
        members->jobs[i]->error = *error;
    }
}

static void write_one_by_one(struct group_commit *group, const struct members *members)
{
    for (size_t i = 0; i < members->count; i++) {
        struct store_error error = {.message = ""};
        struct members one = {.jobs = &members->jobs[i], .count = 1};
        enum status status = group->ops->begin(group->store, &error);
        if (status == STATUS_OK) {
            status = write_members(group, &one, &error);
        }
        if (status != STATUS_OK) {
            fail_members(&one, status, &error);
        }
    }
}

static void write_group(struct group_commit *group)
{
    struct store_error error = {.message = ""};
    struct members members = {.jobs = group->jobs, .open = true};
    enum status status = group->ops->begin(group->store, &error);
    bool any = take_jobs(group, &members); /* now: those who came while begin() waited are in */
    if (status != STATUS_OK) {
        fail_members(&members, status, &error);
    } else if (!any) {
        (void)group->ops->abort(group->store); /* all withdrawn meanwhile: nothing to retry */
    } else {
        status = write_members(group, &members, &error);
        if (status != STATUS_OK && members.count > 1) {
            write_one_by_one(group, &members);
        } else if (status != STATUS_OK) {
            fail_members(&members, status, &error);
        }
    }
    wake_group(&members);
}

static void *write_until_stopped(void *argument)
{
    struct group_commit *group = argument;
    bool jobs;
    while (await_jobs(group, &jobs)) {
        if (jobs) {
            write_group(group);
        }
        if (is_sync_due(group)) {
            sync_commits(group);
        }
    }
    if (group->sync_due_ns != 0) {
        sync_commits(group);
    }
    return NULL;
}

/* The life of a group */

enum status group_commit_create(const char *name, const struct group_commit_ops *ops, void *store,
                                struct group_commit **ret_group)
{
    struct group_commit *group = calloc(1, sizeof(*group));
    if (group == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    group->ops = ops;
    group->store = store;
    list_init(&group->queue);
    pthread_mutex_init(&group->lock, NULL);
    pthread_cond_init(&group->changed, NULL);
    if (pthread_create(&group->writer, NULL, write_until_stopped, group) != 0) {
        pthread_cond_destroy(&group->changed);
        pthread_mutex_destroy(&group->lock);
        free(group);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    (void)pthread_setname_np(group->writer, name); /* for ps and gdb only */
    *ret_group = group;
    return STATUS_OK;
}

bool group_commit_destroy(struct group_commit *group)
{
    if (group == NULL) {
        return true;
    }
    pthread_mutex_lock(&group->lock);
    CHECK(list_is_empty(&group->queue));
    group->stopping = true;
    pthread_cond_signal(&group->changed);
    pthread_mutex_unlock(&group->lock);

    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until); /* what pthread_timedjoin_np() goes by */
    until.tv_sec += GROUP_COMMIT_STOP_MS_MAX / 1000;
    if (pthread_timedjoin_np(group->writer, NULL, &until) != 0) {
        (void)pthread_detach(group->writer);
        return false;
    }
    pthread_cond_destroy(&group->changed);
    pthread_mutex_destroy(&group->lock);
    free(group);
    return true;
}

/* Parks until the job is done, or until it must be given up. */
static enum status await_job(struct group_commit *group, struct call *call,
                             struct group_commit_job *job)
{
    struct call patient = *call;
    if (call->deadline_ns != CALL_NO_DEADLINE) {
        int64_t margin_ns = call_remaining_ns(call) / 10;
        patient.deadline_ns -= margin_ns < ANSWER_MARGIN_NS_MAX ? margin_ns : ANSWER_MARGIN_NS_MAX;
    }
    enum status status = fiber_wait(&patient, &job->wait);
    if (status == STATUS_OK || job->finished) {
        return STATUS_OK;
    }
    if (withdraw(group, job)) {
        count(&group->counters.dropped, 1);
        job->release(job);
        return status == STATUS_CANCELLED
                   ? status
                   : call_fail(call, STATUS_UNAVAILABLE, "the store is busy; nothing has changed");
    }
    if (status == STATUS_DEADLINE_EXCEEDED) {
        status = fiber_wait(call, &job->wait); /* it has begun: the last tenth is for it */
    }
    if (status != STATUS_OK && !job->finished) {
        job->left = true; /* wake_jobs() releases it */
        return status;
    }
    return STATUS_OK;
}

enum status group_commit_run(struct group_commit *group, struct call *call,
                             struct group_commit_job *job)
{
    enum status status = call_check(call);
    if (status != STATUS_OK) {
        job->release(job);
        return status;
    }
    job->state = JOB_QUEUED;
    job->left = false;
    job->finished = false;
    job->loop = loop_current();
    job->wake = (struct loop_task){.run = wake_jobs};
    fiber_wait_init(&job->wait);
    status = enqueue(group, job);
    if (status != STATUS_OK) {
        count(&group->counters.refused, 1);
        job->release(job);
        return call_fail(call, status, "too many writes wait for the store");
    }
    struct notice notice = {.task = {.run = give_notice}, .group = group};
    loop_defer(job->loop, &notice.task);
    status = await_job(group, call, job);
    await_notice(&notice);
    if (status != STATUS_OK) {
        return status;
    }
    if (job->status != STATUS_OK) {
        status = store_error_report(&job->error, call, job->status);
        job->release(job);
    }
    return status;
}

static uint64_t read_counter(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void group_commit_read_stats(const struct group_commit *group, struct group_commit_stats *ret_stats)
{
    const struct counters *counters = &group->counters;
    *ret_stats = (struct group_commit_stats){
        .commits = read_counter(&counters->commits),
        .jobs = read_counter(&counters->jobs),
        .jobs_max = read_counter(&counters->jobs_max),
        .aborts = read_counter(&counters->aborts),
        .dropped = read_counter(&counters->dropped),
        .refused = read_counter(&counters->refused),
        .syncs_failed = read_counter(&counters->syncs_failed),
        .commit_ns_sum = read_counter(&counters->commit_ns_sum),
        .commit_ns_max = read_counter(&counters->commit_ns_max),
    };
    for (size_t i = 0; i < GROUP_COMMIT_SIZE_BINS; i++) {
        ret_stats->sizes[i] = read_counter(&counters->sizes[i]);
    }
}
