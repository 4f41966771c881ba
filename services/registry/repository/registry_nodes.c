#include <stdlib.h>

#include "registry/repository/registry_state_private.h"

bool stored_node_is_own(const struct registry_state *state, const struct stored_node *node)
{
    return node == &state->own;
}

struct stored_node *stored_node_find(struct registry_state *state, struct text name)
{
    return name.length == 0 ? &state->own : registry_table_find(&state->nodes, name);
}

static enum status copy_definition(struct registry_state *state, struct call *call,
                                   const struct registry_node_definition *definition,
                                   struct registry_node_definition **ret_copy, size_t *ret_bytes)
{
    struct registry_node_definition *copy = registry_node_definition_copy(definition, ret_bytes);
    if (copy == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    enum status status = registry_state_check_bytes(state, call, *ret_bytes);
    if (status != STATUS_OK) {
        free(copy);
        return status;
    }
    *ret_copy = copy;
    return STATUS_OK;
}

static struct stored_node *create_node(struct registry_change *change,
                                       struct registry_node_definition *definition)
{
    struct stored_node *node = calloc(1, sizeof(*node));
    if (node == NULL || !registry_table_set(&change->state->nodes, definition->name, node)) {
        free(node);
        return NULL;
    }
    list_init(&node->checks);
    list_init(&node->unsaved_link);
    node->view.create_index = registry_change_index(change);
    return node;
}

/* Replies about services tell of their nodes too. */
static void change_node(struct registry_change *change, struct stored_node *node)
{
    struct registry_state *state = change->state;
    node->view.modify_index = registry_change_index(change);
    stored_node_mark(state, node);
    registry_change_topic(change, REGISTRY_TOPIC_NODES);
    for (size_t i = 0; i < state->instances.count; i++) {
        const struct stored_instance *instance = state->instances.entries[i].value;
        if (instance->node == node) {
            registry_change_service(change, instance->service);
        }
    }
}

enum status registry_state_put_node(struct registry_state *state, struct call *call,
                                    const struct registry_node_definition *definition)
{
    state->revision++;
    struct registry_change change = {.state = state};
    struct stored_node *node = registry_table_find(&state->nodes, definition->name);
    struct registry_node_definition *copy;
    size_t bytes;
    enum status status = registry_node_definition_validate(call, definition);
    if (status != STATUS_OK ||
        (node != NULL && registry_node_definition_equal(node->definition, definition))) {
        return status;
    }
    if (node == NULL && state->nodes.count == REGISTRY_NODES_MAX) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "more than %d nodes", REGISTRY_NODES_MAX);
    }
    status = copy_definition(state, call, definition, &copy, &bytes);
    if (status != STATUS_OK) {
        return status;
    }
    if (node == NULL) {
        node = create_node(&change, copy);
    }
    if (node == NULL) {
        free(copy);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    CHECK(registry_table_set(&state->nodes, copy->name, node));
    state->bytes += bytes;
    state->bytes -= node->definition_bytes;
    free(node->definition);
    node->definition = copy;
    node->definition_bytes = bytes;
    node->view.definition = copy;
    change_node(&change, node);
    return STATUS_OK;
}

static void free_node(struct registry_state *state, struct stored_node *node)
{
    stored_node_mark_removed(state, node);
    registry_table_remove(&state->nodes, node->definition->name);
    state->bytes -= node->definition_bytes;
    free(node->definition);
    free(node);
}

enum status registry_state_remove_node(struct registry_state *state, struct call *call,
                                       struct text name)
{
    state->revision++;
    struct registry_change change = {.state = state};
    struct stored_node *node = registry_table_find(&state->nodes, name);
    if (node == NULL) {
        return call_fail(call, STATUS_NOT_FOUND, "there is no node \"%.*s\"", TEXT_ARGUMENTS(name));
    }
    for (size_t i = state->instances.count; i > 0; i--) {
        struct stored_instance *instance = state->instances.entries[i - 1].value;
        if (instance->node == node) {
            stored_instance_remove(&change, instance);
        }
    }
    while (!list_is_empty(&node->checks)) {
        stored_check_remove(&change, CONTAINER_OF(node->checks.next, struct stored_check, link));
    }
    registry_change_topic(&change, REGISTRY_TOPIC_NODES);
    free_node(state, node);
    return STATUS_OK;
}

void stored_nodes_destroy(struct registry_state *state)
{
    while (state->nodes.count > 0) {
        free_node(state, state->nodes.entries[state->nodes.count - 1].value);
    }
    registry_table_deinit(&state->nodes);
}

const struct registry_node *registry_state_find_node(const struct registry_state *state,
                                                     struct text name)
{
    const struct stored_node *node = registry_table_find(&state->nodes, name);
    return node != NULL ? &node->view : NULL;
}

size_t registry_state_node_count(const struct registry_state *state)
{
    return state->nodes.count;
}

const struct registry_node *registry_state_node_at(const struct registry_state *state,
                                                   size_t position)
{
    const struct stored_node *node = state->nodes.entries[position].value;
    return &node->view;
}
