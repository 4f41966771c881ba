/* memory_discovery.h: a registry within the process, for one loop: tests, and all services in one
 * process. Instances expire by the loop's timers. */
#pragma once

#include "discovery/discovery.h"

enum { MEMORY_DISCOVERY_INSTANCES_MAX = 1000 };

struct memory_discovery;

/* STATUS_RESOURCE_EXHAUSTED: no memory. *ret_memory is owned by the caller and outlives the ports
 * below, whose close() does nothing. */
MUST_USE enum status memory_discovery_create(struct loop *loop,
                                             struct memory_discovery **ret_memory);

/* No fiber may be watching. NULL is accepted. */
void memory_discovery_destroy(struct memory_discovery *memory);

struct discovery_registrar memory_discovery_registrar(struct memory_discovery *memory);
struct discovery_resolver memory_discovery_resolver(struct memory_discovery *memory);

/* Forgets all instances, as a registry does that starts again. */
void memory_discovery_forget(struct memory_discovery *memory);

/* While it is not available every operation returns STATUS_UNAVAILABLE, and watches end with it. */
void memory_discovery_set_available(struct memory_discovery *memory, bool available);
