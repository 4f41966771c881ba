/* rating_feed_gateway.h: how a copy of all movies' aggregates is made and kept. Parks. */
#pragma once

#include "base/call.h"
#include "movie/model/movie_summary.h"

struct rating_feed_entry {
    struct text movie_id;
    uint64_t count; /* of votes; 0: there are none any more */
    uint64_t sum_hundredths;
};

struct rating_feed {
    const struct rating_feed_entry *entries;
    size_t count;
    struct text next_page_token;              /* of list(); empty: that was all */
    int64_t sequence;                         /* where to go on; of list(), with the first page */
    bool more;                                /* of changes(): there are further ones already */
    struct movie_score_parameters parameters; /* without a version: not known yet */
};

/* As metadata_feed_gateway.h. */
struct rating_feed_gateway_ops {
    enum status (*list)(void *state, struct call *call, size_t page_size, struct text page_token,
                        struct rating_feed *ret_feed);
    enum status (*changes)(void *state, struct call *call, int64_t sequence, size_t page_size,
                           int64_t wait_ms, struct rating_feed *ret_feed);
};

struct rating_feed_gateway {
    const struct rating_feed_gateway_ops *ops;
    void *state; /* borrowed */
};
