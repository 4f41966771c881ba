/* rating_feed.h: everything, and what has changed since: for those who keep a copy of aggregates or
 * of votes.
 *
 * A reader lists all pages, keeps the sequence that each of them tells, and from then on asks for
 * the changes after it, with the sequence of each answer for the next. Pages are of different
 * moments, none before that sequence: what is told twice is the same or newer. Results are valid in
 * the call's arena; statuses as in rating_controller.h. */
#pragma once

#include "rating/controller/rating_controller.h"

enum {
    RATING_FEED_PAGE_SIZE_DEFAULT = 500,
    RATING_FEED_WAIT_MS_MAX = 20 * 1000,
    RATING_FEED_WAITING_MAX = 1024, /* calls that wait at a time */
    /* A call that waits is looked after so often: a process that stops lets go of it. */
    RATING_FEED_SLICE_MS = 500,
    /* An answer without changes leaves so long before the call is over. */
    RATING_FEED_MARGIN_MS = 250,
};

/* One kind of record, or all. */
struct rating_feed_filter {
    bool one_type;
    enum record_type type;
};

/* STATUS_INVALID_ARGUMENT: a name that is neither empty nor a record type's. */
MUST_USE enum status rating_feed_filter_parse(struct call *call, struct text record_type,
                                              struct rating_feed_filter *ret_filter);

struct rating_page_request {
    struct rating_feed_filter filter;
    int32_t page_size; /* 0: the default; at most RATING_PAGE_SIZE_MAX */
    struct text page_token;
};

struct rating_aggregate_page {
    const struct rating_stored_aggregate *aggregates; /* count 0: no votes any more */
    size_t count;
    struct text next_page_token; /* empty: the last page */
    int64_t sequence;
};

struct rating_stored_vote_page {
    const struct rating_stored_vote *votes;
    size_t count;
    struct text next_page_token;
    int64_t sequence;
};

MUST_USE enum status rating_feed_list_aggregates(struct rating_controller *self, struct call *call,
                                                 const struct rating_page_request *request,
                                                 struct rating_aggregate_page *ret_page);
MUST_USE enum status rating_feed_list_votes(struct rating_controller *self, struct call *call,
                                            const struct rating_page_request *request,
                                            struct rating_stored_vote_page *ret_page);

struct rating_changes_request {
    struct rating_feed_filter filter;
    int64_t after;     /* a sequence; 0: from the first */
    int32_t page_size; /* of changes that are looked at; as above */
    int32_t wait_ms;   /* 0 to RATING_FEED_WAIT_MS_MAX: parks when there is none */
};

struct rating_aggregate_changes {
    const struct rating_stored_aggregate *aggregates; /* as they stand; each record once */
    size_t count;
    int64_t sequence; /* the next request's `after` */
    bool more;        /* a whole page was looked at: there may be further ones */
};

struct rating_vote_changes {
    const struct rating_stored_vote *votes; /* in the order of their changes */
    size_t count;
    int64_t sequence;
    bool more;
};

/* STATUS_RESOURCE_EXHAUSTED: also when RATING_FEED_WAITING_MAX others wait.
 * STATUS_OUT_OF_RANGE: the change log does not reach back to `after`, or not so far yet: the reader
 * begins anew. */
MUST_USE enum status
rating_feed_list_aggregate_changes(struct rating_controller *self, struct call *call,
                                   const struct rating_changes_request *request,
                                   struct rating_aggregate_changes *ret_changes);
MUST_USE enum status rating_feed_list_vote_changes(struct rating_controller *self,
                                                   struct call *call,
                                                   const struct rating_changes_request *request,
                                                   struct rating_vote_changes *ret_changes);

/* The process is about to stop: who waits for changes is answered within RATING_FEED_SLICE_MS, and
 * nobody waits any more. From any thread. */
void rating_feed_end(struct rating_controller *self);
