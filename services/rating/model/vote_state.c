#include "rating/model/vote_state.h"

bool vote_state_counts(const struct vote_state *state)
{
    return state->exists && !state->deleted;
}

enum rating_outcome vote_state_change(struct vote_state *state, const struct rating_change *change,
                                      int64_t now_ms)
{
    bool counted = vote_state_counts(state);
    int64_t time_ms = change->has_time ? change->time_ms : now_ms;

    if (state->exists && time_ms < state->time_ms) {
        if (change->has_time) {
            return RATING_STALE;
        }
        time_ms = state->time_ms;
    }
    if (change->kind == RATING_PUT) {
        if (counted && change->skip_unchanged && change->has_time && time_ms == state->time_ms &&
            change->hundredths == state->hundredths) {
            return RATING_UNCHANGED;
        }
        *state = (struct vote_state){
            .exists = true, .hundredths = change->hundredths, .time_ms = time_ms};
        return RATING_APPLIED;
    }
    /* A plain request to delete what never was leaves nothing behind: it has no event's time to
     * defend, and strangers must not fill the store with tombstones. */
    if (state->exists || change->has_time) {
        *state = (struct vote_state){.exists = true, .deleted = true, .time_ms = time_ms};
    }
    return counted ? RATING_APPLIED : RATING_ABSENT;
}
