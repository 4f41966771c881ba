/* The RPC face of taking in many votes: which movies they are on, and the votes. */
#include "base/arena.h"
#include "base/clock.h"
#include "movie.pb-c.h"
#include "movie/controller/movie_search.h"
#include "movie/controller/movie_voting.h"
#include "movie/handler/movie_handler_private.h"
#include "proto/proto.h"

/* false: no room. */
static bool write_match(struct arena *arena, const struct movie_found *found, Match *match)
{
    match__init(match);
    match->movie_id = proto_bytes(found->movie_id);
    match->how = (MatchHow)found->how;
    match->candidate_ids =
        arena_calloc(arena, found->candidate_count, sizeof(*match->candidate_ids));
    for (size_t i = 0; match->candidate_ids != NULL && i < found->candidate_count; i++) {
        match->candidate_ids[i] = proto_bytes(found->candidates[i]);
    }
    match->n_candidate_ids = found->candidate_count;
    return match->candidate_ids != NULL;
}

static enum status reply_matches(struct call *call, const struct movie_found *found, size_t count,
                                 MatchMoviesResponse *reply)
{
    Match *matches = arena_calloc(call->arena, count, sizeof(*matches));
    reply->matches = arena_calloc(call->arena, count, sizeof(Match *));
    bool fits = matches != NULL && reply->matches != NULL;
    for (size_t i = 0; i < count && fits; i++) {
        fits = write_match(call->arena, &found[i], &matches[i]);
        reply->matches[i] = &matches[i];
    }
    reply->n_matches = count;
    return fits ? STATUS_OK : movie_handler_no_room(call);
}

enum status movie_handler_match_movies(void *state, struct call *call, const void *request,
                                       void *response)
{
    const MatchMoviesRequest *match = request;
    struct movie_found *found;
    struct movie_lookup *lookups = arena_calloc(call->arena, match->n_queries, sizeof(*lookups));
    if (lookups == NULL) {
        return movie_handler_no_room(call);
    }
    for (size_t i = 0; i < match->n_queries; i++) {
        const MatchQuery *query = match->queries[i];
        lookups[i] = (struct movie_lookup){.imdb_id = proto_text(query->imdb_id),
                                           .tmdb_id = proto_text(query->tmdb_id),
                                           .movie_id = proto_text(query->movie_id),
                                           .title = proto_text(query->title),
                                           .year = query->year};
    }
    enum status status = movie_controller_look_up(state, call, lookups, match->n_queries, &found);
    return status == STATUS_OK ? reply_matches(call, found, match->n_queries, response) : status;
}

/* What cannot be a ballot is refused here, with its place in the request. */
struct reading {
    struct movie_ballot *ballots;
    size_t *places; /* of the ballots, in the request */
    size_t count;
    RateMoviesResponse *reply; /* its list of refusals has room for all */
};

static bool refuse(struct arena *arena, RateMoviesResponse *reply, size_t place, struct text reason)
{
    RefusedRating *refused = arena_alloc(arena, sizeof(*refused));
    if (refused == NULL) {
        return false;
    }
    refused_rating__init(refused);
    refused->index = (uint32_t)place;
    refused->reason = proto_bytes(reason);
    reply->refused[reply->n_refused++] = refused;
    return true;
}

/* false: no room. */
static bool read_vote(struct arena *arena, const TimedVote *vote, size_t place,
                      struct reading *reading)
{
    struct text time = proto_text(vote->time);
    struct movie_ballot ballot = {.movie_id = proto_text(vote->movie_id)};
    if (vote->value == NULL) {
        return refuse(arena, reading->reply, place, TEXT("the value is missing"));
    }
    ballot.hundredths = vote->value->hundredths;
    ballot.has_time = time.length > 0;
    if (ballot.has_time && !clock_parse(time, &ballot.time_ms)) {
        return refuse(arena, reading->reply, place, TEXT("the time is not one of RFC 3339"));
    }
    reading->places[reading->count] = place;
    reading->ballots[reading->count++] = ballot;
    return true;
}

static enum status read_votes(struct call *call, const RateMoviesRequest *request,
                              struct reading *reading)
{
    size_t count = request->n_votes;
    reading->ballots = arena_calloc(call->arena, count, sizeof(*reading->ballots));
    reading->places = arena_calloc(call->arena, count, sizeof(*reading->places));
    reading->reply->refused = arena_calloc(call->arena, count, sizeof(RefusedRating *));
    bool fits =
        reading->ballots != NULL && reading->places != NULL && reading->reply->refused != NULL;
    for (size_t i = 0; i < count && fits; i++) {
        fits = read_vote(call->arena, request->votes[i], i, reading);
    }
    return fits ? STATUS_OK : movie_handler_no_room(call);
}

enum status movie_handler_rate_movies(void *state, struct call *call, const void *request,
                                      void *response)
{
    const RateMoviesRequest *rate = request;
    RateMoviesResponse *reply = response;
    struct reading reading = {.reply = reply};
    struct cast_ballots cast;
    enum status status = rate->n_votes <= RATING_BATCH_MAX
                             ? read_votes(call, rate, &reading)
                             : call_fail(call, STATUS_INVALID_ARGUMENT,
                                         "more than %d votes at once", RATING_BATCH_MAX);
    if (status == STATUS_OK) {
        status = movie_controller_rate_all(state, call, proto_text(rate->user_id), reading.ballots,
                                           reading.count, &cast);
    }
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < cast.refused_count; i++) {
        const struct refused_ballot *refused = &cast.refused[i];
        if (!refuse(call->arena, reply, reading.places[refused->index], refused->reason)) {
            return movie_handler_no_room(call);
        }
    }
    reply->accepted = (uint32_t)(rate->n_votes - reply->n_refused);
    reply->held = (uint32_t)cast.held_count;
    return STATUS_OK;
}
