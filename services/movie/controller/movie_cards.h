/* movie_cards.h: lists of movies, completed with what the other services know of each. */
#pragma once

#include "movie/controller/movie_controller.h"
#include "movie/model/movie_card.h"

enum {
    MOVIE_CARDS_MAX = 100, /* of one list: of metadata's largest entries as many fit a reply */
};

struct movie_cards {
    struct movie_card *cards;  /* each has its id at least; owned by the caller */
    size_t count;              /* at most MOVIE_CARDS_MAX */
    bool is_without_titles;    /* metadata could not be asked */
    struct text rating_reason; /* why there are no ratings; empty: there are */
    struct movie_score_parameters parameters;
};

/* Adds mean, count and score of each. The ratings' failure is noted in the list.
 * STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED: the call itself is over. STATUS_RESOURCE_EXHAUSTED.
 */
MUST_USE enum status movie_cards_add_ratings(struct movie_controller *self, struct call *call,
                                             struct movie_cards *list);

/* The same, and titles, years, genres and directors, at once. A movie that metadata does not know
 * stays without. */
MUST_USE enum status movie_cards_complete(struct movie_controller *self, struct call *call,
                                          struct movie_cards *list);
