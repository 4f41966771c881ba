/* metadata_case.h: one case of the contract of metadata repositories, in a fiber. */
#pragma once

#include "contract/metadata_repository_contract.h"

struct metadata_case {
    struct metadata_repository repository;
    struct call *call;
    const struct metadata_implementation *implementation;
    struct text directory;
    struct worker_pool *workers;
    void (*run)(struct metadata_case *self);
};

/* metadata_condition_cases.c */
void metadata_condition_holds_or_aborts(struct metadata_case *self);
void metadata_condition_lets_one_win(struct metadata_case *self);
