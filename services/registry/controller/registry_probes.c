#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "registry/controller/registry_controller_private.h"

/* The largest reply of an HTTP target, and what is made of it. */
enum { PROBE_ARENA_BYTES_MAX = 20 * 1024 * 1024 };

/* One look at one target; on the heap, with a copy of what it is about. */
struct running_probe {
    struct registry_controller *controller;
    struct registry_check_definition *check;
    uint64_t create_index;
    enum registry_pace pace; /* before this look */
};

/* A look that is waited for in vain for an hour would take its place from others. */
static int64_t timeout_ms(const struct registry_check_definition *check)
{
    int64_t asked_ms = check->timeout_ns > 0 ? check->timeout_ns / CLOCK_NS_PER_MS + 1
                                             : REGISTRY_CHECK_TIMEOUT_DEFAULT_MS;
    return asked_ms < REGISTRY_CHECK_TIMEOUT_MAX_MS ? asked_ms : REGISTRY_CHECK_TIMEOUT_MAX_MS;
}

static bool has_room(const struct registry_controller *controller, enum registry_pace pace)
{
    unsigned slow = controller->probe_counts[REGISTRY_PACE_SLOW];
    unsigned doubtful = slow + controller->probe_counts[REGISTRY_PACE_UNKNOWN];
    if (controller->probe_count == REGISTRY_PROBES_MAX) {
        return false;
    }
    return pace == REGISTRY_PACE_QUICK ||
           (doubtful < REGISTRY_DOUBTFUL_PROBES_MAX &&
            (pace == REGISTRY_PACE_UNKNOWN || slow < REGISTRY_SLOW_PROBES_MAX));
}

/* After a look that began then. */
static enum registry_pace pace_of(int64_t began_ns, int64_t now_ns)
{
    return now_ns - began_ns > REGISTRY_SLOW_PROBE_MS * CLOCK_NS_PER_MS ? REGISTRY_PACE_SLOW
                                                                        : REGISTRY_PACE_QUICK;
}

static void run_probe(void *argument)
{
    struct running_probe *running = argument;
    struct registry_controller *controller = running->controller;
    struct registry_probe probe;
    struct arena arena;
    struct call call;
    arena_init(&arena, PROBE_ARENA_BYTES_MAX);
    call_init(&call, &arena, timeout_ms(running->check));
    int64_t began_ns = clock_monotonic_ns();
    call.cancellation = &controller->probes_cancelled;
    enum status status =
        controller->checker.ops->probe(controller->checker.state, &call, running->check, &probe);
    if (status != STATUS_OK) {
        probe = (struct registry_probe){REGISTRY_CRITICAL, TEXT("the check could not be done")};
    }
    if (!controller->probes_cancelled.requested) {
        int64_t now_ns = clock_monotonic_ns();
        registry_state_probed(controller->state, running->check->id, running->create_index,
                              probe.status, probe.output, pace_of(began_ns, now_ns), now_ns);
    }
    controller->probe_counts[running->pace]--;
    arena_deinit(&arena);
    free(running->check);
    free(running);
    controller->probe_count--;
    fiber_wait_signal(&controller->probes_ended);
}

bool registry_controller_start_probe(void *argument, const struct registry_check *check)
{
    struct registry_controller *controller = argument;
    size_t bytes;
    if (!has_room(controller, check->pace)) {
        return false;
    }
    struct running_probe *running = calloc(1, sizeof(*running));
    if (running == NULL) {
        return false;
    }
    running->controller = controller;
    running->create_index = check->create_index;
    running->pace = check->pace;
    running->check = registry_check_definition_copy(check->definition, &bytes);
    if (running->check == NULL || fiber_start(controller->loop, run_probe, running) != STATUS_OK) {
        free(running->check);
        free(running);
        return false;
    }
    controller->probe_count++;
    controller->probe_counts[running->pace]++;
    return true;
}
