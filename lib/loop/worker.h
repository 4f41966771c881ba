/* worker.h: threads for what blocks (a store's write, a file's sync, a name's resolution), while
 * the fiber that asked is parked.
 *
 * A pool serves the fibers of any loop. It is destroyed before their loops are. */
#pragma once

#include "base/call.h"
#include "base/list.h"
#include "base/status.h"
#include "loop/fiber.h"
#include "loop/loop.h"

struct worker_pool;

enum {
    WORKER_THREADS_MAX = 64,
    WORKER_QUEUE_MAX = 1 << 16,
};

/* name: of the threads, at most 12 bytes of it are shown. threads: 1 to WORKER_THREADS_MAX.
 * queue_max: jobs that may wait, 1 to WORKER_QUEUE_MAX.
 * STATUS_RESOURCE_EXHAUSTED: no memory or threads. *ret_pool is owned by the caller. */
MUST_USE enum status worker_pool_create(const char *name, unsigned threads, unsigned queue_max,
                                        struct worker_pool **ret_pool);

/* Waits for running jobs, joins the threads. NULL is accepted. No fiber may be waiting on the pool;
 * jobs that were given up are released by their loop. */
void worker_pool_destroy(struct worker_pool *pool);

/* Runs run(argument) on a worker thread and parks the fiber until it is done. Once begun it is
 * waited for, so it may use the fiber's stack; it must end by itself within a bounded time.
 * STATUS_OK: it ran. STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED: the call was over before it began
 * and it never will. STATUS_RESOURCE_EXHAUSTED: the queue is full. call: as for fiber_wait(). */
MUST_USE enum status worker_call(struct worker_pool *pool, struct call *call,
                                 void (*run)(void *argument), void *argument);

/* Work that its caller may stop waiting for. On the heap, with everything it touches. */
struct worker_job {
    void (*run)(struct worker_job *job);
    void (*release)(struct worker_job *job); /* called once, on the loop's thread, run or not */
    /* private */
    struct list link;
    struct loop_task done;
    struct loop *loop;
    struct fiber_wait *wait;
    bool begun;
};

/* Runs job->run on a worker thread and parks the fiber until it is done or the call is over.
 * The job is consumed whatever is returned, except that on STATUS_OK the caller still holds it and
 * calls worker_job_release() when it has read the result.
 * Otherwise as worker_call(); but STATUS_DEADLINE_EXCEEDED and STATUS_CANCELLED may come while it
 * runs. */
MUST_USE enum status worker_run(struct worker_pool *pool, struct call *call,
                                struct worker_job *job);
void worker_job_release(struct worker_job *job);
