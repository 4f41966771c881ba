/* movie_reactions.h: what users have said of a movie besides voting. Owns nothing. */
#pragma once

#include "review/model/review.h"

enum movie_reactions_state {
    MOVIE_REACTIONS_UNASKED,
    MOVIE_REACTIONS_KNOWN,
    MOVIE_REACTIONS_UNAVAILABLE, /* could not be asked: "nobody" may not be claimed */
};

struct movie_reactions {
    enum movie_reactions_state state;
    struct review_reactions counts; /* of MOVIE_REACTIONS_KNOWN */
    struct text reason;             /* of MOVIE_REACTIONS_UNAVAILABLE: why, for the client */
};

/* A review with what it is about. */
struct movie_review {
    struct review review;
    struct text title; /* empty: not known */
    int32_t year;      /* 0: not known */
};
