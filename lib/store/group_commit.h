/* group_commit.h: durable writes that share one commit.
 *
 * A store has one writer thread. It opens a transaction, takes every job that waits by then, and
 * those that come while it applies them in order; commits (synced) once and wakes all who wait,
 * with one post for each loop: a durable acknowledgement costs a share of a sync, not one each. The
 * writer is told of jobs at the end of a loop's turn, so that those of all fibers that ran in it
 * make one group.
 *
 * A job that fails never takes others with it: the transaction is given up and the jobs are run
 * again one by one, each in a transaction of its own. A refusal (NOT_FOUND, ALREADY_EXISTS,
 * FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, INVALID_ARGUMENT) is an answer, not a failure: such a
 * job has changed nothing and the group goes on.
 *
 * When the transaction cannot be opened because another process sits on the store's write lock,
 * jobs stay in the queue and their callers are told UNAVAILABLE just before their deadlines. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/call.h"
#include "base/list.h"
#include "base/status.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "store/store_error.h"

enum {
    GROUP_COMMIT_JOBS_MAX = 4096,          /* that wait */
    GROUP_COMMIT_GROUP_MAX = 1024,         /* of one transaction */
    GROUP_COMMIT_OPEN_BYTES_MAX = 1 << 20, /* of a transaction's jobs: with more it is closed */
    GROUP_COMMIT_BYTES_MAX = 128 << 20,    /* that the waiting jobs hold */
    GROUP_COMMIT_TRIES_MAX = 24,           /* of a group whose cause of failure was removed */
    GROUP_COMMIT_STOP_MS_MAX = 3000,       /* that group_commit_destroy() waits for the writer */
    GROUP_COMMIT_SIZE_BINS = 11,           /* 1, 2, 3-4, 5-8, … 513-1024 jobs */
};

/* What the store does, on the writer's thread. The first three are mandatory. */
struct group_commit_ops {
    /* Opens the write transaction; may block while another process writes. On failure every waiting
     * job fails with this status and these words. */
    enum status (*begin)(void *store, struct store_error *error);

    /* Makes everything applied durable. On failure nothing has changed; abort() follows. */
    enum status (*commit)(void *store, struct store_error *error);

    /* Gives the transaction up. true: what made it fail is removed (the file may grow now), so that
     * the same is worth another try. */
    bool (*abort)(void *store);

    /* NULL, or what makes durable whatever commit() left for later: run at most sync_ms after a
     * commit, and when the group is destroyed. A failure is counted, and it is tried again after
     * as long. */
    enum status (*sync)(void *store, struct store_error *error);
    int64_t sync_ms;
};

/* On the heap, with everything it touches: it may outlive the call that made it. */
struct group_commit_job {
    /* Changes the store within the transaction, on the writer's thread. May be run again after an
     * abort, so it starts from scratch. A refusal must leave the store as it was. */
    enum status (*apply)(struct group_commit_job *job, void *store, struct store_error *error);

    /* Frees the job. On the caller's loop thread. */
    void (*release)(struct group_commit_job *job);

    size_t bytes; /* counted against GROUP_COMMIT_BYTES_MAX */

    /* private */
    struct list link;
    int state;
    bool left; /* its caller waits no more; of the caller's loop thread */
    bool finished;
    enum status status;
    struct store_error error;
    struct loop *loop;
    struct fiber_wait wait;
    struct loop_task wake;
    struct group_commit_job *next_woken;
};

struct group_commit;

/* name: of the thread, at most 15 bytes. store: borrowed until group_commit_destroy().
 * STATUS_RESOURCE_EXHAUSTED: no memory or threads. *ret_group is owned by the caller. */
MUST_USE enum status group_commit_create(const char *name, const struct group_commit_ops *ops,
                                         void *store, struct group_commit **ret_group);

/* Finishes what has begun and stops the writer. No caller may be waiting; the loops of all callers
 * still exist (a job whose caller left is released there). NULL is accepted. false: the writer is
 * stuck in begin() and was left behind: the store must be left open too, and the process is to end
 * soon. */
MUST_USE bool group_commit_destroy(struct group_commit *group);

/* Hands the job in and parks the fiber until its transaction is durable. The job is consumed
 * whatever is returned, except on STATUS_OK: the caller then reads its results and releases it.
 * STATUS_RESOURCE_EXHAUSTED: the queue is full. STATUS_UNAVAILABLE: the writer could not begin in
 * time, the job is dropped and never applied; or the store failed, nothing has changed.
 * STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED: the call was over; a job that had begun may still be
 * applied, one that had not never is. Otherwise what begin, apply or commit said. */
MUST_USE enum status group_commit_run(struct group_commit *group, struct call *call,
                                      struct group_commit_job *job);

struct group_commit_stats {
    uint64_t commits;
    uint64_t jobs;     /* in those commits */
    uint64_t jobs_max; /* of one commit */
    uint64_t aborts;
    uint64_t dropped; /* withdrawn before they began */
    uint64_t refused; /* the queue was full */
    uint64_t syncs_failed;
    uint64_t commit_ns_sum; /* from begin to durable */
    uint64_t commit_ns_max;
    uint64_t sizes[GROUP_COMMIT_SIZE_BINS];
};

/* The counters as of about now. From any thread. */
void group_commit_read_stats(const struct group_commit *group,
                             struct group_commit_stats *ret_stats);
