/* rating_gateway.h: how the movie service comes by ratings. Safe from any loop thread; parks. */
#pragma once

#include "movie/model/movie_details.h"
#include "rating/model/rating.h"

struct rating_view {
    bool no_votes; /* nobody had voted at that time; mean and count are 0 */
    double mean;   /* in points */
    uint32_t count;
    enum movie_rating_source source;
    int64_t age_ms; /* every vote that was acknowledged so long ago is in it */
};

/* Of several records. */
struct rating_views {
    const struct rating_view *views; /* one for each record, in their order */
    const double *scores;            /* the same; weighted, of those with votes; NULL: not known */
    struct movie_score_parameters parameters; /* of the scores */
};

struct rating_gateway_ops {
    /* STATUS_NOT_FOUND: the service says that nobody has voted (others than the service itself say
     * it by `no_votes`, with their age). STATUS_UNAVAILABLE: the service cannot be asked, or
     * failed; the call's error says why. STATUS_INVALID_ARGUMENT, STATUS_DEADLINE_EXCEEDED,
     * STATUS_CANCELLED, STATUS_RESOURCE_EXHAUSTED. */
    enum status (*get_aggregate)(void *state, struct call *call, struct record_key record,
                                 struct rating_view *ret_view);

    /* The same for several movies at once, valid in the call's arena; nobody has voted on one is
     * said by `no_votes` alone. count: at most RATING_BATCH_MAX. */
    enum status (*get_aggregates)(void *state, struct call *call, const struct text *movie_ids,
                                  size_t count, struct rating_views *ret_views);
};

struct rating_gateway {
    const struct rating_gateway_ops *ops;
    void *state; /* borrowed: outlives every call */
};
