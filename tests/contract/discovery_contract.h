/* discovery_contract.h: what every registrar and resolver must do, as one suite of tests. */
#pragma once

#include "discovery/discovery.h"

/* What not all of them can do. The suite tests that it is done by those who say so; of the others
 * it tests that they do not do it, where that can be seen, and names what was left out. */
enum discovery_capability {
    DISCOVERY_REGISTERS = 1 << 0,     /* else its list is fixed: "127.0.0.1:8091,127.0.0.1:8092" */
    DISCOVERY_LISTS_AT_ONCE = 1 << 1, /* what was added; else soon */
    DISCOVERY_PUSHES = 1 << 2,        /* else it is asked again, sooner after refresh() */
    DISCOVERY_TELLS_RETURNS = 1 << 3, /* of another instance at the same address */
    DISCOVERY_CAN_BE_AWAY = 1 << 4,   /* so that it cannot be asked */
    DISCOVERY_TELLS_ZONES = 1 << 5,
    DISCOVERY_EVERYTHING = (1 << 6) - 1,
};

/* A registry with its ports, as the suite needs it. All called in a fiber. */
struct discovery_contract {
    const char *name;
    unsigned capabilities; /* of enum discovery_capability */
    void *(*create)(struct call *call);
    void (*destroy)(void *registry);
    struct discovery_registrar (*registrar)(void *registry);
    struct discovery_resolver (*resolver)(void *registry);
    /* All instances, as by a restart. With DISCOVERY_REGISTERS. */
    void (*forget)(void *registry);
    /* Cannot be asked, and can be again; it may have forgotten everything then. With
     * DISCOVERY_CAN_BE_AWAY. */
    void (*set_available)(void *registry, bool available);
};

/* Runs the suite; returns the number of failures. */
int discovery_contract_run(const struct discovery_contract *contract);
