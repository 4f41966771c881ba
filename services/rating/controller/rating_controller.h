/* rating_controller.h: the rules of ratings: what a valid vote is, what an aggregate means, in
 * which pages votes are listed.
 *
 * Results are valid in the call's arena. Besides what each says, every function returns
 * STATUS_INVALID_ARGUMENT for input outside the limits of rating/model/rating.h, and what the
 * repository says of itself (UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, RESOURCE_EXHAUSTED). */
#pragma once

#include <stdatomic.h>

#include "rating/model/rating.h"
#include "rating/repository/rating_ranking.h"
#include "rating/repository/rating_repository.h"

/* The place of an event in the topic that is ingested. */
struct rating_place {
    int32_t partition;
    int64_t offset;
};

/* Who knows how far ingestion has got (rating/repository/rating_progress.h). */
struct rating_applied {
    /* Parks until the event at this place has been applied. STATUS_DEADLINE_EXCEEDED: it was not in
     * time; the call's error says why. */
    enum status (*await)(void *state, struct call *call, int32_t partition, int64_t offset);
    void *state;
};

struct rating_burst;

struct rating_controller {
    struct rating_repository repository;
    struct rating_applied applied; /* await NULL: there is nobody to ask */
    /* The steps in which votes may be entered through our own interface, in hundredths: 50 is half
     * points. What providers send is kept as it is. */
    int32_t step_hundredths;
    struct rating_ranking ranking;
    struct rating_burst *burst; /* borrowed; NULL: no vote is held (rating_quarantine.h) */
    atomic_bool feeds_end;      /* rating_feed_end() */
    atomic_uint feeds_waiting;  /* calls that wait for changes */
};

/* Stores a vote, replacing the earlier one of the same key. ret_held: NULL, or whether it is in a
 * burst and held for review (rating_quarantine.h): then it does not count. */
MUST_USE enum status rating_controller_put(struct rating_controller *self, struct call *call,
                                           const struct rating_change *change, bool *ret_held);

/* Applies several in one transaction; each was validated by rating_controller_validate().
 * *ret_changed: how many of them were not so already; *ret_held: how many are held. */
MUST_USE enum status rating_controller_put_all(struct rating_controller *self, struct call *call,
                                               const struct rating_change *changes, size_t count,
                                               size_t *ret_changed, size_t *ret_held);

/* Whether a vote may be stored: its parts and, without a provider, its step. */
MUST_USE enum status rating_controller_validate(const struct rating_controller *self,
                                                struct call *call,
                                                const struct rating_change *change);

/* Reads after the writes that the caller knows of: parks until the event at this place has been
 * applied, so that what is read behind it shows its effect. STATUS_DEADLINE_EXCEEDED: it was not in
 * time; the call's error says how far ingestion has got. STATUS_FAILED_PRECONDITION: this process
 * does not know of ingestion. */
MUST_USE enum status rating_controller_await(struct rating_controller *self, struct call *call,
                                             struct rating_place place);

/* "2:17": partition and offset. STATUS_INVALID_ARGUMENT: it is no such thing. */
MUST_USE enum status rating_place_parse(struct call *call, struct text text,
                                        struct rating_place *ret_place);

/* STATUS_NOT_FOUND: there is no such vote. */
MUST_USE enum status rating_controller_delete(struct rating_controller *self, struct call *call,
                                              const struct vote_key *key);
MUST_USE enum status rating_controller_get_vote(struct rating_controller *self, struct call *call,
                                                const struct vote_key *key, struct vote *ret_vote);

/* STATUS_NOT_FOUND: nobody has voted on the record yet. */
MUST_USE enum status rating_controller_get_aggregate(struct rating_controller *self,
                                                     struct call *call, struct record_key record,
                                                     struct rating_aggregate *ret_aggregate);

/* Fills in what stands of each record; all zero where nobody has voted. count: at most
 * RATING_BATCH_MAX. STATUS_INVALID_ARGUMENT: one of the ids is none. */
MUST_USE enum status rating_controller_get_aggregates(struct rating_controller *self,
                                                      struct call *call,
                                                      struct rating_stored_aggregate *aggregates,
                                                      size_t count);

struct rating_vote_page {
    const struct vote *votes;
    size_t count;
    struct text next_page_token; /* empty: the last page */
};

/* page_size: 0 for the default. page_token: empty, or the one of the page before. */
MUST_USE enum status rating_controller_list_user_votes(struct rating_controller *self,
                                                       struct call *call, struct text user,
                                                       int32_t page_size, struct text page_token,
                                                       struct rating_vote_page *ret_page);

struct rating_dead_letter_page {
    const struct rating_dead_letter *letters;
    size_t count;
    struct text next_page_token;
};

MUST_USE enum status rating_controller_list_dead_letters(struct rating_controller *self,
                                                         struct call *call, int32_t page_size,
                                                         struct text page_token,
                                                         struct rating_dead_letter_page *ret_page);

/* STATUS_NOT_FOUND: it was settled, or never was. */
MUST_USE enum status rating_controller_get_dead_letter(struct rating_controller *self,
                                                       struct call *call,
                                                       const struct rating_dead_letter_key *key,
                                                       struct rating_dead_letter *ret_letter);

/* Decodes a dead letter's event again and applies it, removing the letter in the same transaction.
 * An event without eventTime counts as of when it was set aside, so that it yields to what came
 * after it. event: in place of the letter's own, which it mends; empty: that one.
 * *ret_reason: empty, or why the event cannot be applied this time either: the letter stays, with
 * that as its reason unless another event was given. STATUS_NOT_FOUND: there is no such letter. */
MUST_USE enum status rating_controller_retry_dead_letter(struct rating_controller *self,
                                                         struct call *call,
                                                         const struct rating_dead_letter_key *key,
                                                         struct text event,
                                                         struct text *ret_reason);

enum { RATING_RETRY_PAGE_SIZE_DEFAULT = 100 };

struct rating_retried_page {
    size_t applied;
    size_t failed;
    struct text next_page_token; /* empty: there are no more */
};

/* The same for a page of them, in their order; those of one partition in one transaction.
 * page_size: 0 for the default; fewer are taken where their events are large. When it fails, those
 * of earlier partitions may have been applied. */
MUST_USE enum status rating_controller_retry_dead_letters(struct rating_controller *self,
                                                          struct call *call, int32_t page_size,
                                                          struct text page_token,
                                                          struct rating_retried_page *ret_page);
