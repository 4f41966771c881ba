/* movie_details.h: a movie's metadata with what voters make of it. */
#pragma once

#include "metadata/model/metadata.h"
#include "movie/model/movie_reactions.h"
#include "movie/model/movie_summary.h"

enum movie_rating_state {
    MOVIE_RATED,
    MOVIE_NO_VOTES,
    MOVIE_RATING_UNAVAILABLE, /* could not be asked: neither "rated" nor "no votes" may be claimed
                               */
};

/* Where the rating was taken from. */
enum movie_rating_source {
    MOVIE_RATING_CALLED, /* the rating service was asked for this reply */
    MOVIE_RATING_CACHED, /* it was asked before, and has told of no change since */
    MOVIE_RATING_LOCAL,  /* this service's own copy of all aggregates */
};

/* A vote that a user has cast. Owns nothing. */
struct movie_vote {
    int32_t hundredths;   /* of a point */
    int64_t time_ms;      /* when it was cast */
    struct text provider; /* where it came from; empty: our own interface */
};

/* What a user's vote on a movie is. Owns nothing. */
struct movie_own {
    bool is_counted;
    struct movie_vote counted;
    bool is_held; /* a later one came in a burst: kept for review, it does not count */
    struct movie_vote held;
};

/* What is asked for. */
struct movie_details_query {
    struct text movie_id;
    struct text user_id; /* whose own vote is told; empty: nobody's */
    bool wants_held;     /* with what is held of it */
    bool is_full;        /* with the summary, and with likes and reviews */
};

struct movie_details {
    struct metadata metadata;
    enum movie_rating_state rating_state;
    double rating;             /* of MOVIE_RATED: the mean, in points */
    uint32_t rating_count;     /* of MOVIE_RATED */
    struct text rating_reason; /* of MOVIE_RATING_UNAVAILABLE: why, for the client */
    /* Of MOVIE_RATED and MOVIE_NO_VOTES. */
    enum movie_rating_source rating_source;
    int64_t rating_age_ms; /* every vote that was acknowledged so long ago is in it */
    /* Where it is asked for. */
    bool has_summary; /* of MOVIE_RATED */
    struct movie_summary summary;
    bool is_own_wanted;
    enum movie_rating_state own_state; /* MOVIE_NO_VOTES: this user has none */
    struct movie_own own;
    struct movie_reactions reactions;
};

/* "RATED", "NO_VOTES", "UNAVAILABLE": as RatingState of api/movie.proto. Static storage. */
const char *movie_rating_state_name(enum movie_rating_state state);

/* "CALLED", "CACHED", "LOCAL": as RatingSource of api/movie.proto. Static storage. */
const char *movie_rating_source_name(enum movie_rating_source source);
