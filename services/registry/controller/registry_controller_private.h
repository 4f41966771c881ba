/* registry_controller_private.h: only for the controller's own files. */
#pragma once

#include "loop/fiber.h"
#include "loop/loop.h"
#include "registry/controller/registry_controller.h"
#include "registry/controller/registry_saver.h"

struct registry_controller {
    struct loop *loop;
    struct registry_state *state;
    struct registry_checker checker;
    int64_t settled_ns;
    int64_t deregister_after_min_ns;
    struct loop_timer sweep;
    int64_t sweep_due_ns; /* 0: the timer does not run */
    bool sweep_postponed;
    bool waiting_stopped;
    unsigned probe_count; /* running */
    unsigned probe_counts[REGISTRY_PACES];
    struct registry_saver saver;
    struct registry_controller_loaded loaded;
    struct cancellation probes_cancelled;
    struct fiber_wait probes_ended;
};

/* Is a registry_probe_fn; argument: the controller. */
bool registry_controller_start_probe(void *argument, const struct registry_check *check);
