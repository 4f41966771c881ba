/* rating_page_token.h: page tokens: the key of the last entry shown, as text that clients only hand
 * back.
 *
 * Written in the call's arena. Reading returns STATUS_INVALID_ARGUMENT for what was not written
 * here; both return STATUS_RESOURCE_EXHAUSTED when the arena has no room. */
#pragma once

#include "rating/repository/rating_repository.h"

MUST_USE enum status rating_vote_token_write(struct call *call, const struct vote_key *last,
                                             struct text *ret_token);
/* Sets record and provider; the user, which was validated, is the request's own and stays. */
MUST_USE enum status rating_vote_token_read(struct call *call, struct text token,
                                            struct vote_key *ret_after);

MUST_USE enum status rating_dead_letter_token_write(struct call *call,
                                                    const struct rating_dead_letter *last,
                                                    struct text *ret_token);
MUST_USE enum status rating_dead_letter_token_read(struct call *call, struct text token,
                                                   struct rating_dead_letter_key *ret_after);

/* Of feeds (rating_feed.h): with the sequence that the first page told. */
MUST_USE enum status rating_aggregate_token_write(struct call *call, int64_t sequence,
                                                  struct record_key last, struct text *ret_token);
MUST_USE enum status rating_aggregate_token_read(struct call *call, struct text token,
                                                 int64_t *ret_sequence,
                                                 struct record_key *ret_after);
MUST_USE enum status rating_feed_token_write(struct call *call, int64_t sequence,
                                             const struct vote_key *last, struct text *ret_token);
MUST_USE enum status rating_feed_token_read(struct call *call, struct text token,
                                            int64_t *ret_sequence, struct vote_key *ret_after);
