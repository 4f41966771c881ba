#include "loop/fiber.h"

#include "loop/fiber_stack.h"
#include "loop/fiber_switch.h"
#include "loop/fiber_valgrind.h"
#include "loop/loop_private.h"

enum { RECORD_ALIGNMENT = 64 };

void fiber_scheduler_init(struct fiber_scheduler *scheduler)
{
    scheduler->ready_end = &scheduler->ready_first;
    scheduler->working_end = &scheduler->working_first;
}

void fiber_make_ready(struct fiber *fiber)
{
    struct fiber_scheduler *scheduler = &fiber->loop->fibers;
    fiber->next = NULL;
    *scheduler->ready_end = fiber;
    scheduler->ready_end = &fiber->next;
}

/* A stack runs one fiber after the other: it is entered once, and resumed for each. */
static void run_fibers(void *argument)
{
    struct fiber *fiber = argument;
    struct fiber_context *loop_context = &fiber->loop->fibers.loop_context;
    fiber_transfer_arrive(&fiber->context, loop_context);
    for (;;) {
        fiber->run(fiber->argument);
        fiber->run = NULL;
        fiber_transfer_last(&fiber->context, loop_context);
    }
}

/* The record stands at the top of its stack, whose page is in use anyway. */
static struct fiber *create(struct loop *loop)
{
    if (!loop_timers_reserve(loop)) {
        return NULL;
    }
    char *stack = fiber_stack_map();
    if (stack == NULL) {
        loop_timers_unreserve(loop);
        return NULL;
    }
    size_t record_bytes =
        (sizeof(struct fiber) + RECORD_ALIGNMENT - 1) & ~(size_t)(RECORD_ALIGNMENT - 1);
    size_t bytes = fiber_stack_bytes() - record_bytes;
    struct fiber *fiber = (void *)(stack + bytes);
    *fiber = (struct fiber){.loop = loop, .stack = stack};
    fiber->valgrind_id = fiber_valgrind_register(stack, bytes);
    fiber->context.suspended = fiber_switch_prepare(stack, bytes, run_fibers, fiber);
    fiber_context_init(&fiber->context, stack, bytes);
    return fiber;
}

static void destroy(struct fiber *fiber)
{
    loop_timers_unreserve(fiber->loop);
    fiber_context_deinit(&fiber->context);
    fiber_valgrind_forget(fiber->valgrind_id);
    fiber_stack_unmap(fiber->stack);
}

void fiber_scheduler_deinit(struct fiber_scheduler *scheduler)
{
    while (scheduler->pool != NULL) {
        struct fiber *fiber = scheduler->pool;
        scheduler->pool = fiber->next;
        destroy(fiber);
    }
}

static struct fiber *take(struct loop *loop)
{
    struct fiber_scheduler *scheduler = &loop->fibers;
    struct fiber *fiber = scheduler->pool;
    if (fiber != NULL) {
        scheduler->pool = fiber->next;
        scheduler->pool_count--;
    } else {
        fiber = create(loop);
        if (fiber == NULL) {
            return NULL;
        }
    }
    scheduler->count++;
    return fiber;
}

static void give_back(struct fiber_scheduler *scheduler, struct fiber *fiber)
{
    scheduler->count--;
    if (scheduler->pool_count == FIBER_POOL_MAX) {
        destroy(fiber);
        return;
    }
    fiber->next = scheduler->pool;
    scheduler->pool = fiber;
    scheduler->pool_count++;
}

static void resume(struct fiber_scheduler *scheduler, struct fiber *fiber)
{
    scheduler->current = fiber;
    fiber_transfer(&scheduler->loop_context, &fiber->context);
    scheduler->current = NULL;
    if (fiber->run != NULL) {
        return;
    }
    struct fiber_group *group = fiber->group;
    give_back(scheduler, fiber);
    if (group != NULL) {
        fiber_group_leave(group);
    }
}

void fiber_scheduler_run_ready(struct fiber_scheduler *scheduler)
{
    struct fiber *fiber = scheduler->ready_first;
    scheduler->ready_first = NULL;
    scheduler->ready_end = &scheduler->ready_first;
    while (fiber != NULL) {
        struct fiber *next = fiber->next;
        resume(scheduler, fiber);
        fiber = next;
    }
}

void fiber_scheduler_run_worker(struct fiber_scheduler *scheduler)
{
    struct fiber *fiber = scheduler->working_first;
    if (fiber == NULL) {
        return;
    }
    scheduler->working_first = fiber->next;
    if (fiber->next == NULL) {
        scheduler->working_end = &scheduler->working_first;
    }
    scheduler->worker = fiber;
    resume(scheduler, fiber);
    scheduler->worker = NULL;
}

enum status fiber_start_member(struct loop *loop, fiber_fn run, void *argument,
                               struct fiber_group *group)
{
    struct fiber *fiber = take(loop);
    if (fiber == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    fiber->run = run;
    fiber->argument = argument;
    fiber->group = group;
    fiber_make_ready(fiber);
    return STATUS_OK;
}

enum status fiber_start(struct loop *loop, fiber_fn run, void *argument)
{
    return fiber_start_member(loop, run, argument, NULL);
}

enum status fiber_run(struct loop *loop, fiber_fn run, void *argument)
{
    CHECK(loop->fibers.current == NULL && loop_current() == loop);
    struct fiber *fiber = take(loop);
    if (fiber == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    fiber->run = run;
    fiber->argument = argument;
    fiber->group = NULL;
    resume(&loop->fibers, fiber);
    return STATUS_OK;
}

struct fiber *fiber_current(void)
{
    struct loop *loop = loop_current();
    return loop != NULL ? loop->fibers.current : NULL;
}

unsigned fiber_count(const struct loop *loop)
{
    return loop->fibers.count;
}

bool fiber_is_overflow(const void *address)
{
    const struct fiber *fiber = fiber_current();
    return fiber != NULL && fiber_stack_is_guard(fiber->stack, address);
}

void fiber_yield(void)
{
    struct fiber *fiber = fiber_current();
    CHECK(fiber != NULL);
    fiber_make_ready(fiber);
    fiber_transfer(&fiber->context, &fiber->loop->fibers.loop_context);
}

void fiber_give_way(void)
{
    struct fiber *fiber = fiber_current();
    CHECK(fiber != NULL);
    struct fiber_scheduler *scheduler = &fiber->loop->fibers;
    if (scheduler->worker == fiber && scheduler->working_first != NULL) {
        fiber->next = scheduler->working_first;
        scheduler->working_first = fiber;
    } else {
        fiber->next = NULL;
        *scheduler->working_end = fiber;
        scheduler->working_end = &fiber->next;
    }
    fiber_transfer(&fiber->context, &scheduler->loop_context);
}
