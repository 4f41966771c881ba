#include "grpc/grpc_health.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"
#include "grpc/grpc_stream.h"
#include "health.pb-c.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "proto/proto.h"

struct health_entry {
    struct text service; /* borrowed from the service table */
    bool serving;
    uint64_t changes; /* how often it has changed */
};

/* The lock is held for a few instructions, never while a fiber waits. */
struct grpc_health {
    pthread_mutex_t lock;
    struct health_entry *entries;
    size_t entry_count;
    struct list watchers;
    bool shut_down;
};

/* A Watch that runs, on its fiber's stack. */
struct health_watcher {
    struct list link;
    struct loop_task task; /* wakes it from another thread's change */
    struct loop *loop;
    struct grpc_health *health;
    struct fiber_wait changed;
    bool task_posted;
};

enum status grpc_health_create(const struct grpc_service *services, size_t service_count,
                               struct grpc_health **ret_health)
{
    struct grpc_health *health = calloc(1, sizeof(*health));
    struct health_entry *entries = calloc(service_count + 1, sizeof(*entries));
    if (health == NULL || entries == NULL || pthread_mutex_init(&health->lock, NULL) != 0) {
        free(health);
        free(entries);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    entries[0].service = TEXT("");
    for (size_t i = 0; i < service_count; i++) {
        entries[i + 1].service = text_of(services[i].name);
    }
    health->entries = entries;
    health->entry_count = service_count + 1;
    list_init(&health->watchers);
    *ret_health = health;
    return STATUS_OK;
}

void grpc_health_destroy(struct grpc_health *health)
{
    if (health == NULL) {
        return;
    }
    CHECK(list_is_empty(&health->watchers));
    (void)pthread_mutex_destroy(&health->lock); /* fails only when it is locked */
    free(health->entries);
    free(health);
}

static void lock(struct grpc_health *health)
{
    CHECK(pthread_mutex_lock(&health->lock) == 0);
}

static void unlock(struct grpc_health *health)
{
    CHECK(pthread_mutex_unlock(&health->lock) == 0);
}

static struct health_entry *find_entry(struct grpc_health *health, struct text service)
{
    for (size_t i = 0; i < health->entry_count; i++) {
        if (text_equal(health->entries[i].service, service)) {
            return &health->entries[i];
        }
    }
    return NULL;
}

/* On the watcher's loop. */
static void wake_watcher(struct loop_task *task)
{
    struct health_watcher *watcher = CONTAINER_OF(task, struct health_watcher, task);
    lock(watcher->health);
    watcher->task_posted = false;
    unlock(watcher->health);
    fiber_wait_signal(&watcher->changed);
}

/* With the lock held. */
static void tell_watchers(struct grpc_health *health)
{
    for (struct list *link = health->watchers.next; link != &health->watchers; link = link->next) {
        struct health_watcher *watcher = CONTAINER_OF(link, struct health_watcher, link);
        if (!watcher->task_posted) {
            watcher->task_posted = true;
            loop_post(watcher->loop, &watcher->task);
        }
    }
}

enum status grpc_health_set(struct grpc_health *health, struct text service, bool serving)
{
    lock(health);
    struct health_entry *entry = find_entry(health, service);
    if (entry != NULL && entry->serving != serving) {
        entry->serving = serving;
        entry->changes++;
        tell_watchers(health);
    }
    unlock(health);
    return entry != NULL ? STATUS_OK : STATUS_NOT_FOUND;
}

void grpc_health_shut_down(struct grpc_health *health)
{
    lock(health);
    for (size_t i = 0; i < health->entry_count; i++) {
        health->entries[i].serving = false;
    }
    health->shut_down = true;
    tell_watchers(health);
    unlock(health);
}

static Grpc__Health__V1__HealthCheckResponse__ServingStatus serving_status(bool serving)
{
    return serving ? GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
                   : GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING;
}

static enum status check(void *state, struct call *call, const void *request, void *response)
{
    struct grpc_health *health = state;
    const Grpc__Health__V1__HealthCheckRequest *question = request;
    Grpc__Health__V1__HealthCheckResponse *answer = response;
    lock(health);
    const struct health_entry *entry = find_entry(health, proto_text(question->service));
    bool serving = entry != NULL && entry->serving;
    unlock(health);
    if (entry == NULL) {
        return call_fail(call, STATUS_NOT_FOUND, "there is no service '%.*s'",
                         TEXT_ARGUMENTS(proto_text(question->service)));
    }
    answer->status = serving_status(serving);
    return STATUS_OK;
}

static enum status list(void *state, struct call *call, const void *request, void *response)
{
    struct grpc_health *health = state;
    Grpc__Health__V1__HealthListResponse *answer = response;
    size_t count = health->entry_count;
    Grpc__Health__V1__HealthListResponse__StatusesEntry *entries =
        arena_calloc(call->arena, count, sizeof(*entries));
    Grpc__Health__V1__HealthCheckResponse *statuses =
        arena_calloc(call->arena, count, sizeof(*statuses));
    Grpc__Health__V1__HealthListResponse__StatusesEntry **pointers =
        arena_calloc(call->arena, count, sizeof(*pointers));
    (void)request; /* has no fields */
    if (entries == NULL || statuses == NULL || pointers == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the reply");
    }
    lock(health);
    for (size_t i = 0; i < count; i++) {
        grpc__health__v1__health_check_response__init(&statuses[i]);
        statuses[i].status = serving_status(health->entries[i].serving);
        grpc__health__v1__health_list_response__statuses_entry__init(&entries[i]);
        entries[i].key = proto_bytes(health->entries[i].service);
        entries[i].value = &statuses[i];
        pointers[i] = &entries[i];
    }
    unlock(health);
    answer->statuses = pointers;
    answer->n_statuses = count;
    return STATUS_OK;
}

/* Sends the service's state now and whenever it has changed. */
static enum status send_changes(struct health_watcher *watcher, struct call *call,
                                struct grpc_stream *stream, struct text service)
{
    struct grpc_health *health = watcher->health;
    Grpc__Health__V1__HealthCheckResponse answer = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
    uint64_t seen = UINT64_MAX;
    for (;;) {
        lock(health);
        const struct health_entry *entry = find_entry(health, service);
        uint64_t changes = entry != NULL ? entry->changes : 0;
        bool shut_down = health->shut_down;
        answer.status =
            entry != NULL
                ? serving_status(entry->serving)
                : GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN;
        unlock(health);
        enum status status = STATUS_OK;
        if (changes != seen || shut_down) {
            seen = changes;
            status = grpc_send(stream, &answer.base);
        }
        if (status == STATUS_OK && shut_down) {
            return call_fail(call, STATUS_UNAVAILABLE, "the server is shutting down");
        }
        if (status == STATUS_OK) {
            status = fiber_wait(call, &watcher->changed);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
}

static enum status watch(void *state, struct call *call, struct grpc_stream *stream)
{
    struct health_watcher watcher = {
        .health = state,
        .loop = loop_current(),
        .task = {.run = wake_watcher},
    };
    ProtobufCMessage *request = NULL;
    enum status status = grpc_receive(stream, &request);
    if (status != STATUS_OK) {
        return status;
    }
    const Grpc__Health__V1__HealthCheckRequest *question =
        (const Grpc__Health__V1__HealthCheckRequest *)request;
    fiber_wait_init(&watcher.changed);
    lock(watcher.health);
    list_append(&watcher.health->watchers, &watcher.link);
    unlock(watcher.health);
    status = send_changes(&watcher, call, stream, proto_text(question->service));
    lock(watcher.health);
    list_remove(&watcher.link);
    bool task_posted = watcher.task_posted;
    unlock(watcher.health);
    /* The task may be on its way: it must have run before its memory goes. */
    while (task_posted) {
        CHECK(fiber_wait(NULL, &watcher.changed) == STATUS_OK);
        lock(watcher.health);
        task_posted = watcher.task_posted;
        unlock(watcher.health);
    }
    return status;
}

static const struct grpc_method methods[] = {
    {
        .name = "Check",
        .kind = GRPC_UNARY,
        .no_side_effects = true,
        .request = &grpc__health__v1__health_check_request__descriptor,
        .response = &grpc__health__v1__health_check_response__descriptor,
        .unary = check,
    },
    {
        .name = "List",
        .kind = GRPC_UNARY,
        .no_side_effects = true,
        .request = &grpc__health__v1__health_list_request__descriptor,
        .response = &grpc__health__v1__health_list_response__descriptor,
        .unary = list,
    },
    {
        .name = "Watch",
        .kind = GRPC_SERVER_STREAMING,
        .no_side_effects = true,
        .request = &grpc__health__v1__health_check_request__descriptor,
        .response = &grpc__health__v1__health_check_response__descriptor,
        .stream = watch,
    },
};

struct grpc_service grpc_health_service(struct grpc_health *health)
{
    return (struct grpc_service){
        .name = "grpc.health.v1.Health",
        .methods = methods,
        .method_count = ARRAY_LENGTH(methods),
        .state = health,
    };
}
