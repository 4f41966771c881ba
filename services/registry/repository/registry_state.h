/* registry_state.h: what the registry knows: instances, their checks, and who waits for a change.
 *
 * In memory, on one loop: no locks, no waiting; a reader sees every write whole. What of it is kept
 * over a restart, registry_unsaved.h says. Knows no clock: the caller says what time it is.
 *
 * Every write that changes something takes the next index, once, and marks with it what it changed:
 * the service by name, the list of services, the checks. Whoever watches one of these is woken, and
 * nobody else. Repeating what is known already, and a new output of a check with the same status,
 * change nothing. */
#pragma once

#include "base/list.h"
#include "registry/model/registry_check.h"
#include "registry/model/registry_node.h"
#include "registry/model/registry_service.h"

enum {
    REGISTRY_INSTANCES_MAX = 20000,
    REGISTRY_CHECKS_MAX = 50000,
    REGISTRY_NODES_MAX = 1000, /* besides the registry's own */
    REGISTRY_WATCHERS_MAX = 10000,
    REGISTRY_SWEEP_MS = 50,                 /* how often it is to be swept */
    REGISTRY_BYTES_MAX = 256 * 1024 * 1024, /* of definitions and outputs */
};

struct registry_state;
struct stored_service;

/* first_index: at least 1; to be higher than that of any earlier process, so that clients never see
 * it go backwards. STATUS_RESOURCE_EXHAUSTED: no memory. *ret_state is owned by the caller. */
MUST_USE enum status registry_state_create(uint64_t first_index, struct registry_state **ret_state);

/* Nobody may be watching. NULL is accepted. */
void registry_state_destroy(struct registry_state *state);

/* Writes. Definitions are copied. Statuses of all: STATUS_INVALID_ARGUMENT: a limit of the model;
 * STATUS_RESOURCE_EXHAUSTED: a limit above, or no memory; the call's error says which. */

/* What a registration brings. */
struct registry_registration {
    struct registry_service_definition service;
    const struct registry_check_definition *checks; /* their service_id is ignored */
    size_t check_count;
    bool replace_checks; /* checks of the instance that are not among these are removed */
};

/* Adds or replaces another node. */
MUST_USE enum status registry_state_put_node(struct registry_state *state, struct call *call,
                                             const struct registry_node_definition *node);
/* With all that is on it. STATUS_NOT_FOUND. */
MUST_USE enum status registry_state_remove_node(struct registry_state *state, struct call *call,
                                                struct text name);

/* Adds or replaces an instance, on a node that is there (else STATUS_NOT_FOUND). A check that the
 * instance has already keeps its status and output; its TTL starts anew. */
MUST_USE enum status registry_state_put_instance(struct registry_state *state, struct call *call,
                                                 const struct registry_registration *registration,
                                                 int64_t now_ns);

/* With its checks. STATUS_NOT_FOUND. */
MUST_USE enum status registry_state_remove_instance(struct registry_state *state, struct call *call,
                                                    struct text id, int64_t now_ns);

/* Adds or replaces a check, of the instance that it names or of the node.
 * STATUS_NOT_FOUND: no such instance. */
MUST_USE enum status registry_state_put_check(struct registry_state *state, struct call *call,
                                              const struct registry_check_definition *check,
                                              int64_t now_ns);

/* The same for a check of REGISTRY_CHECK_EXTERNAL, whose status becomes the definition's `initial`.
 */
MUST_USE enum status registry_state_tell_check(struct registry_state *state, struct call *call,
                                               const struct registry_check_definition *check,
                                               struct text output, int64_t now_ns);

/* id: as of registry_key(), for this and what follows. STATUS_NOT_FOUND. */
MUST_USE enum status registry_state_remove_check(struct registry_state *state, struct call *call,
                                                 struct text id, int64_t now_ns);

/* A report on a TTL check, that came at `now_ns`: its TTL starts anew. STATUS_NOT_FOUND.
 * STATUS_FAILED_PRECONDITION: not a TTL check. */
MUST_USE enum status registry_state_report(struct registry_state *state, struct call *call,
                                           struct text check_id, enum registry_status status,
                                           struct text output, int64_t now_ns);

/* What came of looking at an active check, and how long it took; the next look is due an interval
 * later. A check that is gone, or is another one by now (create_index), is left alone. */
void registry_state_probed(struct registry_state *state, struct text check_id,
                           uint64_t create_index, enum registry_status status, struct text output,
                           enum registry_pace pace, int64_t now_ns);

/* Told of an active check that is to be looked at now. false: not now; it is asked again at the
 * next sweep. */
typedef bool (*registry_probe_fn)(void *argument, const struct registry_check *check);

/* Expires TTLs, removes instances that were critical for too long, all in one index step, and tells
 * of probes that are due. Called each REGISTRY_SWEEP_MS while registry_state_has_deadlines(). */
void registry_state_sweep(struct registry_state *state, int64_t now_ns, registry_probe_fn probe,
                          void *argument);
bool registry_state_has_deadlines(const struct registry_state *state);

/* Reads: borrowed until the next write. NULL: no such thing, or no more. Lists are sorted by id or
 * name, those of one service and one instance in the order of registration. */
const struct registry_instance *registry_state_find_instance(const struct registry_state *state,
                                                             struct text id);
const struct registry_check *registry_state_find_check(const struct registry_state *state,
                                                       struct text id);
size_t registry_state_instance_count(const struct registry_state *state);
const struct registry_instance *registry_state_instance_at(const struct registry_state *state,
                                                           size_t position);
size_t registry_state_check_count(const struct registry_state *state);
const struct registry_check *registry_state_check_at(const struct registry_state *state,
                                                     size_t position);

const struct registry_instance *registry_state_first_instance(const struct registry_state *state,
                                                              struct text service);
const struct registry_instance *
registry_state_next_instance(const struct registry_instance *instance);

/* instance: NULL for the node's own checks. */
const struct registry_check *registry_state_first_check(const struct registry_state *state,
                                                        const struct registry_instance *instance);
const struct registry_check *registry_state_next_check(const struct registry_state *state,
                                                       const struct registry_check *check);

/* The checks of a node itself: NULL for the registry's own. */
const struct registry_check *registry_state_first_check_of_node(const struct registry_state *state,
                                                                const struct registry_node *node);

/* The nodes besides the registry's own, by name. */
const struct registry_node *registry_state_find_node(const struct registry_state *state,
                                                     struct text name);
size_t registry_state_node_count(const struct registry_state *state);
const struct registry_node *registry_state_node_at(const struct registry_state *state,
                                                   size_t position);

/* Checks of which nothing was heard since a restart: they are as they were before it. */
size_t registry_state_unconfirmed_count(const struct registry_state *state);

/* The own node's: a UUID, and the index of its making; the same over restarts where the state is
 * kept. */
const char *registry_state_node_id(const struct registry_state *state);
uint64_t registry_state_own_index(const struct registry_state *state);

/* Services by name, in order: their first instance. Some may have none (they are only watched):
 * NULL, go on. */
size_t registry_state_service_count(const struct registry_state *state);
const struct registry_instance *registry_state_service_at(const struct registry_state *state,
                                                          size_t position);

/* Moves with every write and sweep, whatever came of it: what was read at the same revision is the
 * same. */
uint64_t registry_state_revision(const struct registry_state *state);

/* What one can wait for. */
enum registry_topic {
    REGISTRY_TOPIC_SERVICES, /* the list of services and their tags */
    REGISTRY_TOPIC_CHECKS,   /* every check */
    REGISTRY_TOPIC_NODES,
    REGISTRY_TOPIC_EVERYTHING, /* whatever changes */
    REGISTRY_TOPIC_SERVICE,    /* the instances and checks of one service, known or not */
};

struct registry_subject {
    enum registry_topic topic;
    struct text service; /* of REGISTRY_TOPIC_SERVICE */
};

struct registry_watcher {
    void (*notify)(struct registry_watcher *watcher); /* must not write, watch or unwatch */
    /* private */
    struct list link;
    struct stored_service *service;
};

/* The index of the subject's last change; never 0, and never goes backwards. */
uint64_t registry_state_index(const struct registry_state *state,
                              const struct registry_subject *subject);
uint64_t registry_state_first_index(const struct registry_state *state);

/* Has `notify` called once, at the subject's next change. STATUS_RESOURCE_EXHAUSTED: too many
 * watchers, or no memory. Every watcher must be taken out, notified or not. */
MUST_USE enum status registry_state_watch(struct registry_state *state, struct call *call,
                                          const struct registry_subject *subject,
                                          struct registry_watcher *watcher);
void registry_state_unwatch(struct registry_state *state, struct registry_watcher *watcher);

/* Notifies everybody, although nothing has changed. */
void registry_state_notify_all(struct registry_state *state);
