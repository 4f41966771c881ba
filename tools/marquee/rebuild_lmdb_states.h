/* rebuild_lmdb_states.h: what the records of a change log make of each vote: the last one's word,
 * by vote, in a scratch LMDB environment, so that memory is bounded however long the log is. */
#pragma once

#include "base/call.h"
#include "rating/repository/rating_repository.h"

struct rebuild_states;

/* What stands after a record. */
struct rebuild_state {
    int64_t sequence; /* of the record */
    bool deleted;
    int32_t hundredths;
    int64_t time_ms;
};

/* directory: for the scratch files, which have no name and go with the process. STATUS_UNAVAILABLE:
 * they cannot be written there. *ret_states is owned by the caller. */
MUST_USE enum status rebuild_states_open(struct call *call, struct text directory,
                                         struct rebuild_states **ret_states);
void rebuild_states_close(struct rebuild_states *states);

/* Takes all records after `after` that the change log has now. *ret_last: the last that was taken;
 * untouched where there was none. Others than of votes are passed over. STATUS_DATA_LOSS: a record
 * is missing. Else as list_changes(). */
MUST_USE enum status rebuild_states_take(struct rebuild_states *states, struct call *call,
                                         const struct rating_repository *repository, int64_t after,
                                         int64_t *ret_last);

/* STATUS_NOT_FOUND: no record is of this vote. */
MUST_USE enum status rebuild_states_get(struct rebuild_states *states, struct call *call,
                                        const struct vote_key *key,
                                        struct rebuild_state *ret_state);

/* The votes in the order of list_votes(), as they were when the walk began. One walk at a time. */
MUST_USE enum status rebuild_states_begin(struct rebuild_states *states, struct call *call);
/* The next; *ret_found false: no more. The key is borrowed until the end of the walk. */
MUST_USE enum status rebuild_states_next(struct rebuild_states *states, struct call *call,
                                         bool *ret_found, struct vote_key *ret_key,
                                         struct rebuild_state *ret_state);
void rebuild_states_end(struct rebuild_states *states);

/* The order of list_votes(): below, at or above 0. */
int rebuild_compare_keys(const struct vote_key *left, const struct vote_key *right);
