/* Checks that are as those of another instance, and of the node, are. */
#include <stdio.h>

#include "registry/repository/registry_state_private.h"

enum {
    ALIAS_OUTPUT_BYTES_MAX = REGISTRY_OUTPUT_BYTES_MAX + REGISTRY_ID_BYTES_MAX + 64,
    /* Aliases of aliases, for each alias: where they go in a circle, they are left as they are. */
    ALIAS_ROUNDS_MAX = 8,
};

struct aliased {
    enum registry_status status;
    const struct registry_check *failing; /* NULL: none */
    bool any;
};

static struct stored_check *alias_at(struct list *link)
{
    return CONTAINER_OF(link, struct stored_check, alias_link);
}

void stored_aliases_mark(struct registry_state *state, const struct text *service_id)
{
    for (struct list *link = state->aliases.next; link != &state->aliases; link = link->next) {
        struct stored_check *alias = alias_at(link);
        if (service_id == NULL || text_equal(alias->definition->alias_service, *service_id)) {
            alias->alias_is_stale = true;
            state->any_alias_is_stale = true;
        }
    }
}

static void look_at(const struct list *checks, struct aliased *aliased)
{
    for (struct list *link = checks->next; link != checks; link = link->next) {
        const struct registry_check *check = &CONTAINER_OF(link, struct stored_check, link)->view;
        aliased->any = true;
        if (check->status > aliased->status) {
            aliased->status = check->status;
            aliased->failing = check;
        }
    }
}

static void update_alias(struct registry_change *change, struct stored_check *alias, int64_t now_ns)
{
    char output[ALIAS_OUTPUT_BYTES_MAX] = "No checks found.";
    struct registry_state *state = change->state;
    struct text service_id = alias->definition->alias_service;
    struct aliased aliased = {.status = REGISTRY_PASSING};
    struct stored_instance *instance = registry_table_find(&state->instances, service_id);
    look_at(&state->own.checks, &aliased);
    if (instance != NULL) {
        look_at(&instance->checks, &aliased);
    }
    if (instance == NULL && service_id.length > 0) {
        aliased.status = REGISTRY_CRITICAL;
        (void)snprintf(output, sizeof(output), "Service %.*s could not be found on node ",
                       TEXT_ARGUMENTS(service_id));
    } else if (aliased.failing != NULL) {
        (void)snprintf(output, sizeof(output), "Aliased check \"%.*s\" failing: %.*s",
                       TEXT_ARGUMENTS(aliased.failing->definition->name),
                       TEXT_ARGUMENTS(aliased.failing->output));
    } else if (aliased.any) {
        (void)snprintf(output, sizeof(output), "All checks passing.");
    }
    stored_check_set(change, alias, aliased.status, text_of(output), now_ns);
}

void stored_aliases_settle(struct registry_change *change, int64_t now_ns)
{
    struct registry_state *state = change->state;
    for (size_t round = 0; state->any_alias_is_stale && round < ALIAS_ROUNDS_MAX; round++) {
        state->any_alias_is_stale = false;
        for (struct list *link = state->aliases.next; link != &state->aliases; link = link->next) {
            struct stored_check *alias = alias_at(link);
            if (alias->alias_is_stale) {
                alias->alias_is_stale = false;
                update_alias(change, alias, now_ns);
            }
        }
    }
}
