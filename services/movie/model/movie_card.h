/* movie_card.h: a movie as it stands in a list. */
#pragma once

#include "metadata/model/metadata.h"
#include "movie/model/movie_details.h"

/* Owns nothing. Of MOVIE_RATED: mean, votes and, where the list has score parameters, score. */
struct movie_card {
    struct text id;
    struct text title; /* empty: not known */
    int32_t year;
    const struct text *genres;
    size_t genre_count;
    struct text director;
    enum movie_rating_state rating_state;
    double mean; /* in points */
    uint32_t votes;
    double score; /* weighted, in points */
    bool has_own;
    struct movie_vote own;
    double match;
    struct text because_of;       /* the id of the movie that it is shown for */
    struct text because_of_title; /* empty: not known */
};

/* Sets what the metadata tells, its id included. */
void movie_card_describe(struct movie_card *card, const struct metadata *metadata);
