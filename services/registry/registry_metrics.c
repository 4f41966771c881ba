#include "registry/registry_metrics.h"

#include <stdio.h>

#include "discovery/discovery.h"
#include "registry/controller/registry_controller.h"
#include "telemetry/telemetry.h"

enum { LABEL_BYTES = 32 };

/* As an operator sees an instance: why it is in maintenance comes before how it is. */
enum instance_state { PASSING, WARNING, CRITICAL, MAINTENANCE, DRAINING, INSTANCE_STATES };

static const char *const state_names[INSTANCE_STATES] = {
    [PASSING] = "passing",         [WARNING] = "warning",   [CRITICAL] = "critical",
    [MAINTENANCE] = "maintenance", [DRAINING] = "draining",
};

static enum instance_state state_of_check(const struct registry_check *check)
{
    static const enum instance_state states[] = {
        [REGISTRY_PASSING] = PASSING, [REGISTRY_WARNING] = WARNING, [REGISTRY_CRITICAL] = CRITICAL};
    if (check->definition->kind != REGISTRY_CHECK_MAINTENANCE) {
        return states[check->status];
    }
    return text_equal(check->definition->notes, TEXT(DISCOVERY_DRAIN_REASON)) ? DRAINING
                                                                              : MAINTENANCE;
}

static enum instance_state state_of(const struct registry_state *state,
                                    const struct registry_instance *instance)
{
    enum instance_state worst = PASSING;
    for (const struct registry_check *check = registry_state_first_check(state, instance);
         check != NULL; check = registry_state_next_check(state, check)) {
        enum instance_state one = state_of_check(check);
        worst = one > worst ? one : worst;
    }
    return worst;
}

static void write_instances(const struct registry_state *state, struct telemetry_page *page)
{
    size_t counts[INSTANCE_STATES] = {0};
    char label[LABEL_BYTES];
    for (size_t i = 0; i < registry_state_instance_count(state); i++) {
        counts[state_of(state, registry_state_instance_at(state, i))]++;
    }
    telemetry_write_family(page, "marquee_registry_instances", "gauge",
                           "Registered instances, by how they are.");
    for (size_t i = 0; i < INSTANCE_STATES; i++) {
        (void)snprintf(label, sizeof(label), "state=\"%s\"", state_names[i]); /* fits */
        telemetry_write_sample(page, "marquee_registry_instances", label, (double)counts[i]);
    }
}

void registry_metrics_write(void *controller, struct telemetry_page *page)
{
    const struct registry_controller *self = controller;
    const struct registry_state *state = registry_controller_state(self);
    write_instances(state, page);
    telemetry_write_family(page, "marquee_registry_unconfirmed_checks", "gauge",
                           "Checks that are as before a restart: nothing was heard since.");
    telemetry_write_sample(page, "marquee_registry_unconfirmed_checks", "",
                           (double)registry_state_unconfirmed_count(state));
    telemetry_write_family(page, "marquee_registry_saving", "gauge",
                           "1: what changes is saved, or nothing is to be; 0: it cannot be.");
    telemetry_write_sample(page, "marquee_registry_saving", "",
                           registry_controller_is_saving(self) ? 1 : 0);
}
