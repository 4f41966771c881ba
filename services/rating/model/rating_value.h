/* rating_value.h: a vote's value as people write it. */
#pragma once

#include "rating/model/rating.h"

/* A number with at most two decimals, without a sign, in hundredths, exactly; one that is too large
 * for them is UINT64_MAX. false: it is none. */
MUST_USE bool rating_value_read(struct text text, uint64_t *ret_hundredths);

/* "8", "7.5", "7.25": points of 0 to 10 with at most two decimals, exactly.
 * STATUS_INVALID_ARGUMENT: anything else; the call's error says what is allowed. */
MUST_USE enum status rating_value_parse(struct call *call, struct text text,
                                        int32_t *ret_hundredths);

/* A number of points, as JSON gives it, if hundredths hold it exactly.
 * STATUS_INVALID_ARGUMENT: out of range, or finer than hundredths. */
MUST_USE enum status rating_value_from_points(struct call *call, double points,
                                              int32_t *ret_hundredths);
