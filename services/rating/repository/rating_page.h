/* rating_page.h: what repositories hand out, copied from the store into a call's arena. */
#pragma once

#include "rating/model/vote_state.h"
#include "rating/repository/rating_repository.h"

/* Each copies every text. STATUS_RESOURCE_EXHAUSTED: no room; the call's error says so. */
MUST_USE enum status rating_page_copy_vote(struct call *call, const struct vote_key *key,
                                           const struct vote_state *state, struct vote *ret_vote);
MUST_USE enum status rating_page_copy_stored_vote(struct call *call, const struct vote_key *key,
                                                  const struct vote_state *state,
                                                  struct rating_stored_vote *ret_vote);
MUST_USE enum status rating_page_copy_record(struct call *call, struct record_key record,
                                             struct record_key *ret_record);
MUST_USE enum status rating_page_copy_change(struct call *call,
                                             const struct rating_change_record *record,
                                             struct rating_change_record *ret_record);
MUST_USE enum status rating_page_copy_dead_letter(struct call *call,
                                                  const struct rating_dead_letter *letter,
                                                  struct rating_dead_letter *ret_letter);

/* STATUS_OUT_OF_RANGE of a reader of the change log, with its words. */
enum status rating_page_fail_range(struct call *call);

/* Room for `limit` entries. NULL: none; the call's error says so. limit 0 gets room for one. */
MUST_USE void *rating_page_alloc(struct call *call, size_t limit, size_t entry_size);
