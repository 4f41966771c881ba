/* rating_repository_oracle.h: random changes from many fibers on several loops, against a model
 * that is too plain to be wrong. */
#pragma once

#include "contract/rating_repository_contract.h"

struct rating_oracle_report {
    unsigned operations;
    unsigned differences; /* between the repository and the model */
    char first[160];      /* the first of them, in words */
};

/* Runs on a new repository, and at the end, when it is durable, on it opened again. */
void rating_oracle_run(const struct rating_implementation *implementation,
                       struct rating_oracle_report *ret_report);
