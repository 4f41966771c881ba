/* review_gateway.h: what the movie service has the review service do and tell. Safe from any loop
 * thread; parks. All reviews and likes are of movies, unless said otherwise. */
#pragma once

#include "review/model/review.h"

struct review_gateway_page {
    const struct review *reviews;
    size_t count;
    struct text next_page_token; /* empty: these were the last */
};

/* All are mandatory. What they give is valid in the call's arena. Besides what each says, they
 * return STATUS_INVALID_ARGUMENT (the service refuses it; the call's error says why),
 * STATUS_UNAVAILABLE (it cannot be asked, or failed), STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED,
 * STATUS_RESOURCE_EXHAUSTED. After a failure of a write, it may have been done; repeating it does
 * no harm. */
struct review_gateway_ops {
    /* Replaces the user's review of before; with a created_ms other than 0 it is of then, and a
     * later one stands. *ret_stored: as it is kept. *ret_changed: it was not so already. */
    enum status (*put)(void *state, struct call *call, const struct review *review,
                       struct review *ret_stored, bool *ret_changed);

    /* STATUS_NOT_FOUND: there is none. */
    enum status (*remove)(void *state, struct call *call, const struct review_key *key);
    enum status (*get)(void *state, struct call *call, const struct review_key *key,
                       struct review *ret_review);

    /* page_size: 0 for the service's own choice. */
    enum status (*list)(void *state, struct call *call, const struct review_query *query,
                        int32_t page_size, struct text page_token,
                        struct review_gateway_page *ret_page);

    /* The same of a user, the newest first: reviews of whatever records. */
    enum status (*list_user)(void *state, struct call *call, struct text user, int32_t page_size,
                             struct text page_token, struct review_gateway_page *ret_page);

    /* *ret_count: how many like it from now on. */
    enum status (*put_like)(void *state, struct call *call, const struct review_key *key,
                            uint64_t *ret_count);
    enum status (*remove_like)(void *state, struct call *call, const struct review_key *key,
                               uint64_t *ret_count);

    /* The same of a review. STATUS_NOT_FOUND, to like: there is none. */
    enum status (*put_review_like)(void *state, struct call *call, const struct review_like *like,
                                   uint64_t *ret_count);
    enum status (*remove_review_like)(void *state, struct call *call,
                                      const struct review_like *like, uint64_t *ret_count);

    /* key->user empty: nobody's. */
    enum status (*get_reactions)(void *state, struct call *call, const struct review_key *key,
                                 struct review_reactions *ret_reactions);
};

struct review_gateway {
    const struct review_gateway_ops *ops;
    void *state; /* borrowed: outlives every call */
};
