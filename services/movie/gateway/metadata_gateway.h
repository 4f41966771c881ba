/* metadata_gateway.h: how the movie service asks for metadata. Safe from any loop thread; parks. */
#pragma once

#include "metadata/model/metadata.h"

struct metadata_gateway_ops {
    /* Valid in the call's arena. STATUS_NOT_FOUND: there is no such movie. STATUS_INVALID_ARGUMENT:
     * not an id. STATUS_UNAVAILABLE: the service cannot be asked, or failed; the call's error says
     * why. STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED, STATUS_RESOURCE_EXHAUSTED. */
    enum status (*get)(void *state, struct call *call, struct text movie_id,
                       struct metadata *ret_metadata);
};

struct metadata_gateway {
    const struct metadata_gateway_ops *ops;
    void *state; /* borrowed: outlives every call */
};
