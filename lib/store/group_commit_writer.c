/* The writer's side of group commit: takes jobs, applies, commits and wakes their callers. */
#include "base/clock.h"
#include "store/group_commit_private.h"

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
    group_commit_count(&group->counters.commits, 1);
    group_commit_count(&group->counters.jobs, jobs);
    group_commit_count(&group->counters.commit_ns_sum, duration_ns);
    group_commit_count(&group->counters.sizes[size_bin(jobs)], 1);
    raise(&group->counters.jobs_max, jobs);
    raise(&group->counters.commit_ns_max, duration_ns);
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
        group_commit_count(&group->counters.syncs_failed, 1);
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
        group_commit_unqueue(group, job);
        job->state = JOB_BEGUN;
        members->bytes += job->bytes;
        members->jobs[members->count++] = job;
    }
    pthread_mutex_unlock(&group->lock);
    return members->count > before;
}

/* Waking */

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
    group_commit_count(&group->counters.aborts, 1);
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

void *group_commit_write(void *argument)
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
