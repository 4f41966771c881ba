#include "marquee/rebuild_expected.h"

static enum status advance_snapshot(struct rebuild_expected *expected, struct call *call)
{
    expected->has_vote = false;
    return expected->snapshot == NULL ? STATUS_OK
                                      : snapshot_reader_next(expected->snapshot, call,
                                                             &expected->has_vote, &expected->vote);
}

static enum status advance_states(struct rebuild_expected *expected, struct call *call)
{
    return rebuild_states_next(expected->follower->states, call, &expected->has_state,
                               &expected->key, &expected->state);
}

enum status rebuild_expected_begin(struct rebuild_expected *expected, struct call *call)
{
    enum status status = rebuild_states_begin(expected->follower->states, call);
    status = status == STATUS_OK ? advance_snapshot(expected, call) : status;
    return status == STATUS_OK ? advance_states(expected, call) : status;
}

enum status rebuild_expected_next(struct rebuild_expected *expected, struct call *call,
                                  bool *ret_found, struct vote_key *ret_key,
                                  struct rebuild_state *ret_state)
{
    *ret_found = expected->has_vote || expected->has_state;
    if (!*ret_found) {
        return STATUS_OK;
    }
    int order = !expected->has_vote ? 1
                : !expected->has_state
                    ? -1
                    : rebuild_compare_keys(&expected->vote.vote.key, &expected->key);
    enum status status = STATUS_OK;
    if (order >= 0) { /* the log's word is the newer */
        *ret_key = expected->key;
        *ret_state = expected->state;
        status = advance_states(expected, call);
    } else {
        *ret_key = expected->vote.vote.key;
        *ret_state = (struct rebuild_state){
            .sequence = expected->snapshot_sequence,
            .deleted = expected->vote.deleted,
            .hundredths = expected->vote.vote.hundredths,
            .time_ms = expected->vote.vote.time_ms,
        };
    }
    if (status == STATUS_OK && order <= 0) {
        status = advance_snapshot(expected, call);
    }
    return status;
}
