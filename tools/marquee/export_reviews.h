/* export_reviews.h: what a user has written about movies, found by movie, and then the rest of it.
 *
 * Asks the movie service. Memory is bounded: of a review that was found only that it was is kept.
 */
#pragma once

#include "base/digest.h"
#include "marquee/session.h"

enum { EXPORT_REVIEWS_MAX = 1 << 20 }; /* of one user */

struct export_reviews {
    /* private */
    struct session *session;
    struct text user;
    bool has_any;
    /* Hashes of movies' ids, sorted; by a secret, as of two ids with one hash one review would be
     * lost, and ids come from elsewhere. */
    uint64_t *found;
    unsigned char secret[DIGEST_KEY_BYTES];
    size_t count;
    size_t room;
};

struct export_review {
    struct text movie_id;
    struct text text;
    int64_t time_ms; /* when it was written */
};

/* user: borrowed. STATUS_UNAVAILABLE: there is nobody who knows reviews; the session call's error
 * says how to do without. */
MUST_USE enum status export_reviews_open(struct session *session, struct text user,
                                         struct export_reviews *ret_reviews);
/* Zeroed ones are accepted. */
void export_reviews_close(struct export_reviews *reviews);

/* The user's review of the movie, valid in the call's arena: once; empty where there is none, or it
 * was given before. STATUS_RESOURCE_EXHAUSTED: more than EXPORT_REVIEWS_MAX. */
MUST_USE enum status export_reviews_find(struct export_reviews *reviews, struct call *call,
                                         struct text movie_id, struct text *ret_text);

/* Those of movies that were not found, page by page: at most REVIEW_PAGE_SIZE_MAX at once. */
MUST_USE enum status export_reviews_rest(struct export_reviews *reviews,
                                         enum status (*take)(void *state, struct call *call,
                                                             const struct export_review *rows,
                                                             size_t count),
                                         void *state);
