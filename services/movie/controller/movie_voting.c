#include "movie/controller/movie_voting.h"

/* Its votes after the change, which is done whatever becomes of this. */
static struct movie_vote_outcome read_outcome(struct movie_controller *self,
                                              const struct call *call, struct text movie_id)
{
    struct movie_vote_outcome outcome = {.state = MOVIE_RATING_UNAVAILABLE};
    struct call rating_call = call_within(call, movie_controller_rating_timeout_ms(call));
    enum status status =
        self->votes.ops->get_summary(self->votes.state, &rating_call, movie_id, &outcome.summary);
    if (status == STATUS_OK) {
        outcome.state = MOVIE_RATED;
    } else if (status == STATUS_NOT_FOUND) {
        outcome.state = MOVIE_NO_VOTES;
    }
    return outcome;
}

static enum status validate(struct call *call, struct text user_id, struct text movie_id)
{
    enum status status = rating_user_validate(call, user_id);
    return status == STATUS_OK ? metadata_id_validate(call, movie_id) : status;
}

enum status movie_controller_rate(struct movie_controller *self, struct call *call,
                                  struct text user_id, struct text movie_id, int32_t hundredths,
                                  struct movie_vote_outcome *ret_outcome)
{
    bool is_held = false;
    enum status status = validate(call, user_id, movie_id);
    if (status == STATUS_OK) {
        status = movie_controller_check_movie(self, call, movie_id);
    }
    if (status == STATUS_OK) {
        status =
            self->votes.ops->put(self->votes.state, call, user_id, movie_id, hundredths, &is_held);
    }
    if (status == STATUS_OK) {
        *ret_outcome = read_outcome(self, call, movie_id);
        ret_outcome->is_held = is_held;
    }
    return status;
}

enum status movie_controller_unrate(struct movie_controller *self, struct call *call,
                                    struct text user_id, struct text movie_id,
                                    struct movie_vote_outcome *ret_outcome)
{
    enum status status = validate(call, user_id, movie_id);
    if (status == STATUS_OK) {
        status = self->votes.ops->remove(self->votes.state, call, user_id, movie_id);
    }
    if (status == STATUS_OK) {
        *ret_outcome = read_outcome(self, call, movie_id);
    }
    return status;
}

enum status movie_controller_rate_all(struct movie_controller *self, struct call *call,
                                      struct text user_id, const struct movie_ballot *ballots,
                                      size_t count, struct cast_ballots *ret_cast)
{
    enum status status = rating_user_validate(call, user_id);
    if (status == STATUS_OK && count > RATING_BATCH_MAX) {
        status = call_fail(call, STATUS_INVALID_ARGUMENT, "more than %d votes at once",
                           RATING_BATCH_MAX);
    }
    if (status != STATUS_OK) {
        return status;
    }
    return self->votes.ops->put_all(self->votes.state, call, user_id, ballots, count, ret_cast);
}
