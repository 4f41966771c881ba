#include "registry/repository/registry_state.h"

#include <stdlib.h>

#include "registry/repository/registry_state_private.h"

enum status registry_state_create(uint64_t first_index, struct registry_state **ret_state)
{
    CHECK(first_index > 0);
    struct registry_state *state = calloc(1, sizeof(*state));
    if (state == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    state->first_index = first_index;
    state->own_index = first_index;
    state->index = first_index;
    state->extinction_index = first_index;
    list_init(&state->own.checks);
    list_init(&state->own.unsaved_link);
    unsaved_records_init(&state->unsaved);
    for (size_t i = 0; i < STORED_TOPIC_COUNT; i++) {
        state->topics[i].index = first_index;
        list_init(&state->topics[i].watchers);
    }
    registry_deadlines_init(&state->deadlines);
    registry_node_id_make(state->node_id);
    list_init(&state->aliases);
    *ret_state = state;
    return STATUS_OK;
}

void registry_state_destroy(struct registry_state *state)
{
    struct registry_change change = {.state = state};
    if (state == NULL) {
        return;
    }
    CHECK(state->watcher_count == 0);
    unsaved_records_forget(&state->unsaved);
    state->unsaved.is_kept = false;
    while (state->instances.count > 0) {
        stored_instance_remove(&change, state->instances.entries[state->instances.count - 1].value);
    }
    while (state->checks.count > 0) {
        stored_check_remove(&change, state->checks.entries[state->checks.count - 1].value);
    }
    stored_nodes_destroy(state);
    registry_table_deinit(&state->services);
    registry_table_deinit(&state->instances);
    registry_table_deinit(&state->checks);
    free(state);
}

enum status registry_state_check_bytes(struct registry_state *state, struct call *call,
                                       size_t bytes)
{
    if (state->bytes + bytes > REGISTRY_BYTES_MAX) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED,
                         "the registry holds %d bytes, which is its limit", REGISTRY_BYTES_MAX);
    }
    return STATUS_OK;
}

static void change_instance(struct registry_change *change, struct stored_instance *instance)
{
    instance->view.modify_index = registry_change_index(change);
    stored_instance_mark(change->state, instance);
    if (stored_node_is_own(change->state, instance->node)) {
        stored_aliases_mark(change->state, &instance->definition->id);
    }
    registry_change_topic(change, REGISTRY_TOPIC_SERVICES);
    registry_change_service(change, instance->service);
}

/* Takes the instance out of its service, which may end with it. */
static void leave_service(struct registry_change *change, struct stored_instance *instance)
{
    struct stored_service *service = instance->service;
    list_remove(&instance->link);
    registry_change_service(change, service);
    if (list_is_empty(&service->instances)) {
        change->state->extinction_index = registry_change_index(change);
    }
    stored_service_release(change->state, service);
}

static void adopt_definition(struct registry_state *state, struct stored_instance *instance,
                             struct registry_service_definition *definition, size_t bytes)
{
    /* Replacing an entry needs no memory. */
    CHECK(registry_table_set(&state->instances, definition->key, instance));
    state->bytes += bytes;
    state->bytes -= instance->definition_bytes;
    free(instance->definition);
    instance->definition = definition;
    instance->definition_bytes = bytes;
    instance->view.definition = definition;
}

/* Takes the definition over on success. */
static struct stored_instance *create_instance(struct registry_change *change,
                                               struct registry_service_definition *definition,
                                               size_t bytes)
{
    struct registry_state *state = change->state;
    struct stored_instance *instance = calloc(1, sizeof(*instance));
    if (instance == NULL || !registry_table_set(&state->instances, definition->key, instance)) {
        free(instance);
        return NULL;
    }
    instance->node = stored_node_find(state, definition->node);
    CHECK(instance->node != NULL);
    instance->view.node = stored_node_is_own(state, instance->node) ? NULL : &instance->node->view;
    adopt_definition(state, instance, definition, bytes);
    list_init(&instance->checks);
    list_init(&instance->link);
    list_init(&instance->unsaved_link);
    instance->view.create_index = registry_change_index(change);
    return instance;
}

static enum status copy_definition(struct registry_state *state, struct call *call,
                                   const struct registry_service_definition *definition,
                                   struct registry_service_definition **ret_copy, size_t *ret_bytes)
{
    size_t bytes;
    struct registry_service_definition *copy = registry_service_definition_copy(definition, &bytes);
    if (copy == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    enum status status = registry_state_check_bytes(state, call, bytes);
    if (status != STATUS_OK) {
        free(copy);
        return status;
    }
    *ret_copy = copy;
    *ret_bytes = bytes;
    return STATUS_OK;
}

/* Adds the instance, or gives it the new definition, and puts it under its service's name. */
static enum status put_definition(struct registry_change *change, struct call *call,
                                  const struct registry_service_definition *definition,
                                  struct stored_instance **instance)
{
    struct registry_state *state = change->state;
    struct registry_service_definition *copy;
    size_t bytes;
    if (*instance == NULL && state->instances.count == REGISTRY_INSTANCES_MAX) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "more than %d instances",
                         REGISTRY_INSTANCES_MAX);
    }
    enum status status = copy_definition(state, call, definition, &copy, &bytes);
    if (status != STATUS_OK) {
        return status;
    }
    struct stored_service *service = stored_service_ensure(state, definition->name);
    struct stored_instance *stored = *instance;
    if (service != NULL && stored == NULL) {
        stored = create_instance(change, copy, bytes);
    } else if (service != NULL) {
        adopt_definition(state, stored, copy, bytes);
    }
    if (service == NULL || stored == NULL) {
        if (service != NULL) {
            stored_service_release(state, service);
        }
        free(copy);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    if (stored->service != service) {
        if (stored->service != NULL) {
            leave_service(change, stored);
        }
        stored->service = service;
        list_append(&service->instances, &stored->link);
    }
    *instance = stored;
    change_instance(change, stored);
    return STATUS_OK;
}

static bool is_among(const struct registry_registration *registration, struct text check_id)
{
    for (size_t i = 0; i < registration->check_count; i++) {
        if (text_equal(registration->checks[i].id, check_id)) {
            return true;
        }
    }
    return false;
}

static void remove_other_checks(struct registry_change *change, struct stored_instance *instance,
                                const struct registry_registration *registration)
{
    struct list *link = instance->checks.next;
    while (link != &instance->checks) {
        struct stored_check *check = CONTAINER_OF(link, struct stored_check, link);
        link = link->next;
        if (!is_among(registration, check->definition->id)) {
            stored_check_remove(change, check);
        }
    }
}

static enum status put_checks(struct registry_change *change, struct call *call,
                              struct stored_instance *instance,
                              const struct registry_registration *registration, int64_t now_ns)
{
    if (registration->replace_checks) {
        remove_other_checks(change, instance, registration);
    }
    for (size_t i = 0; i < registration->check_count; i++) {
        enum status status = stored_check_put(change, call, instance->node, instance,
                                              &registration->checks[i], now_ns);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

enum status registry_state_put_instance(struct registry_state *state, struct call *call,
                                        const struct registry_registration *registration,
                                        int64_t now_ns)
{
    state->revision++;
    struct registry_change change = {.state = state};
    char key[REGISTRY_KEY_BYTES_MAX];
    struct stored_instance *instance = registry_table_find(
        &state->instances, registry_key(registration->service.node, registration->service.id, key));
    bool is_new = instance == NULL;
    enum status status = registry_service_definition_validate(call, &registration->service);
    for (size_t i = 0; status == STATUS_OK && i < registration->check_count; i++) {
        status = registry_check_definition_validate(call, &registration->checks[i]);
    }
    if (status == STATUS_OK && stored_node_find(state, registration->service.node) == NULL) {
        status = call_fail(call, STATUS_NOT_FOUND, "there is no such node");
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (is_new ||
        !registry_service_definition_equal(instance->definition, &registration->service)) {
        status = put_definition(&change, call, &registration->service, &instance);
    }
    if (status == STATUS_OK) {
        status = put_checks(&change, call, instance, registration, now_ns);
        if (status != STATUS_OK && is_new) {
            stored_instance_remove(&change, instance);
        }
    }
    stored_aliases_settle(&change, now_ns);
    return status;
}

void stored_instance_remove(struct registry_change *change, struct stored_instance *instance)
{
    struct registry_state *state = change->state;
    while (!list_is_empty(&instance->checks)) {
        stored_check_remove(change, CONTAINER_OF(instance->checks.next, struct stored_check, link));
    }
    registry_change_topic(change, REGISTRY_TOPIC_SERVICES);
    if (stored_node_is_own(state, instance->node)) {
        stored_aliases_mark(state, &instance->definition->id);
    }
    leave_service(change, instance);
    stored_instance_mark_removed(state, instance);
    registry_table_remove(&state->instances, instance->definition->key);
    state->bytes -= instance->definition_bytes;
    free(instance->definition);
    free(instance);
}

enum status registry_state_remove_instance(struct registry_state *state, struct call *call,
                                           struct text id, int64_t now_ns)
{
    state->revision++;
    struct registry_change change = {.state = state};
    struct stored_instance *instance = registry_table_find(&state->instances, id);
    if (instance == NULL) {
        return call_fail(call, STATUS_NOT_FOUND,
                         "Unknown service ID \"%.*s\". Ensure that the service ID is passed, not "
                         "the service name.",
                         TEXT_ARGUMENTS(id));
    }
    stored_instance_remove(&change, instance);
    stored_aliases_settle(&change, now_ns);
    return STATUS_OK;
}
