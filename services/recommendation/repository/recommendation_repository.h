/* recommendation_repository.h: where recommendations come from. Safe from any loop thread; does not
 * park. */
#pragma once

#include "recommendation/model/recommendation.h"

struct recommendation_repository_ops {
    /* What is like the record; valid in the call's arena. A record that nobody has voted on has an
     * empty list. limit: 1 to RECOMMENDATION_COUNT_MAX. STATUS_UNAVAILABLE: there is no model yet;
     * the call's error says how far it is. STATUS_RESOURCE_EXHAUSTED: no room. */
    enum status (*list_similar)(void *state, struct call *call, struct text record_id, size_t limit,
                                struct recommendation_list *ret_list);

    /* What the user may like, of what the user has not voted on. The rest likewise. */
    enum status (*list_for_user)(void *state, struct call *call, struct text user_id, size_t limit,
                                 struct recommendation_list *ret_list);

    /* STATUS_UNAVAILABLE as above. */
    enum status (*get_basis)(void *state, struct call *call,
                             struct recommendation_basis *ret_basis);
};

struct recommendation_repository {
    const struct recommendation_repository_ops *ops;
    void *state; /* borrowed: outlives every call */
};
