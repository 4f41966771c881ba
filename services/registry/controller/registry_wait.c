#include "base/clock.h"
#include "base/random.h"
#include "registry/controller/registry_controller_private.h"

struct waiting_query {
    struct registry_watcher watcher;
    struct fiber_wait changed;
};

static void wake_query(struct registry_watcher *watcher)
{
    fiber_wait_signal(&CONTAINER_OF(watcher, struct waiting_query, watcher)->changed);
}

static int64_t wait_with_jitter_ms(int64_t wait_ms)
{
    if (wait_ms <= 0) {
        wait_ms = REGISTRY_WAIT_DEFAULT_MS;
    }
    if (wait_ms > REGISTRY_WAIT_MAX_MS) {
        wait_ms = REGISTRY_WAIT_MAX_MS;
    }
    return wait_ms + (int64_t)random_below((uint64_t)(wait_ms / 16) + 1);
}

bool registry_controller_has_settled(const struct registry_controller *controller)
{
    return clock_monotonic_ns() >= controller->settled_ns;
}

/* The client's list is of an earlier process, and ours is still filling. */
static bool is_held(const struct registry_controller *controller, uint64_t index)
{
    return index < registry_state_first_index(controller->state) &&
           !registry_controller_has_settled(controller);
}

/* Parks until the subject changes, the registry has settled, or the query's time is up. */
static enum status wait_once(struct registry_controller *controller, struct call *query,
                             const struct registry_subject *subject, bool held)
{
    struct waiting_query waiting = {.watcher = {.notify = wake_query}};
    struct call step = *query;
    if (held && step.deadline_ns > controller->settled_ns) {
        step.deadline_ns = controller->settled_ns;
    }
    fiber_wait_init(&waiting.changed);
    enum status status = registry_state_watch(controller->state, query, subject, &waiting.watcher);
    if (status == STATUS_OK) {
        status = fiber_wait(&step, &waiting.changed);
        registry_state_unwatch(controller->state, &waiting.watcher);
    }
    return status;
}

enum status registry_controller_wait(struct registry_controller *controller, struct call *call,
                                     const struct registry_subject *subject, uint64_t index,
                                     int64_t wait_ms, uint64_t *ret_index)
{
    struct call query = call_within(call, wait_with_jitter_ms(wait_ms));
    enum status status = call_check(call);
    while (index > 0 && status == STATUS_OK && !controller->waiting_stopped &&
           call_check(&query) == STATUS_OK) {
        bool held = is_held(controller, index);
        if (!held && registry_state_index(controller->state, subject) > index) {
            break;
        }
        status = wait_once(controller, &query, subject, held);
        if (status == STATUS_DEADLINE_EXCEEDED) {
            status = call_check(call);
        }
    }
    if (status != STATUS_OK) {
        call->error = query.error;
        return status;
    }
    *ret_index = registry_state_index(controller->state, subject);
    return STATUS_OK;
}
