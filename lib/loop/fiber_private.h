/* fiber_private.h: what a loop keeps of its fibers. */
#pragma once

#include "loop/fiber.h"
#include "loop/fiber_transfer.h"

struct fiber {
    struct fiber_context context;
    struct fiber *next; /* in the ready queue or the pool */
    struct loop *loop;
    fiber_fn run; /* NULL: it has returned */
    void *argument;
    struct fiber_group *group; /* NULL: in none */
    void *stack;
    unsigned valgrind_id;
};

struct fiber_scheduler {
    struct fiber_context loop_context;
    struct fiber *current;
    struct fiber *ready_first;
    struct fiber **ready_end;
    struct fiber *working_first; /* those that gave way */
    struct fiber **working_end;
    struct fiber *worker; /* the one of them that runs */
    struct fiber *pool;
    unsigned pool_count;
    unsigned count;
};

void fiber_scheduler_init(struct fiber_scheduler *scheduler);

/* Unmaps the pool. No fiber is alive. */
void fiber_scheduler_deinit(struct fiber_scheduler *scheduler);

/* Runs every fiber that is ready now, once. Those they make ready are left for the next round. */
void fiber_scheduler_run_ready(struct fiber_scheduler *scheduler);

/* Goes on with the first fiber that gave way, if there is one. */
void fiber_scheduler_run_worker(struct fiber_scheduler *scheduler);

/* Has it run in the next round. It is parked, or new. */
void fiber_make_ready(struct fiber *fiber);

/* As fiber_start(), as a member of the group unless that is NULL. */
enum status fiber_start_member(struct loop *loop, fiber_fn run, void *argument,
                               struct fiber_group *group);

/* Called at the end of a member. */
void fiber_group_leave(struct fiber_group *group);

/* Whether the address is in the guard of the stack that runs on this thread. Signal-safe. */
bool fiber_is_overflow(const void *address);
