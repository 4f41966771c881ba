/* metadata_repository_contract.h: what every metadata repository must do, as tests. */
#pragma once

#include "metadata/repository/metadata_repository.h"
#include "support/cmocka_test.h"

struct metadata_implementation {
    const char *name;
    bool durable; /* opened again, it has what it had */
    enum status (*open)(struct call *call, struct text directory,
                        struct metadata_repository *ret_repository);
};

/* Runs the suite; how many cases failed. */
int metadata_repository_contract_run(const struct metadata_implementation *implementation);
