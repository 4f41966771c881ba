/* proof_dump.h: everything that a rating store holds, as lines of JSON on standard output, read
 * through the repository's port: what the oracle compares with. */
#pragma once

#include "base/call.h"
#include "rating/repository/rating_repository.h"

struct proof_dump {
    struct rating_repository repository;
    struct text topic;
    int32_t partitions;
    bool ranges; /* of the change log: runs of offsets, not each record */
};

/* {"k":"p","part":0,"next":17} for each partition that has a position. */
MUST_USE enum status proof_dump_positions(const struct proof_dump *dump, struct call *call);

/* Positions, votes ("v"), aggregates ("a"), dead letters ("l") and the change log ("c", or "r" with
 * ranges). The call's arena is reset again and again. */
MUST_USE enum status proof_dump_all(const struct proof_dump *dump, struct call *call);

/* Raises the epoch of each partition and prints it ("e"). */
MUST_USE enum status proof_dump_epochs(const struct proof_dump *dump, struct call *call);
