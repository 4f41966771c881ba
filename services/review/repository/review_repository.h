/* review_repository.h: where reviews and likes live.
 *
 * A write that returned STATUS_OK is durable (the memory implementation: for the life of the
 * process), and the counts of its record have changed with it, in one transaction. Safe from any
 * loop thread; an operation parks its fiber, never the thread. All are mandatory, and all may
 * return STATUS_UNAVAILABLE (the store cannot be used now; nothing has changed),
 * STATUS_DEADLINE_EXCEEDED and STATUS_CANCELLED (the call was over; a write may or may not have
 * been done: repeating it does no harm), and STATUS_RESOURCE_EXHAUSTED (no room in the call's
 * arena). STATUS_NOT_FOUND comes without words: the controller knows what was asked for. */
#pragma once

#include "review/model/review.h"

enum {
    REVIEW_LIST_MAX = 32,                     /* reviews asked for at once: each may be large */
    LIKE_LIST_MAX = REVIEW_PAGE_SIZE_MAX + 1, /* likes asked for at once */
};

struct review_repository_ops {
    /* Stores it, created at review->created_ms. Where the user has one of that record, its text and
     * flag are replaced, it keeps its likes and the time when it was created, and
     * review->created_ms is when it was edited, but not before it was created; if both were the
     * same already, nothing changes. yields: nor where the one there was written or edited later
     * than that. Borrowed for the call.
     * *ret_stored: as it is kept now; borrows from `review`; not written where it yielded.
     * *ret_changed: the store is another than before. */
    enum status (*put)(void *state, struct call *call, const struct review *review, bool yields,
                       struct review *ret_stored, bool *ret_changed);

    /* Its likes go with it. STATUS_NOT_FOUND: the user has none of that record. */
    enum status (*remove)(void *state, struct call *call, const struct review_key *key);

    /* Valid in the call's arena. STATUS_NOT_FOUND: the user has none of that record. */
    enum status (*get)(void *state, struct call *call, const struct review_key *key,
                       struct review *ret_review);

    /* The first `limit` reviews of the record behind the place `after`, of which created_ms,
     * key.user and, in that order, like_count count: the newest first, those of one millisecond by
     * user in byte order; before that, in that order, by likes. NULL: from the beginning. Valid in
     * the call's arena. Fewer than `limit`: there are no more. limit: at most REVIEW_LIST_MAX. */
    enum status (*list_of_record)(void *state, struct call *call, const struct review_query *query,
                                  const struct review *after, size_t limit,
                                  struct review **ret_reviews, size_t *ret_count);

    /* The same of a user, the newest first: of `after`, created_ms and key.record count; those of
     * one millisecond by the record type's number, then by its id in byte order. */
    enum status (*list_of_user)(void *state, struct call *call, struct text user,
                                const struct review *after, size_t limit,
                                struct review **ret_reviews, size_t *ret_count);

    /* A like that is there stays as it is. *ret_count: of the record, with it. */
    enum status (*put_like)(void *state, struct call *call, const struct like *like,
                            uint64_t *ret_count);

    /* A like that is not there is no failure. *ret_count: of the record, without it. */
    enum status (*remove_like)(void *state, struct call *call, const struct review_key *key,
                               uint64_t *ret_count);

    /* The user's likes, as list_of_user() lists reviews; of `after`, time_ms and key.record count.
     * limit: at most LIKE_LIST_MAX. */
    enum status (*list_likes)(void *state, struct call *call, struct text user,
                              const struct like *after, size_t limit, struct like **ret_likes,
                              size_t *ret_count);

    /* One that is there stays as it is. *ret_count: of the review, with it. STATUS_NOT_FOUND: there
     * is no such review. */
    enum status (*put_review_like)(void *state, struct call *call, const struct review_like *like,
                                   uint64_t *ret_count);

    /* One that is not there is no failure, and no review neither; its time does not count.
     * *ret_count: of the review, without it. */
    enum status (*remove_review_like)(void *state, struct call *call,
                                      const struct review_like *like, uint64_t *ret_count);

    /* key->user empty: of nobody. A record that nobody has said anything of has zeros. */
    enum status (*get_reactions)(void *state, struct call *call, const struct review_key *key,
                                 struct review_reactions *ret_reactions);

    /* Frees the state; what was acknowledged is kept. No operation may be running. */
    void (*close)(void *state);
};

struct review_repository {
    const struct review_repository_ops *ops;
    void *state;
};
