/* recommendation.h: records that are recommended, and why. */
#pragma once

#include "rating/model/rating.h"

enum {
    RECOMMENDATION_COUNT_DEFAULT = 20,
    RECOMMENDATION_COUNT_MAX = 100,
};

struct recommendation {
    struct text record_id;
    /* Of records that are alike: how much, over 0 to 1. Of those for a user: comparable within one
     * list only. */
    double score;
    bool has_foretold;           /* of those for a user */
    int32_t foretold_hundredths; /* the vote that the user's other votes foretell */
    struct text because_of;      /* the id of the liked record that speaks most for it; or empty */
};

/* What the answers are made from, and how old it is. */
struct recommendation_basis {
    int64_t age_ms; /* every vote that was acknowledged so long ago is known */
    uint64_t votes;
    uint32_t users; /* that were ever seen, as the records */
    uint32_t records;
    uint32_t waiting; /* records whose neighbours are still to be computed anew */
};

struct recommendation_list {
    struct recommendation items[RECOMMENDATION_COUNT_MAX]; /* best first */
    size_t count;
    uint32_t votes; /* of the record or the user: 0 explains an empty list */
    struct recommendation_basis basis;
};

/* The count that is asked for: 0 is the default. STATUS_INVALID_ARGUMENT: under 0, or over
 * RECOMMENDATION_COUNT_MAX. */
MUST_USE enum status recommendation_count_validate(struct call *call, int32_t count,
                                                   size_t *ret_count);

/* Recommendations are of movies. STATUS_INVALID_ARGUMENT: another record type. */
MUST_USE enum status recommendation_type_validate(struct call *call, struct text record_type);
