#include "registry/handler/registry_instance_health.h"

#include "discovery/discovery.h"

static bool is_drain(const struct registry_check *check)
{
    return check->definition->kind == REGISTRY_CHECK_MAINTENANCE &&
           text_equal(check->definition->notes, TEXT(DISCOVERY_DRAIN_REASON));
}

/* This one and those after it. */
static void add_checks(const struct registry_state *state, const struct registry_check *check,
                       struct registry_instance_health *health)
{
    for (; check != NULL; check = registry_state_next_check(state, check)) {
        health->worst = check->status > health->worst ? check->status : health->worst;
        if (check->definition->kind == REGISTRY_CHECK_MAINTENANCE) {
            health->is_draining =
                is_drain(check) && (health->is_draining || !health->in_maintenance);
            health->in_maintenance = true;
        }
    }
}

struct registry_instance_health registry_instance_health(const struct registry_state *state,
                                                         const struct registry_instance *instance)
{
    struct registry_instance_health health = {.worst = REGISTRY_PASSING};
    add_checks(state, registry_state_first_check_of_node(state, instance->node), &health);
    add_checks(state, registry_state_first_check(state, instance), &health);
    return health;
}
