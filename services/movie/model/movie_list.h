/* movie_list.h: a page of all movies, in an order and by filters. Owns nothing. */
#pragma once

#include "movie/model/movie_card.h"

/* The numbers are those of enum MovieOrder in api/movie.proto. */
enum movie_order {
    MOVIE_BY_SCORE, /* the best weighted score first */
    MOVIE_BY_MEAN,
    MOVIE_BY_VOTES,
    MOVIE_BY_YEAR, /* the newest first */
};

enum { MOVIE_ORDER_COUNT = 4 };

/* What is 0 or empty is no filter. */
struct movie_list_query {
    enum movie_order order;
    struct text genre;
    int32_t year_from;
    int32_t year_to;
    uint64_t minimum_votes;
    size_t page_size;
    struct text page_token; /* empty: the first page */
};

/* How old the copy is that a list was answered from: every change that was acknowledged so long ago
 * is in it. */
struct movie_list_age {
    int64_t metadata_ms;
    int64_t rating_ms;         /* where there are ratings */
    struct text rating_reason; /* why there are none; empty: there are */
};

struct movie_list {
    struct movie_card *cards;
    size_t count;
    struct text next_page_token;              /* empty: the last page */
    struct movie_score_parameters parameters; /* of this list, to its last page */
    struct movie_list_age age;
};

struct movie_genre {
    struct text name;
    uint64_t movies;
};

struct movie_genres {
    const struct movie_genre *genres; /* by name */
    size_t count;
    struct movie_list_age age;
};
