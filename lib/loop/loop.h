/* loop.h: an event loop, one per thread, on libuv.
 *
 * Everything in a loop runs on its one thread: callbacks, timers and fibers (loop/fiber.h). Other
 * threads reach it only by loop_post() and loop_stop(). Nothing on a loop thread may block: that is
 * what loop/worker.h is for.
 *
 * A turn: libuv's callbacks, then fibers that are ready and deferred tasks, then waiting for more.
 * The thread's own loop is a thread-local, so that a fiber need not be told where it runs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

struct loop;
struct uv_loop_s;

enum {
    LOOP_THREADS_MAX = 64,
    LOOP_TIMERS_MAX = 1 << 20, /* of one loop, its fibers' deadlines counted */
    LOOP_ROUNDS_MAX = 8,       /* of fibers and tasks that ready each other, between two polls */
};

/* Also has the process ignore SIGPIPE, unless it handles it.
 * STATUS_RESOURCE_EXHAUSTED: no memory or file descriptors. *ret_loop is owned by the caller. */
MUST_USE enum status loop_create(struct loop **ret_loop);

/* Runs what was posted, closes every handle that is left and frees the loop. Every fiber must have
 * ended; a live one is a bug and is CHECKed. No thread may post any more. NULL is accepted. On the
 * thread that ran the loop, or when none does. */
void loop_destroy(struct loop *loop);

/* Runs callbacks, timers and fibers until loop_stop(), on the calling thread. A stop that came
 * before is taken at once. */
void loop_run(struct loop *loop);

/* Runs until `done` says so (asked first, then whenever fibers and tasks have run): for tests and
 * for draining. */
void loop_run_until(struct loop *loop, bool (*done)(void *argument), void *argument);

/* Ends loop_run() soon. From any thread. */
void loop_stop(struct loop *loop);

/* For libuv's own functions, on the loop's thread. Borrowed until loop_destroy(). */
struct uv_loop_s *loop_uv(struct loop *loop);

/* The loop that runs on this thread, or NULL. */
struct loop *loop_current(void);

/* The monotonic clock as of this turn of the loop: cheap, at most one turn old. On its thread. */
int64_t loop_now_ns(struct loop *loop);

/* Work for a loop. Intrusive: the memory is the caller's and must live until run() is called, which
 * may free it. A task is in at most one queue at a time. */
struct loop_task {
    struct loop_task *next; /* private */
    void (*run)(struct loop_task *task);
};

/* Has the task run on the loop's thread, in the order of posting. From any thread. Many posts wake
 * the loop once. Tasks posted to a stopped loop are run by loop_destroy(). */
void loop_post(struct loop *loop, struct loop_task *task);

/* Has the task run at the end of this turn, before the loop waits again: where writes are gathered.
 * On the loop's thread only. */
void loop_defer(struct loop *loop, struct loop_task *task);

/* A timer costs a place in a heap, no system call. It expires up to a few milliseconds late, never
 * early. All on the loop's thread. Zeroed before first use. */
struct loop_timer {
    void (*expire)(struct loop_timer *timer); /* set by the owner; may restart or free the timer */
    int64_t due_ns;                           /* read only */
    size_t place;                             /* private: 0 when it does not run */
};

/* (Re)starts it. due_ns: on clock_monotonic_ns(); a time in the past expires in the next turn.
 * STATUS_RESOURCE_EXHAUSTED: LOOP_TIMERS_MAX run, or no memory for the heap; this one does not. */
MUST_USE enum status loop_timer_start(struct loop *loop, struct loop_timer *timer, int64_t due_ns);

/* A timer that does not run is left as it is. */
void loop_timer_stop(struct loop *loop, struct loop_timer *timer);

/* Several loops, each on a thread of its own: a process has one set of them. */
struct loop_threads;

/* count: at least 1, at most LOOP_THREADS_MAX. The loops run until loop_threads_destroy(), with all
 * signals blocked that do not come from the thread itself.
 * STATUS_RESOURCE_EXHAUSTED: no memory, descriptors or threads; nothing is left behind. */
MUST_USE enum status loop_threads_start(unsigned count, struct loop_threads **ret_threads);
unsigned loop_threads_count(const struct loop_threads *threads);

/* The loop's place among the threads it belongs to; 0 for a loop by itself. */
unsigned loop_index(const struct loop *loop);

/* Borrowed until loop_threads_destroy(). */
struct loop *loop_threads_at(struct loop_threads *threads, unsigned index);

/* Runs `run(argument, index)` in a fiber on each loop, waits on the calling thread (which is none
 * of theirs) for all of them to return, and returns the first status, by index, that is not OK:
 * RESOURCE_EXHAUSTED also where no fiber could be had. */
MUST_USE enum status loop_threads_each(struct loop_threads *threads,
                                       enum status (*run)(void *argument, unsigned index),
                                       void *argument);

/* Stops the loops, joins the threads, destroys the loops. NULL is accepted. */
void loop_threads_destroy(struct loop_threads *threads);
