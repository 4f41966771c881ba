/* registry_instance_health.h: how well an instance is, by its own checks and those of its node. */
#pragma once

#include "registry/repository/registry_state.h"

struct registry_instance_health {
    enum registry_status worst; /* without any check: passing */
    bool in_maintenance;        /* or its node is; `worst` is critical then */
    bool is_draining;           /* and for no other reason than DISCOVERY_DRAIN_REASON */
};

struct registry_instance_health registry_instance_health(const struct registry_state *state,
                                                         const struct registry_instance *instance);
