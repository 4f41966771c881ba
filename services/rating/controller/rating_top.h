/* rating_top.h: what a record's votes come to, with its weighted score, and which records are the
 * best. Results are valid in the call's arena; statuses as in rating_controller.h. */
#pragma once

#include "rating/controller/rating_controller.h"

struct rating_summary {
    struct rating_aggregate aggregate;
    double mean;           /* in points */
    bool has_score;        /* false: the parameters are not known yet */
    double weighted_score; /* in points */
    struct rank_parameters parameters;
};

/* STATUS_NOT_FOUND: nobody has voted on the record yet. */
MUST_USE enum status rating_controller_get_summary(struct rating_controller *self,
                                                   struct call *call, struct record_key record,
                                                   struct rating_summary *ret_summary);

struct rating_top_request {
    enum record_type type;
    enum rank_order order; /* not RANK_BY_YEAR */
    uint32_t minimum_votes;
    int32_t page_size; /* 0: the default; at most RATING_PAGE_SIZE_MAX */
    struct text page_token;
};

/* Values are shown as they are sorted. Follows what is stored within a moment.
 * STATUS_UNAVAILABLE: the ranking is being built after a start; the call's error says so.
 * STATUS_FAILED_PRECONDITION: this process has no ranking. */
MUST_USE enum status rating_controller_list_top(struct rating_controller *self, struct call *call,
                                                const struct rating_top_request *request,
                                                struct rank_page *ret_page);
