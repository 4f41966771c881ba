/* fsck_settle.h: looking again at what differed, while others may write the store: a difference is
 * one only between things of the same moment, which the change log tells. */
#pragma once

#include "base/call.h"
#include "rating/repository/rating_repository.h"

enum {
    FSCK_SETTLE_TRIES_MAX = 1000, /* of reading an aggregate with nothing in between */
    FSCK_SETTLE_SCANS_MAX = 10,   /* of a record's votes, when the log was trimmed meanwhile */
    FSCK_SETTLE_VOTES_MAX = 1000 * 1000, /* of one record, some 150 bytes of memory each */
};

enum fsck_verdict { FSCK_SAME, FSCK_DIFFERENT, FSCK_UNSETTLED };

struct fsck_aggregate {
    enum fsck_verdict verdict;
    bool is_stored;
    struct rating_aggregate stored;
    struct rating_aggregate counted;
};

/* Counts the record's votes anew and compares with its aggregate. Statuses as the port's. */
MUST_USE enum status fsck_settle_aggregate(const struct rating_repository *repository,
                                           struct call *call, struct record_key record,
                                           struct fsck_aggregate *ret_aggregate);

/* An aggregate that is not stored is one of nothing; one of nothing that is stored is too many. */
bool fsck_aggregate_equals(const struct rating_aggregate *left,
                           const struct rating_aggregate *right);
