#include "movie/model/movie_details.h"

static const char *const state_names[] = {
    [MOVIE_RATED] = "RATED",
    [MOVIE_NO_VOTES] = "NO_VOTES",
    [MOVIE_RATING_UNAVAILABLE] = "UNAVAILABLE",
};

static const char *const source_names[] = {
    [MOVIE_RATING_CALLED] = "CALLED",
    [MOVIE_RATING_CACHED] = "CACHED",
    [MOVIE_RATING_LOCAL] = "LOCAL",
};

const char *movie_rating_state_name(enum movie_rating_state state)
{
    CHECK((size_t)state < ARRAY_LENGTH(state_names));
    return state_names[state];
}

const char *movie_rating_source_name(enum movie_rating_source source)
{
    CHECK((size_t)source < ARRAY_LENGTH(source_names));
    return source_names[source];
}
