/* rating_repository_contract.h: what every rating repository must do, as tests. */
#pragma once

#include "rating/repository/rating_repository.h"
#include "support/cmocka_test.h"

struct rating_implementation {
    const char *name;
    bool durable; /* opened again, it has what it had */
    enum status (*open)(struct call *call, struct text directory,
                        struct rating_repository *ret_repository);
};

/* What one case works with, in a fiber. */
struct rating_case {
    struct rating_repository repository;
    struct call *call;
    const struct rating_implementation *implementation;
    struct text directory;
};

/* Runs the suite; how many cases failed. */
int rating_repository_contract_run(const struct rating_implementation *implementation);

/* Runs one case on a new repository. */
void rating_case_run(const struct rating_implementation *implementation,
                     void (*run)(struct rating_case *self));

/* Closes the repository and opens it again. */
void rating_case_reopen(struct rating_case *self);

/* A vote on a movie through our own interface. */
struct rating_change rating_case_put(const char *user, const char *record, int32_t hundredths);

/* Applies; the status must be OK. outcomes may be NULL. */
void rating_case_apply(struct rating_case *self, const struct rating_change *changes, size_t count,
                       enum rating_outcome *outcomes);

/* The cases about pages. */
void rating_case_neighbours_stay_apart(struct rating_case *self);
void rating_case_pages_of_votes(struct rating_case *self);
void rating_case_largest_page(struct rating_case *self);
void rating_case_pages_of_dead_letters(struct rating_case *self);
void rating_case_page_without_room(struct rating_case *self);
