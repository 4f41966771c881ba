/* recommend_model.h: what is alike, and what somebody may like, from votes alone.
 *
 * Item to item: the cosine of two items over the users who voted on both, of votes from which the
 * user's mean was taken (Sarwar et al., "Item-Based Collaborative Filtering Recommendation
 * Algorithms", WWW 2001), times n/(n + shrinkage) for n such users (Herlocker's significance
 * weighting in the form that Bell and Koren gave it), and only where n is at least the minimum of
 * co-raters. As in LensKit's item-item scorer, the norm of an item is over all of its votes, and
 * only positive similarities are kept, the best `neighbours` of each item.
 *
 * Personal: from each item that the user liked (a vote at or above the user's own mean) its
 * neighbours get their similarity, divided by the sum of that item's (Deshpande and Karypis,
 * "Item-Based Top-N Recommendation Algorithms", TOIS 2004: so that items whose neighbours are many
 * and near do not drown the others, and with them the popular ones). What the user has voted on is
 * left out. The liked item that gave most is the reason.
 *
 * Exact: votes are kept in twentieths of a point and sums are of integers, so that a model that
 * followed changes is the same as one built of what is left, whatever the order. Of an item with
 * many votes, whose list costs the more to compute and says the same after one of them, this holds
 * but for the last few changes (changes_share): with the defaults, from 64 votes on.
 *
 * Bounded: of a user with more than RECOMMEND_USER_VOTES_MAX votes one in two, four, … counts
 * between items, chosen by hash, so that about that many do at most; all count for the mean and
 * for what is left out. So one with 20,000 votes costs 500 * 500 pairs, not 4 * 10^8. Votes take 9
 * bytes and what growing arrays hold in reserve, items some 100 and 8 a neighbour.
 *
 * One writer at a time: recommend_apply() takes changes and notes which items they reach,
 * recommend_refresh() works through some of those and publishes. Any number of readers meanwhile:
 * they look at lists that do not change once published, and take a lock only for the time of a
 * look-up and of copying one user's votes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

enum {
    RECOMMEND_NEIGHBOURS_MAX = 40,
    RECOMMEND_USER_VOTES_MAX = 500,
    RECOMMEND_RESULTS_MAX = 100,
    RECOMMEND_ID_BYTES_MAX = 255,
    RECOMMEND_ITEMS_MAX = 1 << 22,
    RECOMMEND_USERS_MAX = 1 << 23,
    RECOMMEND_HUNDREDTHS_MAX = 1000, /* 10 points */
    RECOMMEND_CO_RATERS_DEFAULT = 3,
    RECOMMEND_SHRINKAGE_DEFAULT = 100,
    RECOMMEND_CHANGES_SHARE_DEFAULT = 64,
};

struct recommend_settings {
    uint32_t minimum_co_raters; /* at least 1 */
    uint32_t shrinkage;
    uint32_t neighbours;     /* 1 to RECOMMEND_NEIGHBOURS_MAX */
    uint32_t user_votes_max; /* that count between items; 1 to RECOMMEND_USER_VOTES_MAX */
    /* A list is computed anew when changes, times this, are as many as the votes on its item; a
     * vote that has got another value, or another mean of its user, is two. 0: with each. */
    uint32_t changes_share;
};

/* The defaults: 3, 100, 40, 500, 64; how they were found: docs/recommendations.md. */
struct recommend_settings recommend_settings_default(void);

struct recommend_model;

/* STATUS_RESOURCE_EXHAUSTED: no memory. *ret_model is owned by the caller. CHECKs the settings. */
MUST_USE enum status recommend_model_create(const struct recommend_settings *settings,
                                            struct recommend_model **ret_model);

/* NULL is accepted. Nobody may be asking. */
void recommend_model_destroy(struct recommend_model *model);

/* ---- the writer ---- */

/* The vote of a user on an item from now on. */
struct recommend_change {
    struct text user; /* 1 to RECOMMEND_ID_BYTES_MAX bytes; likewise the item */
    struct text item;
    bool removed;
    int32_t hundredths; /* 0 to RECOMMEND_HUNDREDTHS_MAX; of one that is not removed */
};

/* Copied. Asked for what a user has not voted on sees it at once, the lists when they are
 * refreshed. STATUS_INVALID_ARGUMENT: an id or a value out of bounds. STATUS_RESOURCE_EXHAUSTED: no
 * memory, or a maximum of users or items. Then changes nothing. */
MUST_USE enum status recommend_apply(struct recommend_model *model,
                                     const struct recommend_change *change);

/* Recomputes items that changes have reached, the longest waiting first, until `work_max` pairs of
 * votes were looked at (some 3 ns each), and publishes; a work_max of UINT64_MAX does all. An item
 * is not cut: it may exceed by as many as its voters have votes. STATUS_RESOURCE_EXHAUSTED: no
 * memory; what was not done stays waiting. */
MUST_USE enum status recommend_refresh(struct recommend_model *model, uint64_t work_max);

/* ---- anybody ---- */

struct recommend_counts {
    uint64_t votes;
    uint32_t users; /* seen ever, as the items */
    uint32_t items;
    uint32_t waiting; /* items that changes have reached since, and users who are new since */
};
struct recommend_counts recommend_model_counts(struct recommend_model *model);

struct recommend_result {
    struct text item; /* valid in the arena */
    /* Of alike items: the similarity, over 0 to 1. Of recommended ones: the sum of shares; only
     * for comparing within one answer. */
    float score;
    /* Of recommended ones: the vote that this user's votes on its neighbours foretell. */
    int32_t foretold_hundredths;
    struct text because_of; /* the liked item that gave most; valid in the arena; else empty */
};

struct recommend_answer {
    struct recommend_result results[RECOMMEND_RESULTS_MAX]; /* best first */
    size_t count;
    uint32_t votes; /* of the item, or of the user: 0 explains an empty answer */
};

/* limit: 1 to RECOMMEND_RESULTS_MAX. STATUS_RESOURCE_EXHAUSTED: no room in the arena. An item or
 * user that was never seen has no votes and an empty answer. */
MUST_USE enum status recommend_similar(struct recommend_model *model, struct arena *arena,
                                       struct text item, size_t limit,
                                       struct recommend_answer *ret_answer);
MUST_USE enum status recommend_to_user(struct recommend_model *model, struct arena *arena,
                                       struct text user, size_t limit,
                                       struct recommend_answer *ret_answer);
