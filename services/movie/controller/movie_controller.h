/* movie_controller.h: movie details: metadata, rating, and likes and reviews, asked for at once.
 *
 * Without the metadata there are no details; without the rating there are, and they say which of
 * the two it is: nobody has voted, or the rating cannot be had now. So with likes and reviews. */
#pragma once

#include "movie/catalogue/movie_catalogue.h"
#include "movie/gateway/metadata_gateway.h"
#include "movie/gateway/rating_gateway.h"
#include "movie/gateway/rating_votes.h"
#include "movie/gateway/recommendation_gateway.h"
#include "movie/gateway/review_gateway.h"
#include "movie/model/movie_details.h"

/* The longest that details wait for the rating alone; with less time left, three quarters of that.
 */
#define MOVIE_RATING_TIMEOUT_MS INT64_C(2000)

struct movie_controller {
    struct metadata_gateway metadata;
    struct rating_gateway rating;
    struct rating_votes votes;
    struct movie_catalogue catalogue;              /* its ops may be NULL: there are no lists */
    struct recommendation_gateway recommendations; /* its ops may be NULL: none can be asked */
    struct review_gateway reviews;                 /* its ops may be NULL: none can be asked */
    bool is_rating_kept; /* `rating` may answer while the rating service cannot be asked */
};

/* Valid in the call's arena. What is not asked for costs no call. STATUS_INVALID_ARGUMENT: not an
 * id. STATUS_NOT_FOUND: there is no such movie. STATUS_UNAVAILABLE: the metadata cannot be had.
 * STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED, STATUS_RESOURCE_EXHAUSTED. */
MUST_USE enum status movie_controller_get_details(struct movie_controller *self, struct call *call,
                                                  const struct movie_details_query *query,
                                                  struct movie_details *ret_details);

/* How long something may wait for the rating service that does without it: MOVIE_RATING_TIMEOUT_MS,
 * or three quarters of what the call has left. */
int64_t movie_controller_rating_timeout_ms(const struct call *call);

/* STATUS_NOT_FOUND: there is no such movie. OK also when that cannot be known now. Otherwise as
 * call_check(). */
MUST_USE enum status movie_controller_check_movie(struct movie_controller *self, struct call *call,
                                                  struct text movie_id);

/* Why there is no rating, in words for the client. */
struct text movie_controller_reason(const struct call *rating_call, enum status status);
