/* metadata_repository_contract.h: what every metadata repository must do, as tests. */
#pragma once

#include "metadata/repository/metadata_repository.h"
#include "support/cmocka_test.h"

struct worker_pool;

struct metadata_implementation {
    const char *name;
    bool durable; /* opened again, it has what it had */
    /* workers: borrowed until close. */
    enum status (*open)(struct call *call, struct text directory, struct worker_pool *workers,
                        struct metadata_repository *ret_repository);
};

/* Runs the suite; how many cases failed. */
int metadata_repository_contract_run(const struct metadata_implementation *implementation);
