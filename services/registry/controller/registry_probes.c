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
};

static void run_probe(void *argument)
{
    struct running_probe *running = argument;
    struct registry_controller *controller = running->controller;
    struct registry_probe probe;
    struct arena arena;
    struct call call;
    arena_init(&arena, PROBE_ARENA_BYTES_MAX);
    call_init(&call, &arena,
              running->check->timeout_ns > 0 ? running->check->timeout_ns / CLOCK_NS_PER_MS + 1
                                             : REGISTRY_CHECK_TIMEOUT_DEFAULT_MS);
    call.cancellation = &controller->probes_cancelled;
    enum status status =
        controller->checker.ops->probe(controller->checker.state, &call, running->check, &probe);
    if (status != STATUS_OK) {
        probe = (struct registry_probe){REGISTRY_CRITICAL, TEXT("the check could not be done")};
    }
    if (!controller->probes_cancelled.requested) {
        registry_state_probed(controller->state, running->check->id, running->create_index,
                              probe.status, probe.output, clock_monotonic_ns());
    }
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
    if (controller->probe_count == REGISTRY_PROBES_MAX) {
        return false;
    }
    struct running_probe *running = calloc(1, sizeof(*running));
    if (running == NULL) {
        return false;
    }
    running->controller = controller;
    running->create_index = check->create_index;
    running->check = registry_check_definition_copy(check->definition, &bytes);
    if (running->check == NULL || fiber_start(controller->loop, run_probe, running) != STATUS_OK) {
        free(running->check);
        free(running);
        return false;
    }
    controller->probe_count++;
    return true;
}
