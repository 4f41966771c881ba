/* movie_voting.h: users' votes on movies, and the movies that a user has voted on. */
#pragma once

#include "movie/controller/movie_cards.h"

enum {
    MOVIE_OWN_PAGE_SIZE_MAX = MOVIE_CARDS_MAX,
    MOVIE_OWN_PAGE_SIZE_DEFAULT = 50,
    MOVIE_OWN_VOTES_AT_ONCE = 1000, /* asked for */
    MOVIE_OWN_VOTES_MAX = 200000,   /* of one user, that are looked through */
};

/* What has become of a movie's votes by a change of one. */
struct movie_vote_outcome {
    enum movie_rating_state state;
    struct movie_summary summary; /* of MOVIE_RATED */
    bool is_held;                 /* the vote came in a burst: kept for review, it does not count */
};

/* Stores the vote in place of that of before. Done also when the summary cannot be read after it:
 * MOVIE_RATING_UNAVAILABLE. STATUS_NOT_FOUND: there is no such movie (where metadata cannot be
 * asked, the vote is taken as it is). STATUS_INVALID_ARGUMENT: an id or the value is not allowed.
 * STATUS_UNAVAILABLE: the rating service cannot be asked. After this, STATUS_DEADLINE_EXCEEDED and
 * STATUS_CANCELLED the vote may have been stored. */
MUST_USE enum status movie_controller_rate(struct movie_controller *self, struct call *call,
                                           struct text user_id, struct text movie_id,
                                           int32_t hundredths,
                                           struct movie_vote_outcome *ret_outcome);

/* Takes it back. STATUS_NOT_FOUND: the user has not voted on the movie. Others as above. */
MUST_USE enum status movie_controller_unrate(struct movie_controller *self, struct call *call,
                                             struct text user_id, struct text movie_id,
                                             struct movie_vote_outcome *ret_outcome);

/* Several at once; one that is refused does not hold up the others. count: at most
 * RATING_BATCH_MAX. Whether there are such movies is not looked at. Statuses as above. */
MUST_USE enum status movie_controller_rate_all(struct movie_controller *self, struct call *call,
                                               struct text user_id,
                                               const struct movie_ballot *ballots, size_t count,
                                               struct cast_ballots *ret_cast);

enum movie_own_order {
    MOVIE_OWN_BY_MOVIE, /* by id, as the rating service keeps them */
    MOVIE_OWN_BY_TIME,  /* the newest vote first; of equal times, by id */
    MOVIE_OWN_ORDER_COUNT,
};

struct movie_own_page {
    struct movie_cards list;
    struct text next_page_token; /* empty: the last page */
};

/* Valid in the call's arena. By movie, what the page holds is asked for and no more; it may be
 * short, or empty, before the last, as votes on others than movies are left out. By time, all votes
 * of the user are looked through for each page, in memory that does not grow with them: a page
 * costs about a millisecond for every thousand votes, as no store has an order by time. Whoever
 * provided them counts. page_size: 0 for the default. page_token: of a page in the same order.
 * STATUS_INVALID_ARGUMENT: the user's id, the page size, the order or the token.
 * STATUS_UNAVAILABLE: the rating service cannot be asked. STATUS_RESOURCE_EXHAUSTED: more than
 * MOVIE_OWN_VOTES_MAX votes, by time. */
MUST_USE enum status movie_controller_list_own(struct movie_controller *self, struct call *call,
                                               struct text user_id, enum movie_own_order order,
                                               int32_t page_size, struct text page_token,
                                               struct movie_own_page *ret_page);
