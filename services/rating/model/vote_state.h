/* vote_state.h: the rule by which a change meets what stands: the same in every repository. */
#pragma once

#include "rating/model/rating.h"

/* What is kept under one vote's key. A deletion leaves a tombstone, so that an older vote that
 * comes later does not come back. */
struct vote_state {
    bool exists;  /* a vote or a tombstone */
    bool deleted; /* a tombstone */
    int32_t hundredths;
    int64_t time_ms;
};

/* Whether it counts in the aggregate. */
bool vote_state_counts(const struct vote_state *state);

/* Brings the change to the state. now_ms: the time of its arrival; a change without a time of its
 * own gets that, or the time that stands, whichever is later. */
enum rating_outcome vote_state_change(struct vote_state *state, const struct rating_change *change,
                                      int64_t now_ms);
