/* discovery.h: how services find each other: a registrar to make an instance known, a resolver to
 * follow the healthy instances of a service.
 *
 * Two ports, implemented for Consul's HTTP interface (our registry and HashiCorp's), DNS (the
 * resolver alone), a static list and memory. An object belongs to one loop; its operations park the
 * fiber. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/call.h"
#include "base/status.h"
#include "base/text.h"

struct loop;

enum {
    DISCOVERY_SERVICE_BYTES_MAX = 63,
    DISCOVERY_INSTANCE_ID_BYTES_MAX = 128,
    DISCOVERY_HOST_BYTES_MAX = 255,
    DISCOVERY_ZONE_BYTES_MAX = 63,
    DISCOVERY_WEIGHT_MAX = 65535,
    /* Of one service that a client follows; further ones are left out. */
    DISCOVERY_INSTANCES_MAX = 1000,
    DISCOVERY_WATCH_MS = 60000, /* after so long a watch ends with what it has */
    DISCOVERY_BACKOFF_MIN_MS = 100,
    DISCOVERY_BACKOFF_MAX_MS = 5000,
};

/* Why a draining instance is in maintenance, as registries that speak Consul's interface tell it.
 */
#define DISCOVERY_DRAIN_REASON "draining"

#define DISCOVERY_TTL_DEFAULT_MS INT64_C(6000)

struct discovery_registration {
    struct text service;     /* "rating" */
    struct text instance_id; /* unique in the registry: "rating-127.0.0.1-8082-4711" */
    struct text host;        /* that is advertised */
    uint16_t port;
    bool tls;         /* it speaks TLS: told to whoever lists instances, and left to them */
    struct text zone; /* where it is, for clients to keep near; empty: not told */
    uint16_t weight;  /* it gets so many times the calls of one with 1; 0: 1 */
    int64_t ttl_ms;   /* without a heartbeat for so long, the instance is critical */
    bool is_draining; /* a heartbeat does not make it known where it is not */
};

/* Where an instance stands, when there are several registries. */
struct discovery_spread {
    unsigned registries; /* it is to be registered with */
    unsigned registered; /* it is registered with, as far as is known */
    struct text missing; /* why not with another one; borrowed until the next operation */
};

struct discovery_registrar_ops {
    /* Makes the instance known, passing; again replaces. */
    enum status (*add)(void *state, struct call *call,
                       const struct discovery_registration *registration);
    /* STATUS_NOT_FOUND: the registry does not know it (any more): register again. */
    enum status (*heartbeat)(void *state, struct call *call,
                             const struct discovery_registration *registration);
    /* The instance stays known, but is not to be called any more: it finishes what it has begun.
     * Heartbeats do not change that; it ends with remove(). STATUS_NOT_FOUND: no registry knows it.
     */
    enum status (*drain)(void *state, struct call *call,
                         const struct discovery_registration *registration);
    /* STATUS_OK also when it was not known. */
    enum status (*remove)(void *state, struct call *call,
                          const struct discovery_registration *registration);
    /* As add() or heartbeat() last found it. NULL: there is one registry. */
    void (*spread)(void *state, struct discovery_spread *ret_spread);
    void (*close)(void *state);
};

struct discovery_registrar {
    const struct discovery_registrar_ops *ops;
    void *state;
};

/* One healthy instance. */
struct discovery_instance {
    struct text address; /* "host:port" */
    struct text zone;    /* empty: not told */
    uint16_t weight;     /* at least 1 */
};

/* The healthy instances at one moment, sorted by address, without duplicates. */
struct discovery_snapshot {
    /* Names the content: equal lists have equal versions, unless an instance has come back at its
     * old address, which is news too; 0: none was seen yet. */
    uint64_t version;
    const struct discovery_instance *instances;
    size_t count;
};

struct discovery_resolver_ops {
    /* Parks until the list differs from the one of `seen_version` (0: gives the present one at
     * once), or for about a minute at most, when the same list may come again. Valid in the call's
     * arena. STATUS_UNAVAILABLE: the registry cannot be asked: go on with the last list, ask again
     * later. STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED. */
    enum status (*watch)(void *state, struct call *call, struct text service, uint64_t seen_version,
                         struct discovery_snapshot *ret_snapshot);
    /* An instance was lost, the list may have changed: has watch() look soon, but no more often
     * than is good for who is asked. NULL: it hears of changes by itself. */
    void (*refresh)(void *state);
    void (*close)(void *state);
};

struct discovery_resolver {
    const struct discovery_resolver_ops *ops;
    void *state;
};

/* Keeps an instance registered from a fiber of its own: adds it, sends heartbeats every third of
 * the TTL, adds it again when the registry has forgotten it or was away (backoff with jitter, at
 * most 5 s or that third: a registry that comes back is to know everybody before it has settled).
 */
struct discovery_keeper;

struct discovery_keeper_events {
    /* The first state and each change between registered and not, with the reason why not in words;
     * for the log. */
    void (*changed)(void *state, bool registered, struct text reason);
    /* The first state and each change of how many registries have the instance; NULL: nobody is
     * told. */
    void (*spread)(void *state, const struct discovery_spread *spread);
    void *state;
};

/* The registration is copied; `events` too, and it may be NULL. STATUS_INVALID_ARGUMENT: a part of
 * the registration is empty or overlong, or the TTL is not positive. STATUS_RESOURCE_EXHAUSTED: no
 * memory or fiber. *ret_keeper is owned by the caller; the registrar must outlive it. */
MUST_USE enum status discovery_keeper_start(struct loop *loop, struct discovery_registrar registrar,
                                            const struct discovery_registration *registration,
                                            const struct discovery_keeper_events *events,
                                            struct discovery_keeper **ret_keeper);

/* Tells the registry, within the call's time, that the instance drains: resolvers leave it out from
 * now on. Heartbeats go on, but it is not added again; where the registry could not be told, they
 * end, so that the TTL does. In a fiber, once. NULL is accepted. */
void discovery_keeper_drain(struct discovery_keeper *keeper, struct call *call);

/* Ends the fiber, removes the instance within the call's time, frees. In a fiber. NULL is accepted.
 */
void discovery_keeper_stop(struct discovery_keeper *keeper, struct call *call);

/* Follows a service from a fiber of its own and tells every new list; while the registry is away
 * the last one stays. */
struct discovery_watcher;

/* The list; borrowed for the call. */
typedef void (*discovery_update_fn)(void *state, const struct discovery_snapshot *snapshot);

/* STATUS_INVALID_ARGUMENT: the service's name is empty or overlong. STATUS_RESOURCE_EXHAUSTED: no
 * memory or fiber. *ret_watcher is owned by the caller; the resolver must outlive it. */
MUST_USE enum status discovery_watcher_start(struct loop *loop, struct discovery_resolver resolver,
                                             struct text service, discovery_update_fn update,
                                             void *state, struct discovery_watcher **ret_watcher);

/* Whether the list can be asked for: told when it cannot, and then when it can again, which shows
 * with the next answer (a registry may take a minute for it). reason: why not, in words, borrowed
 * for the call; for the log. */
typedef void (*discovery_trouble_fn)(void *state, bool can_ask, struct text reason);

/* Right after the start, on the loop's thread; `state` is that of the updates. */
void discovery_watcher_set_trouble(struct discovery_watcher *watcher, discovery_trouble_fn trouble);

/* To be told when an instance could not be reached, or has closed its connection: where changes are
 * not told, it is time to ask. On the loop's thread. NULL is accepted. */
void discovery_watcher_refresh(struct discovery_watcher *watcher);

/* Ends the fiber and frees; no update comes after. In a fiber. NULL is accepted. */
void discovery_watcher_stop(struct discovery_watcher *watcher);
