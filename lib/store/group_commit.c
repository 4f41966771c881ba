#include "store/group_commit.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "store/group_commit_private.h"

/* How long before its deadline a caller is told that the store is busy, so that the answer still
 * arrives: a tenth of what is left, at most this. */
static const int64_t ANSWER_MARGIN_NS_MAX = 100 * CLOCK_NS_PER_MS;

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

void group_commit_unqueue(struct group_commit *group, struct group_commit_job *job)
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
        group_commit_unqueue(group, job);
    }
    pthread_mutex_unlock(&group->lock);
    return queued;
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
    if (pthread_create(&group->writer, NULL, group_commit_write, group) != 0) {
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

/* Running a job */

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
        group_commit_count(&group->counters.dropped, 1);
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
        group_commit_count(&group->counters.refused, 1);
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
    const struct group_commit_counters *counters = &group->counters;
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
