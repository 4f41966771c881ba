/* registry_controller.h: what the registry does: takes registrations and reports, lets what is
 * silent expire, looks at what wants to be looked at, and wakes who waits.
 *
 * On one loop, with everything that calls it. */
#pragma once

#include "registry/checker/registry_checker.h"
#include "registry/repository/registry_repository.h"
#include "registry/repository/registry_state.h"

struct loop;
struct registry_controller;

enum {
    REGISTRY_PROBES_MAX = 64, /* at once; further ones wait for the next sweep */
    /* Of these, of targets that are slow, and of those together with targets that are not known
     * yet: there is always room for targets that answer. */
    REGISTRY_SLOW_PROBES_MAX = 32,
    REGISTRY_DOUBTFUL_PROBES_MAX = 48,
    REGISTRY_SLOW_PROBE_MS = 1000, /* what takes longer is slow */
    REGISTRY_WAIT_DEFAULT_MS = 5 * 60 * 1000,
    REGISTRY_WAIT_MAX_MS = 10 * 60 * 1000,
    REGISTRY_DEREGISTER_AFTER_MIN_MS = 60 * 1000, /* as Consul; shorter ones are raised to it */
    /* After a start, while everybody registers again: longer than a third of a usual TTL and a
     * client's backoff. */
    REGISTRY_SETTLE_MS = 10 * 1000,
    REGISTRY_SAVE_RETRY_MS = 1000,       /* after a save that failed */
    REGISTRY_SAVE_WAIT_MS = 5000,        /* so long a write waits for its save */
    REGISTRY_SAVE_REMIND_MS = 60 * 1000, /* between two complaints that saving fails */
};

/* What was read back at the start. */
struct registry_controller_loaded {
    bool any;         /* false: there was nothing, or nothing is kept */
    int64_t saved_ms; /* wall clock */
    size_t instances;
    size_t checks;
    size_t unconfirmed; /* of the checks */
};

struct registry_controller_events {
    /* Saving has begun to fail, or fails still, or works again; for the log. */
    void (*saving)(void *state, bool works, const struct call *call);
    void *state;
};

struct registry_controller_options {
    struct registry_checker checker; /* borrowed; without one, active checks are refused */
    /* For so long after the start, blocking queries that began with an earlier process are held,
     * so that their clients keep the list that they have instead of one that is only filling up. */
    int64_t settle_ms;
    int64_t deregister_after_min_ms; /* 0: REGISTRY_DEREGISTER_AFTER_MIN_MS */
    /* Where the state is kept over a restart; borrowed; without one, it is not. A list that was
     * read back is whole: no query is held then. */
    struct registry_repository repository;
    struct registry_controller_events events;
};

/* Reads back what was kept, which may block. STATUS_DATA_LOSS: that is damaged; nothing of it was
 * taken. STATUS_UNAVAILABLE: it cannot be read. STATUS_RESOURCE_EXHAUSTED: no memory.
 * *ret_controller is owned by the caller. */
MUST_USE enum status registry_controller_create(struct loop *loop, struct call *call,
                                                const struct registry_controller_options *options,
                                                struct registry_controller **ret_controller);

const struct registry_controller_loaded *
registry_controller_loaded(const struct registry_controller *controller);

/* false: the last try to save what has changed has failed. */
bool registry_controller_is_saving(const struct registry_controller *controller);

/* false: services are still registering again after a start (settle_ms). */
bool registry_controller_has_settled(const struct registry_controller *controller);

/* Cancels running probes and waits for them, saves what is unsaved: in a fiber. No request may be
 * running. NULL is accepted. */
void registry_controller_destroy(struct registry_controller *controller);

/* Ends all blocking queries with what there is now, and later ones at once: a draining server. */
void registry_controller_stop_waiting(struct registry_controller *controller);

/* For reading. Borrowed. */
const struct registry_state *
registry_controller_state(const struct registry_controller *controller);

/* Writes: as the functions of registry_state.h of the same name, and STATUS_INVALID_ARGUMENT for an
 * active check when there is no checker. now_ns: when the request came.
 *
 * With a repository they park until what is in force is durable; a report that changes no status
 * does not. STATUS_UNAVAILABLE: the change holds, but could not be saved (again is tried by itself,
 * and for who asks again); STATUS_CANCELLED: the call was over before it was saved. */
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
