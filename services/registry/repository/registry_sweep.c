#include "registry/repository/registry_state_private.h"

bool registry_state_has_deadlines(const struct registry_state *state)
{
    return state->deadlines.count > 0;
}

static void ask_for_probe(struct registry_state *state, struct stored_check *check, int64_t now_ns,
                          registry_probe_fn probe, void *argument)
{
    if (probe == NULL || !probe(argument, &check->view)) {
        registry_deadline_start(&state->deadlines, &check->probe, now_ns, now_ns);
    }
}

void registry_state_sweep(struct registry_state *state, int64_t now_ns, registry_probe_fn probe,
                          void *argument)
{
    struct registry_change change = {.state = state};
    struct registry_deadline *deadline;
    struct list due;
    list_init(&due);
    registry_deadlines_collect(&state->deadlines, now_ns, &due);
    while ((deadline = registry_deadlines_next(&state->deadlines, now_ns, &due)) != NULL) {
        switch ((enum stored_deadline)deadline->kind) {
        case DEADLINE_TTL: {
            struct stored_check *check = CONTAINER_OF(deadline, struct stored_check, ttl);
            stored_check_set(&change, check, REGISTRY_CRITICAL, TEXT("TTL expired"), now_ns);
            break;
        }
        case DEADLINE_REAP: {
            struct stored_check *check = CONTAINER_OF(deadline, struct stored_check, reap);
            stored_instance_remove(&change, check->instance);
            break;
        }
        case DEADLINE_PROBE: {
            struct stored_check *check = CONTAINER_OF(deadline, struct stored_check, probe);
            ask_for_probe(state, check, now_ns, probe, argument);
            break;
        }
        }
    }
    stored_aliases_settle(&change, now_ns);
}
