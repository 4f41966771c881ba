/* loop.h: an event loop, one per thread, on libuv.
 *
 * Everything in a loop runs on its one thread: callbacks, timers and fibers (loop/fiber.h). Other
 * threads reach it only by loop_post() and loop_stop(). Nothing on a loop thread may block: that is
 * what loop/worker.h is for. */
#pragma once

#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

struct loop;
struct uv_loop_s;

/* STATUS_RESOURCE_EXHAUSTED: no memory or file descriptors. *ret_loop is owned by the caller. */
MUST_USE enum status loop_create(struct loop **ret_loop);

/* Runs what was posted, closes every handle that is left and frees the loop. Every fiber must have
 * ended; a live one is a bug and is CHECKed. NULL is accepted. On the thread that ran the loop, or
 * before any did. */
void loop_destroy(struct loop *loop);

/* Runs callbacks, timers and fibers until loop_stop(), on the calling thread. */
void loop_run(struct loop *loop);

/* Runs until `done` says so (called after every turn): for tests and for draining. */
void loop_run_until(struct loop *loop, bool (*done)(void *argument), void *argument);

/* Ends loop_run() soon. From any thread. */
void loop_stop(struct loop *loop);

/* For libuv's own functions, on the loop's thread. Borrowed until loop_destroy(). */
struct uv_loop_s *loop_uv(struct loop *loop);

/* The loop that runs on this thread, or NULL. */
struct loop *loop_current(void);

/* The monotonic clock as of this turn of the loop: cheap, at most one turn old. */
int64_t loop_now_ns(const struct loop *loop);

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

/* A timer costs a place in a heap, no system call. All on the loop's thread. Zeroed before first
 * use. */
struct loop_timer {
    void (*expire)(struct loop_timer *timer); /* set by the owner; may restart or free the timer */
    int64_t due_ns;                           /* read only */
    size_t place;                             /* private: 0 when it does not run */
};

/* (Re)starts it. due_ns: on clock_monotonic_ns(); a time in the past expires in the next turn.
 * STATUS_RESOURCE_EXHAUSTED: no memory for the heap; the timer does not run. */
MUST_USE enum status loop_timer_start(struct loop *loop, struct loop_timer *timer, int64_t due_ns);

/* A timer that does not run is left as it is. */
void loop_timer_stop(struct loop *loop, struct loop_timer *timer);

/* Several loops, each on a thread of its own: a process has one set of them. */
struct loop_threads;

/* count: at least 1, at most LOOP_THREADS_MAX. The loops run until loop_threads_stop().
 * STATUS_RESOURCE_EXHAUSTED: no memory, descriptors or threads; nothing is left behind. */
enum { LOOP_THREADS_MAX = 64 };
MUST_USE enum status loop_threads_start(unsigned count, struct loop_threads **ret_threads);
unsigned loop_threads_count(const struct loop_threads *threads);

/* Borrowed until loop_threads_destroy(). */
struct loop *loop_threads_at(struct loop_threads *threads, unsigned index);

/* Runs `run(argument, index)` in a fiber on each loop, waits on the calling thread (which is none
 * of theirs) for all of them to return, and returns the first status that is not OK. */
MUST_USE enum status loop_threads_each(struct loop_threads *threads,
                                       enum status (*run)(void *argument, unsigned index),
                                       void *argument);

/* Stops the loops, joins the threads, destroys the loops. NULL is accepted. */
void loop_threads_destroy(struct loop_threads *threads);
