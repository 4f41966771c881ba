/* rating_votes.h: what the movie service has the rating service do with the votes of users, and
 * asks it itself, however aggregates are come by. Safe from any loop thread; parks.
 *
 * All votes are on movies, through our own interface (without a provider) unless said otherwise. */
#pragma once

#include "movie/model/movie_details.h"
#include "rating/model/rating.h"

struct rated_movie {
    struct text movie_id;
    struct movie_vote vote;
};

/* A vote to be stored. */
struct movie_ballot {
    struct text movie_id;
    int32_t hundredths;
    bool has_time; /* else it is as of now */
    int64_t time_ms;
};

struct refused_ballot {
    size_t index; /* of the ballot */
    struct text reason;
};

/* What has become of several. */
struct cast_ballots {
    const struct refused_ballot *refused;
    size_t refused_count;
    size_t held_count; /* of the others: kept for review, as they came in a burst */
};

struct rated_movies {
    const struct rated_movie *movies;
    size_t count;
    struct text next_page_token; /* empty: these were the last */
};

/* All are mandatory. What they give is valid in the call's arena. Besides what each says, they
 * return STATUS_INVALID_ARGUMENT (the service refuses it; the call's error says why),
 * STATUS_UNAVAILABLE (it cannot be asked, or failed), STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED,
 * STATUS_RESOURCE_EXHAUSTED. After a failure of a write, it may have been done. */
struct rating_votes_ops {
    /* STATUS_NOT_FOUND: nobody has voted. */
    enum status (*get_summary)(void *state, struct call *call, struct text movie_id,
                               struct movie_summary *ret_summary);

    /* What counts of a user's and, where wants_held, what is held of it. STATUS_NOT_FOUND: there is
     * none. */
    enum status (*get_own)(void *state, struct call *call, struct text user_id,
                           struct text movie_id, bool wants_held, struct movie_own *ret_own);

    /* Replaces the vote of before. *ret_held: it came in a burst and is kept for review; what was
     * before stands until then. */
    enum status (*put)(void *state, struct call *call, struct text user_id, struct text movie_id,
                       int32_t hundredths, bool *ret_held);

    /* Several of one user, in one transaction: all but those that are refused. count: at most
     * RATING_BATCH_MAX. */
    enum status (*put_all)(void *state, struct call *call, struct text user_id,
                           const struct movie_ballot *ballots, size_t count,
                           struct cast_ballots *ret_cast);

    /* STATUS_NOT_FOUND: there was none. */
    enum status (*remove)(void *state, struct call *call, struct text user_id,
                          struct text movie_id);

    /* A page of the votes of a user, whoever provided them, ordered by movie; those on other
     * records are left out, so that a page may be short, or empty, before the last. page_size: at
     * most RATING_PAGE_SIZE_MAX. */
    enum status (*list)(void *state, struct call *call, struct text user_id, size_t page_size,
                        struct text page_token, struct rated_movies *ret_page);
};

struct rating_votes {
    const struct rating_votes_ops *ops;
    void *state; /* borrowed: outlives every call */
};
