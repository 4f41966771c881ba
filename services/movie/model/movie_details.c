#include "movie/model/movie_details.h"

static const char *const names[] = {
    [MOVIE_RATED] = "RATED",
    [MOVIE_NO_VOTES] = "NO_VOTES",
    [MOVIE_RATING_UNAVAILABLE] = "UNAVAILABLE",
};

const char *movie_rating_state_name(enum movie_rating_state state)
{
    CHECK((size_t)state < ARRAY_LENGTH(names));
    return names[state];
}
