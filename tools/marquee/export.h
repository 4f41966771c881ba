/* export.h: an export on its way: what the writers of all formats share. */
#pragma once

#include "marquee/progress.h"
#include "marquee/session.h"
#include "rating/model/rating.h"

struct export
{
    struct session *session;
    FILE *output;     /* failures are its own, to be asked for at its end */
    struct text user; /* empty: all */
    bool with_movies;
    bool with_votes;
    bool with_reviews; /* where the format has a place for them */
    struct progress progress;
    uint64_t movies;
    uint64_t votes;
    uint64_t reviews;
    uint64_t rounded;       /* votes that the format cannot hold as they are */
    uint64_t without_title; /* votes and reviews that the format cannot hold at all */
};

/* Votes of a page, in the store's order. */
struct export_votes {
    const struct vote *votes;
    size_t count;
};

/* Gives all votes, or the user's, page by page; call: to ask with, its arena goes with the page. */
MUST_USE enum status export_each_vote_page(struct export *export,
                                           enum status (*take)(struct export *export,
                                                               struct call *call,
                                                               const struct export_votes *votes));

/* One for each format. */
MUST_USE enum status export_json(struct export *export);
MUST_USE enum status export_csv(struct export *export);
MUST_USE enum status export_letterboxd(struct export *export);
