/* The port rating_votes.h over calls to the rating service. */
#include "base/arena.h"
#include "base/clock.h"
#include "movie/gateway/gateway_status.h"
#include "movie/gateway/rpc_rating_gateway.h"
#include "proto/proto.h"

static ProtobufCBinaryData movie_type(void)
{
    return proto_bytes(text_of(record_type_name(RECORD_TYPE_MOVIE)));
}

static enum status get_summary(void *state, struct call *call, struct text movie_id,
                               struct movie_summary *ret_summary)
{
    GetRatingSummaryRequest request = GET_RATING_SUMMARY_REQUEST__INIT;
    ProtobufCMessage *response;
    request.record_id = proto_bytes(movie_id);
    request.record_type = movie_type();
    enum status status =
        gateway_rpc_ask(state, call, "/RatingService/GetRatingSummary", &request.base,
                        &get_rating_summary_response__descriptor, &response);
    if (status == STATUS_OK) {
        const GetRatingSummaryResponse *summary = (const GetRatingSummaryResponse *)response;
        *ret_summary =
            (struct movie_summary){.mean = summary->mean,
                                   .count = summary->count,
                                   .histogram = summary->histogram,
                                   .bin_count = summary->n_histogram,
                                   .score = summary->weighted_score,
                                   .parameters = rpc_score_parameters(summary->parameters)};
    }
    return status;
}

/* false: it has no value, or no time. */
static bool read_vote(const Rating *rating, struct movie_vote *ret_vote)
{
    int64_t time_ms;
    if (rating == NULL || rating->exact_value == NULL ||
        !clock_parse(proto_text(rating->event_time), &time_ms)) {
        return false;
    }
    *ret_vote = (struct movie_vote){.hundredths = rating->exact_value->hundredths,
                                    .time_ms = time_ms,
                                    .provider = proto_text(rating->provider_id)};
    return true;
}

static enum status unreadable(struct call *call)
{
    call_clear_error(call);
    (void)call_fail_detail(call, STATUS_INTERNAL, "the reply has a vote without value or time");
    return gateway_status(call, "rating", STATUS_INTERNAL);
}

static enum status get_own(void *state, struct call *call, struct text user_id,
                           struct text movie_id, bool wants_held, struct movie_own *ret_own)
{
    GetRatingRequest request = GET_RATING_REQUEST__INIT;
    ProtobufCMessage *response;
    request.user_id = proto_bytes(user_id);
    request.record_id = proto_bytes(movie_id);
    request.record_type = movie_type();
    request.want_held = wants_held;
    enum status status = gateway_rpc_ask(state, call, "/RatingService/GetRating", &request.base,
                                         &get_rating_response__descriptor, &response);
    if (status != STATUS_OK) {
        return status;
    }
    const GetRatingResponse *reply = (const GetRatingResponse *)response;
    struct movie_own own = {.is_counted = reply->rating != NULL,
                            .is_held = wants_held && reply->held != NULL};
    bool is_readable = (own.is_counted || own.is_held) &&
                       (!own.is_counted || read_vote(reply->rating, &own.counted)) &&
                       (!own.is_held || read_vote(reply->held, &own.held));
    if (!is_readable) {
        return unreadable(call);
    }
    *ret_own = own;
    return STATUS_OK;
}

static enum status put(void *state, struct call *call, struct text user_id, struct text movie_id,
                       int32_t hundredths, bool *ret_held)
{
    PutRatingRequest request = PUT_RATING_REQUEST__INIT;
    ExactValue value = EXACT_VALUE__INIT;
    ProtobufCMessage *response;
    value.hundredths = hundredths;
    request.user_id = proto_bytes(user_id);
    request.record_id = proto_bytes(movie_id);
    request.record_type = movie_type();
    request.exact_value = &value;
    enum status status = gateway_rpc_ask(state, call, "/RatingService/PutRating", &request.base,
                                         &put_rating_response__descriptor, &response);
    if (status == STATUS_OK) {
        *ret_held = ((const PutRatingResponse *)response)->held;
    }
    return status;
}

/* A ballot as a request of its own, all in the arena. false: no room. */
static bool write_ballot(struct arena *arena, struct text user_id,
                         const struct movie_ballot *ballot, PutRatingRequest **ret_request)
{
    char buffer[CLOCK_TIME_TEXT_BYTES];
    PutRatingRequest *request = arena_alloc(arena, sizeof(*request));
    ExactValue *value = arena_alloc(arena, sizeof(*value));
    struct text time = arena_copy(arena, clock_format(ballot->time_ms, buffer));
    if (request == NULL || value == NULL || time.data == NULL) {
        return false;
    }
    exact_value__init(value);
    value->hundredths = ballot->hundredths;
    put_rating_request__init(request);
    request->user_id = proto_bytes(user_id);
    request->record_id = proto_bytes(ballot->movie_id);
    request->record_type = movie_type();
    request->exact_value = value;
    request->event_time = proto_bytes(ballot->has_time ? time : TEXT(""));
    *ret_request = request;
    return true;
}

static enum status put_all(void *state, struct call *call, struct text user_id,
                           const struct movie_ballot *ballots, size_t count,
                           struct cast_ballots *ret_cast)
{
    BatchPutRatingsRequest request = BATCH_PUT_RATINGS_REQUEST__INIT;
    ProtobufCMessage *response;
    request.ratings = arena_calloc(call->arena, count, sizeof(PutRatingRequest *));
    struct refused_ballot *refused = arena_calloc(call->arena, count, sizeof(*refused));
    bool fits = request.ratings != NULL && refused != NULL;
    for (size_t i = 0; i < count && fits; i++) {
        fits = write_ballot(call->arena, user_id, &ballots[i], &request.ratings[i]);
    }
    if (!fits) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the request is too large");
    }
    request.n_ratings = count;
    enum status status =
        gateway_rpc_ask(state, call, "/RatingService/BatchPutRatings", &request.base,
                        &batch_put_ratings_response__descriptor, &response);
    if (status != STATUS_OK) {
        return status;
    }
    const BatchPutRatingsResponse *put_reply = (const BatchPutRatingsResponse *)response;
    size_t told = 0;
    for (size_t i = 0; i < put_reply->n_refused && told < count; i++) {
        const RefusedRating *row = put_reply->refused[i];
        if (row->index < count) {
            refused[told++] = (struct refused_ballot){row->index, proto_text(row->reason)};
        }
    }
    *ret_cast = (struct cast_ballots){refused, told, put_reply->held};
    return STATUS_OK;
}

static enum status remove_vote(void *state, struct call *call, struct text user_id,
                               struct text movie_id)
{
    DeleteRatingRequest request = DELETE_RATING_REQUEST__INIT;
    ProtobufCMessage *response;
    request.user_id = proto_bytes(user_id);
    request.record_id = proto_bytes(movie_id);
    request.record_type = movie_type();
    return gateway_rpc_ask(state, call, "/RatingService/DeleteRating", &request.base,
                           &delete_rating_response__descriptor, &response);
}

static enum status list(void *state, struct call *call, struct text user_id, size_t page_size,
                        struct text page_token, struct rated_movies *ret_page)
{
    ListUserRatingsRequest request = LIST_USER_RATINGS_REQUEST__INIT;
    ProtobufCMessage *response;
    request.user_id = proto_bytes(user_id);
    request.page_size = (int32_t)page_size;
    request.page_token = proto_bytes(page_token);
    enum status status =
        gateway_rpc_ask(state, call, "/RatingService/ListUserRatings", &request.base,
                        &list_user_ratings_response__descriptor, &response);
    if (status != STATUS_OK) {
        return status;
    }
    const ListUserRatingsResponse *page = (const ListUserRatingsResponse *)response;
    struct rated_movie *movies = arena_calloc(call->arena, page->n_ratings, sizeof(*movies));
    size_t count = 0;
    if (movies == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
    }
    for (size_t i = 0; i < page->n_ratings; i++) {
        const Rating *rating = page->ratings[i];
        if (!text_equal(proto_text(rating->record_type), proto_text(movie_type()))) {
            continue;
        }
        movies[count].movie_id = proto_text(rating->record_id);
        if (!read_vote(rating, &movies[count++].vote)) {
            return unreadable(call);
        }
    }
    *ret_page = (struct rated_movies){movies, count, proto_text(page->next_page_token)};
    return STATUS_OK;
}

static const struct rating_votes_ops ops = {
    .get_summary = get_summary,
    .get_own = get_own,
    .put = put,
    .put_all = put_all,
    .remove = remove_vote,
    .list = list,
};

struct rating_votes rpc_rating_votes(struct gateway_rpc *rpc)
{
    return (struct rating_votes){&ops, rpc};
}
