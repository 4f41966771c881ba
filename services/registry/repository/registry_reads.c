#include "registry/repository/registry_state_private.h"

/* The stored form around a view. */
static const struct stored_instance *stored_instance_of(const struct registry_instance *instance)
{
    return (const struct stored_instance *)(const void *)((const char *)instance -
                                                          offsetof(struct stored_instance, view));
}

static const struct stored_check *stored_check_of(const struct registry_check *check)
{
    return (const struct stored_check *)(const void *)((const char *)check -
                                                       offsetof(struct stored_check, view));
}

static const struct registry_instance *instance_at(const struct list *head, const struct list *link)
{
    if (link == head) {
        return NULL;
    }
    return &((const struct stored_instance *)(const void *)((const char *)link -
                                                            offsetof(struct stored_instance, link)))
                ->view;
}

static const struct registry_check *check_at(const struct list *head, const struct list *link)
{
    if (link == head) {
        return NULL;
    }
    return &((const struct stored_check *)(const void *)((const char *)link -
                                                         offsetof(struct stored_check, link)))
                ->view;
}

uint64_t registry_state_revision(const struct registry_state *state)
{
    return state->revision;
}

const struct registry_instance *registry_state_find_instance(const struct registry_state *state,
                                                             struct text id)
{
    const struct stored_instance *instance = registry_table_find(&state->instances, id);
    return instance != NULL ? &instance->view : NULL;
}

const struct registry_check *registry_state_find_check(const struct registry_state *state,
                                                       struct text id)
{
    const struct stored_check *check = registry_table_find(&state->checks, id);
    return check != NULL ? &check->view : NULL;
}

size_t registry_state_instance_count(const struct registry_state *state)
{
    return state->instances.count;
}

const struct registry_instance *registry_state_instance_at(const struct registry_state *state,
                                                           size_t position)
{
    const struct stored_instance *instance = state->instances.entries[position].value;
    return &instance->view;
}

size_t registry_state_check_count(const struct registry_state *state)
{
    return state->checks.count;
}

const struct registry_check *registry_state_check_at(const struct registry_state *state,
                                                     size_t position)
{
    const struct stored_check *check = state->checks.entries[position].value;
    return &check->view;
}

const struct registry_instance *registry_state_first_instance(const struct registry_state *state,
                                                              struct text service)
{
    const struct stored_service *stored = registry_table_find(&state->services, service);
    return stored != NULL ? instance_at(&stored->instances, stored->instances.next) : NULL;
}

const struct registry_instance *
registry_state_next_instance(const struct registry_instance *instance)
{
    const struct stored_instance *stored = stored_instance_of(instance);
    return instance_at(&stored->service->instances, stored->link.next);
}

const struct registry_check *registry_state_first_check(const struct registry_state *state,
                                                        const struct registry_instance *instance)
{
    const struct list *checks =
        instance != NULL ? &stored_instance_of(instance)->checks : &state->own.checks;
    return check_at(checks, checks->next);
}

const struct registry_check *registry_state_first_check_of_node(const struct registry_state *state,
                                                                const struct registry_node *node)
{
    const struct list *checks = &state->own.checks;
    if (node != NULL) {
        checks = &((const struct stored_node *)(const void *)((const char *)node -
                                                              offsetof(struct stored_node, view)))
                      ->checks;
    }
    return check_at(checks, checks->next);
}

const struct registry_check *registry_state_next_check(const struct registry_state *state,
                                                       const struct registry_check *check)
{
    const struct stored_check *stored = stored_check_of(check);
    const struct list *checks =
        stored->instance != NULL ? &stored->instance->checks : &stored->node->checks;
    (void)state;
    return check_at(checks, stored->link.next);
}

size_t registry_state_unconfirmed_count(const struct registry_state *state)
{
    return state->unconfirmed_count;
}

uint64_t registry_state_own_index(const struct registry_state *state)
{
    return state->own_index;
}

const char *registry_state_node_id(const struct registry_state *state)
{
    return state->node_id;
}

size_t registry_state_service_count(const struct registry_state *state)
{
    return state->services.count;
}

const struct registry_instance *registry_state_service_at(const struct registry_state *state,
                                                          size_t position)
{
    const struct stored_service *service = state->services.entries[position].value;
    return instance_at(&service->instances, service->instances.next);
}
