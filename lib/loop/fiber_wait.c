#include "base/clock.h"
#include "loop/fiber.h"
#include "loop/loop_private.h"

void fiber_wait_init(struct fiber_wait *wait)
{
    *wait = (struct fiber_wait){.signalled = false};
}

/* What a parked fiber waits for beside its event. */
struct parking {
    struct fiber_wait *wait;
    struct loop_timer timer;
    struct cancel_hook hook;
    enum status expired; /* what the timer's expiry means */
    enum status result;
};

/* Nothing happens when the fiber has been woken already: the first event counts. */
static void wake(struct fiber_wait *wait)
{
    struct fiber *fiber = wait->fiber;
    wait->fiber = NULL;
    fiber_make_ready(fiber);
}

static void on_expire(struct loop_timer *timer)
{
    struct parking *parking = CONTAINER_OF(timer, struct parking, timer);
    if (parking->wait->fiber != NULL) {
        parking->result = parking->expired;
        wake(parking->wait);
    }
}

static void on_cancel(struct cancel_hook *hook)
{
    struct parking *parking = CONTAINER_OF(hook, struct parking, hook);
    if (parking->wait->fiber != NULL) {
        parking->result = STATUS_CANCELLED;
        wake(parking->wait);
    }
}

void fiber_wait_signal(struct fiber_wait *wait)
{
    wait->signalled = true;
    if (wait->fiber != NULL) {
        wake(wait);
    }
}

/* due_ns: INT64_MAX for never. */
static enum status park(struct parking *parking, struct cancellation *cancellation, int64_t due_ns)
{
    struct fiber *fiber = fiber_current();
    struct fiber_wait *wait = parking->wait;
    CHECK(fiber != NULL && wait->fiber == NULL);
    struct loop *loop = fiber->loop;
    if (due_ns != INT64_MAX) {
        parking->timer.expire = on_expire;
        loop_timer_start_reserved(loop, &parking->timer, due_ns);
    }
    if (cancellation != NULL) {
        parking->hook.notify = on_cancel;
        cancellation_add_hook(cancellation, &parking->hook);
    }
    parking->result = STATUS_OK;
    wait->fiber = fiber;
    fiber_transfer(&fiber->context, &loop->fibers.loop_context);
    loop_timer_stop(loop, &parking->timer);
    if (cancellation != NULL) {
        cancellation_remove_hook(&parking->hook);
    }
    if (parking->result == STATUS_OK) {
        wait->signalled = false;
    }
    return parking->result;
}

enum status fiber_wait(struct call *call, struct fiber_wait *wait)
{
    if (wait->signalled) {
        wait->signalled = false;
        return STATUS_OK;
    }
    struct parking parking = {.wait = wait, .expired = STATUS_DEADLINE_EXCEEDED};
    if (call == NULL) {
        return park(&parking, NULL, INT64_MAX);
    }
    enum status status = call_check(call);
    if (status != STATUS_OK) {
        return status;
    }
    return park(&parking, call->cancellation, call->deadline_ns);
}

enum status fiber_sleep(struct call *call, int64_t duration_ns)
{
    struct fiber_wait wait;
    struct parking parking = {.wait = &wait, .expired = STATUS_OK};
    int64_t due_ns;
    enum status status = call != NULL ? call_check(call) : STATUS_OK;
    if (status != STATUS_OK) {
        return status;
    }
    if (duration_ns <= 0) {
        fiber_yield();
        return STATUS_OK;
    }
    if (__builtin_add_overflow(clock_monotonic_ns(), duration_ns, &due_ns)) {
        due_ns = INT64_MAX;
    }
    if (call != NULL && call->deadline_ns < due_ns) {
        due_ns = call->deadline_ns;
        parking.expired = STATUS_DEADLINE_EXCEEDED;
    }
    fiber_wait_init(&wait);
    return park(&parking, call != NULL ? call->cancellation : NULL, due_ns);
}
