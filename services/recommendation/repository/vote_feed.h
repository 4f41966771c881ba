/* vote_feed.h: all votes on movies, and what changes in them, as the rating service tells them.
 * Parks. */
#pragma once

#include "rating/model/rating.h"

enum {
    VOTE_FEED_PAGE_MAX = 1000,
    VOTE_FEED_TOKEN_BYTES_MAX = 1024,
};

struct vote_feed_vote {
    struct text user_id;
    struct text record_id;
    bool deleted;
    int32_t hundredths; /* of one that is not deleted */
};

struct vote_feed_page {
    const struct vote_feed_vote *votes; /* at most VOTE_FEED_PAGE_MAX; valid in the arena */
    size_t count;
    int64_t sequence;            /* changes go on from here */
    struct text next_page_token; /* of a list, at most VOTE_FEED_TOKEN_BYTES_MAX; empty: the last
                                  * page */
    bool more;                   /* of changes: there may be further ones already */
};

struct vote_feed_ops {
    /* All votes, page by page; page_token: empty for the first. STATUS_UNAVAILABLE,
     * STATUS_DEADLINE_EXCEEDED: not now. Others: something is wrong that may pass. */
    enum status (*list)(void *state, struct call *call, struct text page_token,
                        struct vote_feed_page *ret_page);

    /* What has changed after the sequence, in its order; when nothing has, it is waited for, at
     * most wait_ms. STATUS_OUT_OF_RANGE: that is not known any more: all must be listed anew. */
    enum status (*changes)(void *state, struct call *call, int64_t sequence, int32_t wait_ms,
                           struct vote_feed_page *ret_page);
};

struct vote_feed {
    const struct vote_feed_ops *ops;
    void *state; /* borrowed: outlives every call */
};
