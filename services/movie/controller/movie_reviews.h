/* movie_reviews.h: what users say of movies, and that they like them.
 *
 * Results are valid in the call's arena. Besides what each says, every function returns
 * STATUS_INVALID_ARGUMENT (outside the limits of review/model/review.h), STATUS_UNAVAILABLE (the
 * review service cannot be asked), STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED,
 * STATUS_RESOURCE_EXHAUSTED. After a failure of a write, it may have been done; repeating it does
 * no harm. */
#pragma once

#include "movie/controller/movie_controller.h"
#include "movie/model/movie_reactions.h"

/* A user's review of a movie, as a key and a text from a request; of now, or of review->created_ms
 * where that is not 0: then a later one stands. *ret_stored: as it is kept. *ret_changed: it was
 * not so already. */
MUST_USE enum status movie_reviews_put(struct movie_controller *self, struct call *call,
                                       const struct review *review, struct review *ret_stored,
                                       bool *ret_changed);

/* STATUS_NOT_FOUND: the user has not reviewed the movie. */
MUST_USE enum status movie_reviews_delete(struct movie_controller *self, struct call *call,
                                          const struct review_key *key);
MUST_USE enum status movie_reviews_get(struct movie_controller *self, struct call *call,
                                       const struct review_key *key, struct review *ret_review);

struct movie_review_page {
    const struct movie_review *reviews;
    size_t count;
    struct text next_page_token; /* empty: the last page */
    bool is_without_titles;      /* metadata could not be asked */
};

/* query->record: of type movie. page_size: 0 for the default. No titles: it is known which movie
 * they are of. */
MUST_USE enum status movie_reviews_list(struct movie_controller *self, struct call *call,
                                        const struct review_query *query, int32_t page_size,
                                        struct text page_token,
                                        struct review_gateway_page *ret_page);

/* The same of a user, the newest first, with titles. */
MUST_USE enum status movie_reviews_list_user(struct movie_controller *self, struct call *call,
                                             struct text user_id, int32_t page_size,
                                             struct text page_token,
                                             struct movie_review_page *ret_page);

/* *ret_count: how many like the movie from now on. STATUS_NOT_FOUND, to like: there is no such
 * movie. */
MUST_USE enum status movie_reviews_like(struct movie_controller *self, struct call *call,
                                        const struct review_key *key, uint64_t *ret_count);
MUST_USE enum status movie_reviews_unlike(struct movie_controller *self, struct call *call,
                                          const struct review_key *key, uint64_t *ret_count);

/* *ret_count: how many like that review from now on. STATUS_NOT_FOUND, to like: there is no such
 * review. */
MUST_USE enum status movie_reviews_like_review(struct movie_controller *self, struct call *call,
                                               const struct review_like *like, uint64_t *ret_count);
MUST_USE enum status movie_reviews_unlike_review(struct movie_controller *self, struct call *call,
                                                 const struct review_like *like,
                                                 uint64_t *ret_count);

/* What there is of the movie, or that it cannot be known now, and why. user_id: empty for nobody's.
 * Parks within the call. */
void movie_reviews_read_reactions(struct movie_controller *self, struct call *call,
                                  struct text movie_id, struct text user_id,
                                  struct movie_reactions *ret_reactions);
