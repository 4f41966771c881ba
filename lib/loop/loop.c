#include "loop/loop.h"

#include <signal.h>
#include <stdlib.h>

#include "base/clock.h"
#include "loop/fiber_overflow.h"
#include "loop/loop_private.h"

static _Thread_local struct loop *current;

static void run_posted(struct loop *loop)
{
    struct loop_task *newest = atomic_exchange(&loop->posted, NULL);
    struct loop_task *oldest = NULL;
    while (newest != NULL) {
        struct loop_task *task = newest;
        newest = task->next;
        task->next = oldest;
        oldest = task;
    }
    while (oldest != NULL) {
        struct loop_task *task = oldest;
        oldest = task->next;
        task->run(task);
    }
}

static void run_deferred(struct loop *loop)
{
    struct loop_task *task = loop->deferred_first;
    loop->deferred_first = NULL;
    loop->deferred_end = &loop->deferred_first;
    while (task != NULL) {
        struct loop_task *next = task->next;
        task->run(task);
        task = next;
    }
}

static bool is_urgent(const struct loop *loop)
{
    return loop->fibers.ready_first != NULL || loop->deferred_first != NULL;
}

static bool has_ready(const struct loop *loop)
{
    return is_urgent(loop) || loop->fibers.working_first != NULL;
}

/* The end of a turn. Fibers come before tasks: what they defer (their writes) goes out now. */
static void run_ready(struct loop *loop)
{
    fiber_scheduler_run_worker(&loop->fibers);
    for (unsigned round = 0; round < LOOP_ROUNDS_MAX && is_urgent(loop); round++) {
        fiber_scheduler_run_ready(&loop->fibers);
        run_deferred(loop);
    }
}

static void on_wake(uv_async_t *wake)
{
    run_posted(CONTAINER_OF(wake, struct loop, wake));
}

static void on_busy(uv_idle_t *busy)
{
    (void)busy;
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct loop *loop = CONTAINER_OF(prepare, struct loop, prepare);
    run_ready(loop);
    loop->done = loop->done || loop->is_done(loop->is_done_argument);
    if (has_ready(loop) || loop->done) {
        CHECK(uv_idle_start(&loop->busy, on_busy) == 0);
    } else {
        CHECK(uv_idle_stop(&loop->busy) == 0);
    }
}

/* libuv writes with write(2): a peer that went away is EPIPE, not the end of the process. */
static void ignore_sigpipe(void)
{
    struct sigaction present;
    CHECK(sigaction(SIGPIPE, NULL, &present) == 0);
    if ((present.sa_flags & SA_SIGINFO) == 0 && present.sa_handler == SIG_DFL) {
        present.sa_handler = SIG_IGN;
        CHECK(sigaction(SIGPIPE, &present, NULL) == 0);
    }
}

static enum status init_uv(struct loop *loop)
{
    if (uv_loop_init(&loop->uv) != 0) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    if (uv_async_init(&loop->uv, &loop->wake, on_wake) != 0) {
        CHECK(uv_loop_close(&loop->uv) == 0);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    CHECK(uv_prepare_init(&loop->uv, &loop->prepare) == 0);
    CHECK(uv_prepare_start(&loop->prepare, on_prepare) == 0);
    CHECK(uv_idle_init(&loop->uv, &loop->busy) == 0);
    return STATUS_OK;
}

enum status loop_create(struct loop **ret_loop)
{
    struct loop *loop = calloc(1, sizeof(*loop));
    void *signal_stack = malloc(FIBER_OVERFLOW_STACK_BYTES);
    if (loop == NULL || signal_stack == NULL || init_uv(loop) != STATUS_OK) {
        free(signal_stack);
        free(loop);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    loop->signal_stack = signal_stack;
    loop->deferred_end = &loop->deferred_first;
    loop->now_ms = UINT64_MAX;
    loop_timers_init(loop);
    fiber_scheduler_init(&loop->fibers);
    ignore_sigpipe();
    *ret_loop = loop;
    return STATUS_OK;
}

/* Makes the calling thread the loop's; it is no other's. */
static void enter(struct loop *loop)
{
    CHECK(current == NULL);
    current = loop;
    fiber_context_init_loop(&loop->fibers.loop_context);
    fiber_overflow_watch(loop->signal_stack);
}

static void leave(void)
{
    fiber_overflow_forget();
    current = NULL;
}

static void close_handle(uv_handle_t *handle, void *argument)
{
    (void)argument;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

void loop_destroy(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    enter(loop);
    do {
        run_posted(loop);
        run_ready(loop);
    } while (has_ready(loop) || atomic_load(&loop->posted) != NULL);
    CHECK(loop->fibers.count == 0);
    uv_walk(&loop->uv, close_handle, NULL);
    CHECK(uv_run(&loop->uv, UV_RUN_DEFAULT) == 0);
    CHECK(uv_loop_close(&loop->uv) == 0);
    leave();
    fiber_scheduler_deinit(&loop->fibers);
    loop_timers_deinit(loop);
    free(loop->signal_stack);
    free(loop);
}

void loop_run_until(struct loop *loop, bool (*done)(void *argument), void *argument)
{
    enter(loop);
    loop->is_done = done;
    loop->is_done_argument = argument;
    loop->done = done(argument);
    while (!loop->done) {
        (void)uv_run(&loop->uv, UV_RUN_ONCE);
    }
    leave();
}

static bool take_stop(void *argument)
{
    struct loop *loop = argument;
    return atomic_load_explicit(&loop->stop, memory_order_relaxed) &&
           atomic_exchange(&loop->stop, false);
}

void loop_run(struct loop *loop)
{
    loop_run_until(loop, take_stop, loop);
}

void loop_stop(struct loop *loop)
{
    atomic_store(&loop->stop, true);
    CHECK(uv_async_send(&loop->wake) == 0);
}

struct uv_loop_s *loop_uv(struct loop *loop)
{
    return &loop->uv;
}

struct loop *loop_current(void)
{
    return current;
}

/* libuv reads its clock, in milliseconds, when a poll returns: only when that has moved on is it
 * worth reading ours. */
int64_t loop_now_ns(struct loop *loop)
{
    uint64_t now_ms = uv_now(&loop->uv);
    if (now_ms != loop->now_ms) {
        loop->now_ms = now_ms;
        loop->now_ns = clock_monotonic_ns();
    }
    return loop->now_ns;
}

void loop_post(struct loop *loop, struct loop_task *task)
{
    task->next = atomic_load_explicit(&loop->posted, memory_order_relaxed);
    while (!atomic_compare_exchange_weak(&loop->posted, &task->next, task)) {
    }
    CHECK(uv_async_send(&loop->wake) == 0);
}

void loop_defer(struct loop *loop, struct loop_task *task)
{
    task->next = NULL;
    *loop->deferred_end = task;
    loop->deferred_end = &task->next;
}

unsigned loop_index(const struct loop *loop)
{
    return loop->index;
}
