/* movie_details.h: a movie's metadata with what voters make of it. */
#pragma once

#include "metadata/model/metadata.h"

enum movie_rating_state {
    MOVIE_RATED,
    MOVIE_NO_VOTES,
    MOVIE_RATING_UNAVAILABLE, /* could not be asked: neither "rated" nor "no votes" may be claimed
                               */
};

struct movie_details {
    struct metadata metadata;
    enum movie_rating_state rating_state;
    double rating;             /* of MOVIE_RATED: the mean, in points */
    uint32_t rating_count;     /* of MOVIE_RATED */
    struct text rating_reason; /* of MOVIE_RATING_UNAVAILABLE: why, for the client */
};

/* "RATED", "NO_VOTES", "UNAVAILABLE": as RatingState of api/movie.proto. Static storage. */
const char *movie_rating_state_name(enum movie_rating_state state);
