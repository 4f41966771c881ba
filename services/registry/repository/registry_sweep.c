#include <stdio.h>

#include "registry/repository/registry_state_private.h"

/* The longest output, the words before it, and the note on what was cut of it. */
enum { EXPIRED_BYTES_MAX = REGISTRY_OUTPUT_BYTES_MAX + 256 };

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

/* What was said last is told along, once. */
static void expire(struct registry_change *change, struct stored_check *check, int64_t now_ns)
{
    char output[EXPIRED_BYTES_MAX] = "TTL expired";
    struct text last = check->view.output;
    stored_check_set_unconfirmed(change->state, check, false);
    if (text_starts_with(last, text_of(output))) {
        stored_check_set(change, check, REGISTRY_CRITICAL, last, now_ns);
        return;
    }
    if (last.length > 0) {
        (void)snprintf(output, sizeof(output),
                       "TTL expired (last output before timeout follows): %.*s",
                       TEXT_ARGUMENTS(last));
    }
    stored_check_set(change, check, REGISTRY_CRITICAL, text_of(output), now_ns);
}

void registry_state_sweep(struct registry_state *state, int64_t now_ns, registry_probe_fn probe,
                          void *argument)
{
    state->revision++;
    struct registry_change change = {.state = state};
    struct registry_deadline *deadline;
    struct list due;
    list_init(&due);
    registry_deadlines_collect(&state->deadlines, now_ns, &due);
    while ((deadline = registry_deadlines_next(&state->deadlines, now_ns, &due)) != NULL) {
        switch ((enum stored_deadline)deadline->kind) {
        case DEADLINE_TTL: {
            struct stored_check *check = CONTAINER_OF(deadline, struct stored_check, ttl);
            expire(&change, check, now_ns);
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
