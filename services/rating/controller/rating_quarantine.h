/* rating_quarantine.h: votes that were held because they came in a burst: listed, released,
 * rejected. Results are valid in the call's arena; statuses as in rating_controller.h. */
#pragma once

#include "rating/controller/rating_controller.h"
#include "rating/controller/rating_feed.h"

/* Stores the votes of a request in one transaction; what is in a burst is held instead, in the same
 * transaction. A vote that changes nothing is in no burst. held: whether each is held. */
MUST_USE enum status rating_quarantine_put(struct rating_controller *self, struct call *call,
                                           const struct rating_change *changes, size_t count,
                                           enum rating_outcome *outcomes, bool *held);

/* A direct vote that is held, and where. STATUS_NOT_FOUND: none of this key is. */
MUST_USE enum status rating_quarantine_find(struct rating_controller *self, struct call *call,
                                            const struct vote_key *key,
                                            struct rating_dead_letter_key *ret_place,
                                            struct vote *ret_vote);

/* What there is of a key, for whose vote it is. */
struct rating_own_vote {
    bool is_counted;
    struct vote counted;
    bool is_held; /* a later one, which does not count */
    struct vote held;
};

/* Where no vote is held (the controller's burst is NULL), what counts alone. STATUS_NOT_FOUND:
 * there is neither. */
MUST_USE enum status rating_quarantine_get_own(struct rating_controller *self, struct call *call,
                                               const struct vote_key *key,
                                               struct rating_own_vote *ret_own);

struct rating_held_vote {
    struct rating_dead_letter_key place;
    struct vote vote;
    struct text reason;
    int64_t held_ms; /* since when */
};

struct rating_held_request {
    struct rating_feed_filter filter; /* one record type, or all */
    struct text record_id;            /* empty: all */
    int32_t page_size;                /* of held votes that are looked at; 0: 100 */
    struct text page_token;
};

struct rating_held_page {
    const struct rating_held_vote *votes; /* that the request is about; by topic and place */
    size_t count;
    struct text next_page_token; /* empty: there are no more; a page before may have none */
};

MUST_USE enum status rating_quarantine_list(struct rating_controller *self, struct call *call,
                                            const struct rating_held_request *request,
                                            struct rating_held_page *ret_page);

enum rating_held_end {
    RATING_HELD_RELEASED, /* they count from now on, as of when they were cast */
    RATING_HELD_REJECTED, /* they are forgotten */
};

/* Ends the holding of a page of votes, in one transaction with its effect: done twice, or by two at
 * once, it has its effect once. A later vote or deletion of the same user stands. */
MUST_USE enum status rating_quarantine_end(struct rating_controller *self, struct call *call,
                                           const struct rating_held_request *request,
                                           enum rating_held_end end,
                                           struct rating_held_page *ret_page);
