/* rating_gateway.h: how the movie service asks for ratings. Safe from any loop thread; parks. */
#pragma once

#include "rating/model/rating.h"

struct rating_view {
    double mean; /* in points */
    uint32_t count;
};

struct rating_gateway_ops {
    /* STATUS_NOT_FOUND: nobody has voted. STATUS_UNAVAILABLE: the service cannot be asked, or
     * failed; the call's error says why. STATUS_INVALID_ARGUMENT, STATUS_DEADLINE_EXCEEDED,
     * STATUS_CANCELLED, STATUS_RESOURCE_EXHAUSTED. */
    enum status (*get_aggregate)(void *state, struct call *call, struct record_key record,
                                 struct rating_view *ret_view);
};

struct rating_gateway {
    const struct rating_gateway_ops *ops;
    void *state; /* borrowed: outlives every call */
};
