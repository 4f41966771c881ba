/* registry_controller.h: what the registry does: takes registrations and reports, lets what is
 * silent expire, looks at what wants to be looked at, and wakes who waits.
 *
 * On one loop, with everything that calls it. */
#pragma once

#include "registry/checker/registry_checker.h"
#include "registry/repository/registry_state.h"

struct loop;
struct registry_controller;

enum {
    REGISTRY_PROBES_MAX = 64, /* at once; further ones wait for the next sweep */
    REGISTRY_WAIT_DEFAULT_MS = 5 * 60 * 1000,
    REGISTRY_WAIT_MAX_MS = 10 * 60 * 1000,
    REGISTRY_DEREGISTER_AFTER_MIN_MS = 60 * 1000, /* as Consul; shorter ones are raised to it */
    /* After a start, while everybody registers again: longer than a third of a usual TTL and a
     * client's backoff. */
    REGISTRY_SETTLE_MS = 10 * 1000,
};

struct registry_controller_options {
    struct registry_checker checker; /* borrowed; without one, active checks are refused */
    /* For so long after the start, blocking queries that began with an earlier process are held,
     * so that their clients keep the list that they have instead of one that is only filling up. */
    int64_t settle_ms;
    int64_t deregister_after_min_ms; /* 0: REGISTRY_DEREGISTER_AFTER_MIN_MS */
};

/* STATUS_RESOURCE_EXHAUSTED: no memory. *ret_controller is owned by the caller. */
MUST_USE enum status registry_controller_create(struct loop *loop,
                                                const struct registry_controller_options *options,
                                                struct registry_controller **ret_controller);

/* Cancels running probes and waits for them: in a fiber. No request may be running. NULL is
 * accepted. */
void registry_controller_destroy(struct registry_controller *controller);

/* Ends all blocking queries with what there is now, and later ones at once: a draining server. */
void registry_controller_stop_waiting(struct registry_controller *controller);

/* For reading. Borrowed. */
const struct registry_state *
registry_controller_state(const struct registry_controller *controller);

/* Writes: as the functions of registry_state.h of the same name, and STATUS_INVALID_ARGUMENT for an
 * active check when there is no checker. now_ns: when the request came. */
MUST_USE enum status
registry_controller_put_instance(struct registry_controller *controller, struct call *call,
                                 const struct registry_registration *registration, int64_t now_ns);
MUST_USE enum status registry_controller_remove_instance(struct registry_controller *controller,
                                                         struct call *call, struct text id);
MUST_USE enum status registry_controller_put_check(struct registry_controller *controller,
                                                   struct call *call,
                                                   const struct registry_check_definition *check,
                                                   int64_t now_ns);
MUST_USE enum status registry_controller_remove_check(struct registry_controller *controller,
                                                      struct call *call, struct text id);
MUST_USE enum status registry_controller_report(struct registry_controller *controller,
                                                struct call *call, struct text check_id,
                                                enum registry_status status, struct text output,
                                                int64_t now_ns);

MUST_USE enum status registry_controller_put_node(struct registry_controller *controller,
                                                  struct call *call,
                                                  const struct registry_node_definition *node);
MUST_USE enum status registry_controller_remove_node(struct registry_controller *controller,
                                                     struct call *call, struct text name);
MUST_USE enum status registry_controller_tell_check(struct registry_controller *controller,
                                                    struct call *call,
                                                    const struct registry_check_definition *check,
                                                    struct text output, int64_t now_ns);

/* Takes an instance out of service by a critical check, and back. reason may be empty.
 * STATUS_NOT_FOUND: no such instance. */
MUST_USE enum status registry_controller_set_maintenance(struct registry_controller *controller,
                                                         struct call *call, struct text id,
                                                         bool enable, struct text reason);

/* The same for the node with all that is on it. */
MUST_USE enum status
registry_controller_set_node_maintenance(struct registry_controller *controller, struct call *call,
                                         bool enable, struct text reason);

/* Parks until the subject's index is over `index`, or for wait_ms (0: REGISTRY_WAIT_DEFAULT_MS; at
 * most REGISTRY_WAIT_MAX_MS; a random part of up to 1/16 is added). index 0 does not wait.
 * STATUS_OK: read now; *ret_index is the subject's. STATUS_CANCELLED, STATUS_DEADLINE_EXCEEDED: the
 * call is over. STATUS_RESOURCE_EXHAUSTED: too many wait. */
MUST_USE enum status registry_controller_wait(struct registry_controller *controller,
                                              struct call *call,
                                              const struct registry_subject *subject,
                                              uint64_t index, int64_t wait_ms, uint64_t *ret_index);
