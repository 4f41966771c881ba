#include "discovery/memory_discovery.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/list.h"
#include "discovery/discovery_snapshot.h"
#include "loop/fiber.h"
#include "loop/loop.h"

struct memory_instance {
    struct list link;
    struct loop_timer expiry;
    struct memory_discovery *memory;
    bool draining;
    bool passing;
    uint16_t port;
    char service[DISCOVERY_SERVICE_BYTES_MAX + 1];
    char id[DISCOVERY_INSTANCE_ID_BYTES_MAX + 1];
    char host[DISCOVERY_HOST_BYTES_MAX + 1];
    char zone[DISCOVERY_ZONE_BYTES_MAX + 1];
    uint16_t weight;
};

struct memory_watch {
    struct list link;
    struct fiber_wait changed;
};

struct memory_discovery {
    struct loop *loop;
    struct list instances;
    size_t instance_count;
    struct list watches;
    bool available;
};

static void wake_watches(struct memory_discovery *memory)
{
    for (struct list *link = memory->watches.next; link != &memory->watches; link = link->next) {
        fiber_wait_signal(&CONTAINER_OF(link, struct memory_watch, link)->changed);
    }
}

static void expire_instance(struct loop_timer *timer)
{
    struct memory_instance *instance = CONTAINER_OF(timer, struct memory_instance, expiry);
    instance->passing = false;
    wake_watches(instance->memory);
}

static struct memory_instance *find_instance(struct memory_discovery *memory, struct text id)
{
    for (struct list *link = memory->instances.next; link != &memory->instances;
         link = link->next) {
        struct memory_instance *instance = CONTAINER_OF(link, struct memory_instance, link);
        if (text_equal(text_of(instance->id), id)) {
            return instance;
        }
    }
    return NULL;
}

static void forget_instance(struct memory_discovery *memory, struct memory_instance *instance)
{
    loop_timer_stop(memory->loop, &instance->expiry);
    list_remove(&instance->link);
    memory->instance_count--;
    free(instance);
}

static enum status check_available(struct memory_discovery *memory, struct call *call)
{
    enum status status = call_check(call);
    if (status == STATUS_OK && !memory->available) {
        status = call_fail(call, STATUS_UNAVAILABLE, "the registry is away");
    }
    return status;
}

static enum status restart_expiry(struct memory_discovery *memory, struct memory_instance *instance,
                                  int64_t ttl_ms)
{
    enum status status = loop_timer_start(memory->loop, &instance->expiry,
                                          clock_monotonic_ns() + ttl_ms * CLOCK_NS_PER_MS);
    if (status == STATUS_OK && !instance->passing) {
        instance->passing = true;
        wake_watches(memory);
    }
    return status;
}

static enum status create_instance(struct memory_discovery *memory, struct call *call,
                                   const struct discovery_registration *registration)
{
    if (memory->instance_count >= MEMORY_DISCOVERY_INSTANCES_MAX) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "too many instances");
    }
    struct memory_instance *instance = calloc(1, sizeof(*instance));
    if (instance == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    if (!text_to_c_string(registration->service, instance->service, sizeof(instance->service)) ||
        !text_to_c_string(registration->instance_id, instance->id, sizeof(instance->id)) ||
        !text_to_c_string(registration->host, instance->host, sizeof(instance->host)) ||
        !text_to_c_string(registration->zone, instance->zone, sizeof(instance->zone))) {
        free(instance);
        return call_fail(call, STATUS_INVALID_ARGUMENT, "a part of the registration is overlong");
    }
    instance->memory = memory;
    instance->port = registration->port;
    instance->weight = registration->weight;
    instance->expiry.expire = expire_instance;
    enum status status = restart_expiry(memory, instance, registration->ttl_ms);
    if (status != STATUS_OK) {
        free(instance);
        return status;
    }
    list_append(&memory->instances, &instance->link);
    memory->instance_count++;
    return STATUS_OK;
}

static enum status memory_add(void *state, struct call *call,
                              const struct discovery_registration *registration)
{
    struct memory_discovery *memory = state;
    enum status status = check_available(memory, call);
    if (status != STATUS_OK) {
        return status;
    }
    struct memory_instance *earlier = find_instance(memory, registration->instance_id);
    status = create_instance(memory, call, registration);
    if (status == STATUS_OK && earlier != NULL) {
        forget_instance(memory, earlier);
    }
    return status;
}

/* NULL, with why in *ret_status, when no such instance is registered. */
static struct memory_instance *find_registered(struct memory_discovery *memory, struct call *call,
                                               const struct discovery_registration *registration,
                                               enum status *ret_status)
{
    *ret_status = check_available(memory, call);
    if (*ret_status != STATUS_OK) {
        return NULL;
    }
    struct memory_instance *instance = find_instance(memory, registration->instance_id);
    if (instance == NULL) {
        *ret_status = call_fail(call, STATUS_NOT_FOUND, "the registry does not know this instance");
    }
    return instance;
}

static enum status memory_heartbeat(void *state, struct call *call,
                                    const struct discovery_registration *registration)
{
    struct memory_discovery *memory = state;
    enum status status;
    struct memory_instance *instance = find_registered(memory, call, registration, &status);
    if (instance == NULL) {
        return status;
    }
    return restart_expiry(memory, instance, registration->ttl_ms);
}

static enum status memory_drain(void *state, struct call *call,
                                const struct discovery_registration *registration)
{
    struct memory_discovery *memory = state;
    enum status status;
    struct memory_instance *instance = find_registered(memory, call, registration, &status);
    if (instance == NULL) {
        return status;
    }
    instance->draining = true;
    wake_watches(memory);
    return STATUS_OK;
}

static enum status memory_remove(void *state, struct call *call,
                                 const struct discovery_registration *registration)
{
    struct memory_discovery *memory = state;
    enum status status = check_available(memory, call);
    if (status != STATUS_OK) {
        return status;
    }
    struct memory_instance *instance = find_instance(memory, registration->instance_id);
    if (instance != NULL) {
        forget_instance(memory, instance);
        wake_watches(memory);
    }
    return STATUS_OK;
}

static void close_nothing(void *state)
{
    (void)state;
}

static enum status list_instances(struct memory_discovery *memory, struct call *call,
                                  struct text service, struct discovery_snapshot *ret_snapshot)
{
    size_t count = 0;
    uint64_t ids = 0;
    struct discovery_instance *instances =
        arena_calloc(call->arena, memory->instance_count + 1, sizeof(*instances));
    if (instances == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    for (struct list *link = memory->instances.next; link != &memory->instances;
         link = link->next) {
        struct memory_instance *instance = CONTAINER_OF(link, struct memory_instance, link);
        if (!instance->passing || instance->draining ||
            !text_equal(text_of(instance->service), service)) {
            continue;
        }
        struct discovery_instance *listed = &instances[count++];
        listed->address = discovery_address(call->arena, text_of(instance->host), instance->port);
        listed->zone = arena_copy(call->arena, text_of(instance->zone));
        listed->weight = instance->weight;
        if (listed->address.data == NULL || listed->zone.data == NULL) {
            return STATUS_RESOURCE_EXHAUSTED;
        }
        ids += text_hash(text_of(instance->id));
    }
    *ret_snapshot = discovery_snapshot_of(instances, count, ids);
    return STATUS_OK;
}

static enum status wait_for_change(struct memory_discovery *memory, struct call *call)
{
    struct memory_watch watch;
    fiber_wait_init(&watch.changed);
    list_append(&memory->watches, &watch.link);
    enum status status = fiber_wait(call, &watch.changed);
    list_remove(&watch.link);
    return status;
}

static enum status memory_watch(void *state, struct call *call, struct text service,
                                uint64_t seen_version, struct discovery_snapshot *ret_snapshot)
{
    struct memory_discovery *memory = state;
    struct call waiting = call_within(call, DISCOVERY_WATCH_MS);
    for (;;) {
        struct discovery_snapshot snapshot;
        enum status status = check_available(memory, call);
        if (status == STATUS_OK) {
            status = list_instances(memory, call, service, &snapshot);
        }
        if (status != STATUS_OK) {
            return status;
        }
        if (snapshot.version != seen_version || wait_for_change(memory, &waiting) != STATUS_OK) {
            status = call_check(call);
            if (status == STATUS_OK) {
                *ret_snapshot = snapshot;
            }
            return status;
        }
    }
}

static const struct discovery_registrar_ops memory_registrar_ops = {
    .add = memory_add,
    .heartbeat = memory_heartbeat,
    .drain = memory_drain,
    .remove = memory_remove,
    .close = close_nothing,
};

static const struct discovery_resolver_ops memory_resolver_ops = {
    .watch = memory_watch,
    .close = close_nothing,
};

enum status memory_discovery_create(struct loop *loop, struct memory_discovery **ret_memory)
{
    struct memory_discovery *memory = calloc(1, sizeof(*memory));
    if (memory == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    memory->loop = loop;
    memory->available = true;
    list_init(&memory->instances);
    list_init(&memory->watches);
    *ret_memory = memory;
    return STATUS_OK;
}

void memory_discovery_destroy(struct memory_discovery *memory)
{
    if (memory == NULL) {
        return;
    }
    CHECK(list_is_empty(&memory->watches));
    memory_discovery_forget(memory);
    free(memory);
}

struct discovery_registrar memory_discovery_registrar(struct memory_discovery *memory)
{
    return (struct discovery_registrar){.ops = &memory_registrar_ops, .state = memory};
}

struct discovery_resolver memory_discovery_resolver(struct memory_discovery *memory)
{
    return (struct discovery_resolver){.ops = &memory_resolver_ops, .state = memory};
}

void memory_discovery_forget(struct memory_discovery *memory)
{
    while (!list_is_empty(&memory->instances)) {
        forget_instance(memory, CONTAINER_OF(memory->instances.next, struct memory_instance, link));
    }
    wake_watches(memory);
}

void memory_discovery_set_available(struct memory_discovery *memory, bool available)
{
    memory->available = available;
    wake_watches(memory);
}
