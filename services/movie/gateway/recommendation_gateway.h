/* recommendation_gateway.h: how the movie service asks what is alike and what somebody may like.
 * Safe from any loop thread; parks. */
#pragma once

#include "recommendation/model/recommendation.h"

/* What they give is valid in the call's arena. count: 1 to RECOMMENDATION_COUNT_MAX.
 * STATUS_UNAVAILABLE: the service cannot be asked, failed, or has no model yet; the call's error
 * says why. STATUS_INVALID_ARGUMENT, STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED,
 * STATUS_RESOURCE_EXHAUSTED. */
struct recommendation_gateway_ops {
    enum status (*list_similar)(void *state, struct call *call, struct text movie_id, size_t count,
                                struct recommendation_list *ret_list);
    enum status (*list_for_user)(void *state, struct call *call, struct text user_id, size_t count,
                                 struct recommendation_list *ret_list);
};

struct recommendation_gateway {
    const struct recommendation_gateway_ops *ops;
    void *state; /* borrowed: outlives every call */
};
