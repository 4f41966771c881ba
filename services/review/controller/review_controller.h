/* review_controller.h: the rules of reviews and likes: what is valid, whose time counts, in which
 * pages they are listed.
 *
 * Results are valid in the call's arena. Besides what each says, every function returns
 * STATUS_INVALID_ARGUMENT for input outside the limits of review/model/review.h, and what the
 * repository says of itself (UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, RESOURCE_EXHAUSTED). */
#pragma once

#include "review/model/review.h"
#include "review/repository/review_repository.h"

struct review_controller {
    struct review_repository repository;
};

/* Stores what the user says of the record, in place of the earlier review: now, or, where
 * review->created_ms is not 0, then; that must not lie ahead, and a review that the user has
 * written or edited later stands. The same words again change nothing. *ret_stored, which may
 * borrow from `review`: as it is kept. *ret_changed: it was not so already. */
MUST_USE enum status review_controller_put(struct review_controller *self, struct call *call,
                                           const struct review *review, struct review *ret_stored,
                                           bool *ret_changed);

/* Its likes go with it. STATUS_NOT_FOUND: the user has not reviewed the record. */
MUST_USE enum status review_controller_delete(struct review_controller *self, struct call *call,
                                              const struct review_key *key);
MUST_USE enum status review_controller_get(struct review_controller *self, struct call *call,
                                           const struct review_key *key, struct review *ret_review);

struct review_page {
    const struct review *reviews;
    size_t count;
    struct text next_page_token; /* empty: the last page */
};

/* page_size: 0 for the default. page_token: empty for the first page, else the one that came with
 * the page before, in the same order. A page has fewer reviews where they would be more than
 * REVIEW_REPLY_BYTES_MAX, but one. In pages by likes a review that is liked between two of them may
 * come twice, or not. */
MUST_USE enum status review_controller_list(struct review_controller *self, struct call *call,
                                            const struct review_query *query, int32_t page_size,
                                            struct text page_token, struct review_page *ret_page);
/* Newest first. */
MUST_USE enum status review_controller_list_user(struct review_controller *self, struct call *call,
                                                 struct text user, int32_t page_size,
                                                 struct text page_token,
                                                 struct review_page *ret_page);

/* From now on the user likes the record, or no longer does; nothing changes where that was so.
 * *ret_count: who likes it then. */
MUST_USE enum status review_controller_put_like(struct review_controller *self, struct call *call,
                                                const struct review_key *key, uint64_t *ret_count);
MUST_USE enum status review_controller_delete_like(struct review_controller *self,
                                                   struct call *call, const struct review_key *key,
                                                   uint64_t *ret_count);

/* The same of a user's review. STATUS_NOT_FOUND, to like: there is no such review. */
MUST_USE enum status review_controller_like_review(struct review_controller *self,
                                                   struct call *call,
                                                   const struct review_like *like,
                                                   uint64_t *ret_count);
MUST_USE enum status review_controller_unlike_review(struct review_controller *self,
                                                     struct call *call,
                                                     const struct review_like *like,
                                                     uint64_t *ret_count);

struct like_page {
    const struct like *likes;
    size_t count;
    struct text next_page_token;
};

/* As review_controller_list_user(). */
MUST_USE enum status review_controller_list_likes(struct review_controller *self, struct call *call,
                                                  struct text user, int32_t page_size,
                                                  struct text page_token,
                                                  struct like_page *ret_page);

/* key->user empty: nobody's. */
MUST_USE enum status review_controller_get_reactions(struct review_controller *self,
                                                     struct call *call,
                                                     const struct review_key *key,
                                                     struct review_reactions *ret_reactions);
