#include <stdlib.h>

#include "registry/repository/registry_state_private.h"

static void notify_watchers(struct list *watchers)
{
    struct list *link;
    while ((link = list_take_first(watchers)) != NULL) {
        struct registry_watcher *watcher = CONTAINER_OF(link, struct registry_watcher, link);
        watcher->notify(watcher);
    }
}

uint64_t registry_change_index(struct registry_change *change)
{
    if (change->index == 0) {
        struct stored_topic *everything = &change->state->topics[REGISTRY_TOPIC_EVERYTHING];
        change->index = ++change->state->index;
        everything->index = change->index;
        notify_watchers(&everything->watchers);
    }
    return change->index;
}

void registry_change_service(struct registry_change *change, struct stored_service *service)
{
    service->index = registry_change_index(change);
    notify_watchers(&service->watchers);
}

void registry_change_topic(struct registry_change *change, enum registry_topic topic)
{
    struct stored_topic *stored = &change->state->topics[topic];
    stored->index = registry_change_index(change);
    notify_watchers(&stored->watchers);
}

struct stored_service *stored_service_ensure(struct registry_state *state, struct text name)
{
    struct stored_service *service = registry_table_find(&state->services, name);
    if (service != NULL) {
        return service;
    }
    service = calloc(1, sizeof(*service) + name.length);
    if (service == NULL) {
        return NULL;
    }
    char *kept_name = (char *)(service + 1);
    if (name.length > 0) {
        memcpy(kept_name, name.data, name.length);
    }
    service->name = text_of_bytes(kept_name, name.length);
    service->index = state->extinction_index;
    list_init(&service->instances);
    list_init(&service->watchers);
    if (!registry_table_set(&state->services, service->name, service)) {
        free(service);
        return NULL;
    }
    return service;
}

void stored_service_release(struct registry_state *state, struct stored_service *service)
{
    if (list_is_empty(&service->instances) && service->watcher_count == 0) {
        registry_table_remove(&state->services, service->name);
        free(service);
    }
}

uint64_t registry_state_index(const struct registry_state *state,
                              const struct registry_subject *subject)
{
    if (subject->topic != REGISTRY_TOPIC_SERVICE) {
        return state->topics[subject->topic].index;
    }
    const struct stored_service *service = registry_table_find(&state->services, subject->service);
    return service != NULL ? service->index : state->extinction_index;
}

uint64_t registry_state_first_index(const struct registry_state *state)
{
    return state->first_index;
}

enum status registry_state_watch(struct registry_state *state, struct call *call,
                                 const struct registry_subject *subject,
                                 struct registry_watcher *watcher)
{
    if (state->watcher_count == REGISTRY_WATCHERS_MAX) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "more than %d blocking queries",
                         REGISTRY_WATCHERS_MAX);
    }
    struct stored_service *service = NULL;
    if (subject->topic == REGISTRY_TOPIC_SERVICE) {
        service = stored_service_ensure(state, subject->service);
        if (service == NULL) {
            return STATUS_RESOURCE_EXHAUSTED;
        }
        service->watcher_count++;
    }
    state->watcher_count++;
    watcher->service = service;
    list_append(service != NULL ? &service->watchers : &state->topics[subject->topic].watchers,
                &watcher->link);
    return STATUS_OK;
}

void registry_state_unwatch(struct registry_state *state, struct registry_watcher *watcher)
{
    list_remove(&watcher->link);
    state->watcher_count--;
    if (watcher->service != NULL) {
        watcher->service->watcher_count--;
        stored_service_release(state, watcher->service);
        watcher->service = NULL;
    }
}

void registry_state_notify_all(struct registry_state *state)
{
    for (size_t i = 0; i < STORED_TOPIC_COUNT; i++) {
        notify_watchers(&state->topics[i].watchers);
    }
    for (size_t i = 0; i < state->services.count; i++) {
        struct stored_service *service = state->services.entries[i].value;
        notify_watchers(&service->watchers);
    }
}
