/* discovery_contract.h: what every registrar and resolver must do, as one suite of tests. */
#pragma once

#include "discovery/discovery.h"

/* A registry with its ports, as the suite needs it. All called in a fiber. */
struct discovery_contract {
    const char *name;
    void *(*create)(struct call *call);
    void (*destroy)(void *registry);
    struct discovery_registrar (*registrar)(void *registry);
    struct discovery_resolver (*resolver)(void *registry);
    /* All instances, as by a restart. */
    void (*forget)(void *registry);
    /* Cannot be asked, and can be again; it may have forgotten everything then. */
    void (*set_available)(void *registry, bool available);
};

/* Runs the suite; returns the number of failures. */
int discovery_contract_run(const struct discovery_contract *contract);
