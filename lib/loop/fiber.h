/* fiber.h: functions that wait without holding up their loop thread: one call is one fiber.
 *
 * A fiber has a stack of its own, from a pool, with guard pages below it; it runs on the loop
 * thread that started it and never moves. It runs until it waits; while it waits, others run, and
 * errno may change. All functions here are called on the loop's thread; those that wait, in a
 * fiber.
 *
 * Overflowing a stack ends the process by the guard pages, with a line that says so. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/call.h"
#include "base/list.h"
#include "base/status.h"

struct fiber;
struct loop;

enum {
    FIBER_STACK_BYTES = 64 * 1024, /* usable, less the fiber's own record */
    FIBER_GUARD_BYTES = 64 * 1024, /* more than any one frame, so that none can step over it */
    FIBER_COUNT_MAX = 30000, /* stacks in a process: two mappings each, max_map_count is 65530 */
    FIBER_POOL_MAX = 1024,   /* stacks kept for reuse by each loop; they count */
};

typedef void (*fiber_fn)(void *argument);

/* Starts a fiber, which runs later in this turn of the loop. From a fiber or a callback.
 * STATUS_RESOURCE_EXHAUSTED: FIBER_COUNT_MAX stacks are taken, or no memory; nothing was started.
 */
MUST_USE enum status fiber_start(struct loop *loop, fiber_fn run, void *argument);

/* The same, but runs it at once, until its first wait. From a callback only, not from a fiber. */
MUST_USE enum status fiber_run(struct loop *loop, fiber_fn run, void *argument);

/* The fiber that runs on this thread, or NULL in a callback. */
struct fiber *fiber_current(void);

/* Alive on this loop. */
unsigned fiber_count(const struct loop *loop);

/* A place where one fiber waits for one event. Lives as long as either side may touch it. */
struct fiber_wait {
    /* private */
    struct fiber *fiber;
    bool signalled;
};

void fiber_wait_init(struct fiber_wait *wait);

/* Parks the fiber until fiber_wait_signal(); a signal that came before is taken at once, even when
 * the call is over. Taking it rearms the wait. call: NULL waits without deadline or cancellation.
 * STATUS_OK: signalled. STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED: the call is over (also when it
 * was before); the event may still come, so its source must be told to forget this wait. */
MUST_USE enum status fiber_wait(struct call *call, struct fiber_wait *wait);

/* Wakes the fiber later in this turn, or keeps the signal for the next fiber_wait(). Signals do not
 * add up. On the loop's thread; another thread posts a task that signals. */
void fiber_wait_signal(struct fiber_wait *wait);

/* STATUS_OK after the time, else as fiber_wait(). */
MUST_USE enum status fiber_sleep(struct call *call, int64_t duration_ns);

/* Lets everything else that is ready run once. */
void fiber_yield(void);

/* For work that takes long, between two steps of it: lets everything else run first, what comes
 * from outside included. One such fiber goes on a turn of the loop, and to its end before the next:
 * of many, one holds its memory. */
void fiber_give_way(void);

/* Several fibers at once, joined. The group must outlive its members: join before it leaves scope.
 */
struct fiber_group {
    /* private */
    unsigned running;
    struct fiber_wait drained;
};

void fiber_group_init(struct fiber_group *group);

/* Starts run(argument) as a member. From a fiber. STATUS_RESOURCE_EXHAUSTED as fiber_start(). */
MUST_USE enum status fiber_group_start(struct fiber_group *group, fiber_fn run, void *argument);

/* Waits for every member, however long: members end soon after the call they work for. */
void fiber_group_join(struct fiber_group *group);

/* Runs both at once and returns when both have returned. When a second fiber cannot be had, one
 * runs after the other. */
void fiber_run_both(fiber_fn first, fiber_fn second, void *argument);

/* A fair counting gate for fibers of one loop. */
struct fiber_semaphore {
    /* private */
    unsigned available;
    struct list waiters;
};

void fiber_semaphore_init(struct fiber_semaphore *semaphore, unsigned available);

/* As fiber_wait(), in the order of asking; nothing is taken unless STATUS_OK. */
MUST_USE enum status fiber_semaphore_take(struct call *call, struct fiber_semaphore *semaphore);

/* Gives one to the fiber that has waited longest, or keeps it. */
void fiber_semaphore_give(struct fiber_semaphore *semaphore);
