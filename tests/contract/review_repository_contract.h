/* review_repository_contract.h: what every review repository must do, as tests. */
#pragma once

#include "review/repository/review_repository.h"
#include "support/cmocka_test.h"

struct worker_pool;

struct review_implementation {
    const char *name;
    bool durable; /* opened again, it has what it had */
    /* workers: borrowed until close. */
    enum status (*open)(struct call *call, struct text directory, struct worker_pool *workers,
                        struct review_repository *ret_repository);
};

/* Runs the suite; how many cases failed. */
int review_repository_contract_run(const struct review_implementation *implementation);
