/* vote_workload.h: the votes that benches store: ten million possible ones, records in Zipf order.
 *
 * Each of VOTE_WORKLOAD_RECORDS records can be voted on by VOTE_WORKLOAD_VOTERS of the users, and
 * is drawn with a chance of one over its rank (Zipf's law, exponent 1), its voter evenly. */
#pragma once

#include "rating/model/rating.h"
#include "zipf.h"

enum {
    VOTE_WORKLOAD_USERS = 20000,
    VOTE_WORKLOAD_RECORDS = 100000,
    VOTE_WORKLOAD_VOTERS = 100, /* of one record */
    VOTE_WORKLOAD_BATCH_MAX = 100000,
    VOTE_WORKLOAD_NAME_BYTES = 16,
};

struct vote_workload {
    /* private */
    uint64_t random;
    struct zipf zipf; /* of the records */
    char (*users)[VOTE_WORKLOAD_NAME_BYTES];
    char (*records)[VOTE_WORKLOAD_NAME_BYTES];
    struct rating_change *changes;
};

/* The same seed draws the same votes. */
void vote_workload_init(struct vote_workload *workload, uint64_t seed);
void vote_workload_deinit(struct vote_workload *workload);

/* Votes of the provider "movielens" on movies, each with a time. Borrowed until the next draw. */
const struct rating_change *vote_workload_draw(struct vote_workload *workload, size_t count);

/* Which of the possible votes it is: below VOTE_WORKLOAD_RECORDS * VOTE_WORKLOAD_VOTERS. */
size_t vote_workload_place(const struct vote_key *vote);
