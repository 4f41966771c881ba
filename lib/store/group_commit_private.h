/* group_commit_private.h: what the two sides of a group share: callers, who queue jobs, and the
 * writer. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "store/group_commit.h"

enum group_commit_job_state { JOB_QUEUED, JOB_BEGUN };

struct group_commit_counters {
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
    struct group_commit_counters counters;
    /* Of the writer. */
    struct group_commit_job *jobs[GROUP_COMMIT_GROUP_MAX];
    int64_t sync_due_ns; /* 0: nothing waits to be synced */
};

static inline void group_commit_count(_Atomic uint64_t *counter, uint64_t amount)
{
    atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

/* Takes a job off the queue, with the lock held: the writer, or a caller who waits no more. */
void group_commit_unqueue(struct group_commit *group, struct group_commit_job *job);

/* The writer's thread: writes until it is told to stop. */
void *group_commit_write(void *group);
