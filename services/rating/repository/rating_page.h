/* rating_page.h: what repositories hand out, copied from the store into a call's arena. */
#pragma once

#include "rating/model/vote_state.h"
#include "rating/repository/rating_repository.h"

/* Each copies every text. STATUS_RESOURCE_EXHAUSTED: no room; the call's error says so. */
MUST_USE enum status rating_page_copy_vote(struct call *call, const struct vote_key *key,
                                           const struct vote_state *state, struct vote *ret_vote);
MUST_USE enum status rating_page_copy_dead_letter(struct call *call,
                                                  const struct rating_dead_letter *letter,
                                                  struct rating_dead_letter *ret_letter);

/* Room for `limit` entries. NULL: none; the call's error says so. limit 0 gets room for one. */
MUST_USE void *rating_page_alloc(struct call *call, size_t limit, size_t entry_size);
