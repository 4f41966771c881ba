/* rating_repository_contract.h: what every rating repository must do, as tests. */
#pragma once

#include "rating/repository/rating_repository.h"
#include "support/cmocka_test.h"

struct rating_implementation {
    const char *name;
    bool durable; /* opened again, it has what it had */
    /* Opens the one database that belongs to `directory`, an empty folder at first. */
    enum status (*open)(struct call *call, struct text directory, struct rating_retention retention,
                        struct rating_repository *ret_repository);
};

/* Runs the suite; how many cases failed. */
int rating_repository_contract_run(const struct rating_implementation *implementation);
