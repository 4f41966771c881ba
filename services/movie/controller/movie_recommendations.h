/* movie_recommendations.h: movies that are alike, and that somebody may like, as cards. */
#pragma once

#include "movie/controller/movie_cards.h"

struct movie_recommendations {
    struct movie_cards list; /* the best first */
    uint32_t votes;          /* of the movie, or the user: 0 explains an empty list */
    int64_t model_age_ms;    /* every vote that was acknowledged so long ago has been looked at */
};

/* Valid in the call's arena. A card's match is how alike it is, over 0 to 1. Movies that metadata
 * says are not there are left out; where it cannot be asked, the cards are without titles. count: 0
 * for the default. STATUS_INVALID_ARGUMENT: not an id, or the count is out of range.
 * STATUS_UNAVAILABLE: the recommendation service cannot be asked, or is not ready; the call's error
 * says which. STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED, STATUS_RESOURCE_EXHAUSTED. */
MUST_USE enum status movie_controller_list_similar(struct movie_controller *self, struct call *call,
                                                   struct text movie_id, int32_t count,
                                                   struct movie_recommendations *ret_found);

/* Of what the user has not voted on. A card's match is the vote that is foretold, in points; its
 * because_of a movie that the user liked, with its title where that is known. The rest likewise. */
MUST_USE enum status movie_controller_list_recommended(struct movie_controller *self,
                                                       struct call *call, struct text user_id,
                                                       int32_t count,
                                                       struct movie_recommendations *ret_found);
