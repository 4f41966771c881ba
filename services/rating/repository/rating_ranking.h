/* rating_ranking.h: which records are the best, and by which parameters they are scored: what the
 * controller asks.
 *
 * Safe from any loop thread. What is listed follows what is stored within a moment, not at once. */
#pragma once

#include "rank/rank.h"
#include "rating/model/rating.h"

struct rating_ranking_ops {
    /* false: they are not known yet. */
    bool (*get_parameters)(void *state, enum record_type type,
                           struct rank_parameters *ret_parameters);

    /* A page of the records of a type that have votes; as rank_list(), which has the limits. Parks
     * where it takes long. STATUS_UNAVAILABLE: the index is being built; the call's error says so.
     * STATUS_RESOURCE_EXHAUSTED: also when too many wait. */
    enum status (*list)(void *state, struct call *call, enum record_type type,
                        const struct rank_query *query, struct rank_page *ret_page);
};

struct rating_ranking {
    const struct rating_ranking_ops *ops; /* NULL: there is no ranking */
    void *state;
};
