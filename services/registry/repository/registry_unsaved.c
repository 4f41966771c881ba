#include "registry/repository/registry_unsaved.h"

#include <stdlib.h>

#include "registry/repository/registry_state_private.h"

void unsaved_records_init(struct unsaved_records *unsaved)
{
    list_init(&unsaved->nodes);
    list_init(&unsaved->instances);
    list_init(&unsaved->removed);
}

void unsaved_records_forget_removed(struct unsaved_records *unsaved)
{
    struct list *link;
    while ((link = list_take_first(&unsaved->removed)) != NULL) {
        free(CONTAINER_OF(link, struct removed_record, link));
    }
    unsaved->removed_count = 0;
}

/* The members of the lists are in none any more. */
void unsaved_records_forget(struct unsaved_records *unsaved)
{
    unsaved_records_forget_removed(unsaved);
    while (list_take_first(&unsaved->nodes) != NULL) {
    }
    while (list_take_first(&unsaved->instances) != NULL) {
    }
    unsaved->marked_count = 0;
    unsaved->is_whole = false;
}

static void count_change(struct unsaved_records *unsaved)
{
    unsaved->changes++;
    if (unsaved->notify != NULL) {
        unsaved->notify(unsaved->argument);
    }
}

static void mark(struct registry_state *state, struct list *list, struct list *link)
{
    if (!state->unsaved.is_kept) {
        return;
    }
    if (list_is_empty(link)) {
        list_append(list, link);
        state->unsaved.marked_count++;
    }
    count_change(&state->unsaved);
}

void stored_node_mark(struct registry_state *state, struct stored_node *node)
{
    mark(state, &state->unsaved.nodes, &node->unsaved_link);
}

void stored_instance_mark(struct registry_state *state, struct stored_instance *instance)
{
    mark(state, &state->unsaved.instances, &instance->unsaved_link);
}

void stored_check_mark(struct registry_state *state, struct stored_check *check)
{
    if (check->instance != NULL) {
        stored_instance_mark(state, check->instance);
    } else {
        stored_node_mark(state, check->node);
    }
}

void unsaved_records_remember(struct unsaved_records *unsaved, enum registry_record_kind kind,
                              struct text key)
{
    struct removed_record *removed = NULL;
    if (unsaved->is_whole) {
        return;
    }
    if (unsaved->removed_count < REGISTRY_REMOVED_MAX) {
        removed = malloc(sizeof(*removed) + key.length);
    }
    if (removed == NULL) {
        unsaved_records_forget_removed(unsaved);
        unsaved->is_whole = true;
        return;
    }
    char *copy = (char *)(removed + 1);
    memcpy(copy, key.data, key.length);
    removed->kind = kind;
    removed->key = text_of_bytes(copy, key.length);
    list_append(&unsaved->removed, &removed->link);
    unsaved->removed_count++;
}

static void mark_removed(struct registry_state *state, struct list *link,
                         enum registry_record_kind kind, struct text key)
{
    if (!list_is_empty(link)) {
        list_remove(link);
        state->unsaved.marked_count--;
    }
    if (state->unsaved.is_kept) {
        unsaved_records_remember(&state->unsaved, kind, key);
        count_change(&state->unsaved);
    }
}

void stored_node_mark_removed(struct registry_state *state, struct stored_node *node)
{
    mark_removed(state, &node->unsaved_link, REGISTRY_RECORD_NODE,
                 registry_record_node_key(node->definition->name));
}

void stored_instance_mark_removed(struct registry_state *state, struct stored_instance *instance)
{
    mark_removed(state, &instance->unsaved_link, REGISTRY_RECORD_INSTANCE,
                 instance->definition->key);
}

void registry_state_keep_unsaved(struct registry_state *state, void (*notify)(void *argument),
                                 void *argument)
{
    state->unsaved.is_kept = true;
    state->unsaved.notify = notify;
    state->unsaved.argument = argument;
}

uint64_t registry_state_changes(const struct registry_state *state)
{
    return state->unsaved.changes;
}
