/* The RPC face of votes on movies. */
#include "movie.pb-c.h"
#include "movie/controller/movie_voting.h"
#include "movie/handler/movie_handler_private.h"
#include "movie/model/movie_message.h"
#include "proto/proto.h"

/* false: no room. */
static bool write_outcome(struct arena *arena, const struct movie_vote_outcome *outcome,
                          MovieSummary **ret_summary, RatingState *ret_state)
{
    *ret_state = movie_rating_state_to_message(outcome->state);
    if (outcome->state != MOVIE_RATED) {
        return true;
    }
    *ret_summary = movie_summary_to_message(arena, &outcome->summary);
    return *ret_summary != NULL;
}

enum status movie_handler_rate_movie(void *state, struct call *call, const void *request,
                                     void *response)
{
    const RateMovieRequest *rate = request;
    RateMovieResponse *reply = response;
    struct movie_vote_outcome outcome;
    if (rate->value == NULL) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the value is missing");
    }
    enum status status =
        movie_controller_rate(state, call, proto_text(rate->user_id), proto_text(rate->movie_id),
                              rate->value->hundredths, &outcome);
    if (status != STATUS_OK) {
        return status;
    }
    reply->held = outcome.is_held;
    return write_outcome(call->arena, &outcome, &reply->summary, &reply->rating_state)
               ? STATUS_OK
               : movie_handler_no_room(call);
}

enum status movie_handler_unrate_movie(void *state, struct call *call, const void *request,
                                       void *response)
{
    const UnrateMovieRequest *unrate = request;
    UnrateMovieResponse *reply = response;
    struct movie_vote_outcome outcome;
    enum status status = movie_controller_unrate(state, call, proto_text(unrate->user_id),
                                                 proto_text(unrate->movie_id), &outcome);
    if (status != STATUS_OK) {
        return status;
    }
    return write_outcome(call->arena, &outcome, &reply->summary, &reply->rating_state)
               ? STATUS_OK
               : movie_handler_no_room(call);
}
