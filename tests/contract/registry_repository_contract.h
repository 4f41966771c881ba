/* registry_repository_contract.h: what every registry_repository must do, as tests. */
#pragma once

#include "registry/repository/registry_repository.h"
#include "support/cmocka_test.h"

struct registry_implementation {
    const char *name;
    /* directory: the test's own, the same for one that is opened again. */
    enum status (*open)(struct call *call, struct text directory,
                        struct registry_repository *ret_repository);
    void (*forget)(void); /* what is left when the last one was closed; may be NULL */
};

/* Runs the suite; how many cases failed. */
int registry_repository_contract_run(const struct registry_implementation *implementation);
