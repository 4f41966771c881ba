/* The port rating_votes.h over calls to the rating service. */
#include "base/arena.h"
#include "base/clock.h"
#include "movie.pb-c.h"
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
        *ret_summary = (struct movie_summary){.mean = summary->mean,
                                              .count = summary->count,
                                              .histogram = summary->histogram,
                                              .bin_count = summary->n_histogram};
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

static enum status get_vote(void *state, struct call *call, struct text user_id,
                            struct text movie_id, struct movie_vote *ret_vote)
{
    GetRatingRequest request = GET_RATING_REQUEST__INIT;
    ProtobufCMessage *response;
    request.user_id = proto_bytes(user_id);
    request.record_id = proto_bytes(movie_id);
    request.record_type = movie_type();
    enum status status = gateway_rpc_ask(state, call, "/RatingService/GetRating", &request.base,
                                         &get_rating_response__descriptor, &response);
    if (status == STATUS_OK &&
        !read_vote(((const GetRatingResponse *)response)->rating, ret_vote)) {
        return unreadable(call);
    }
    return status;
}

static enum status put(void *state, struct call *call, struct text user_id, struct text movie_id,
                       int32_t hundredths)
{
    PutRatingRequest request = PUT_RATING_REQUEST__INIT;
    ExactValue value = EXACT_VALUE__INIT;
    ProtobufCMessage *response;
    value.hundredths = hundredths;
    request.user_id = proto_bytes(user_id);
    request.record_id = proto_bytes(movie_id);
    request.record_type = movie_type();
    request.exact_value = &value;
    return gateway_rpc_ask(state, call, "/RatingService/PutRating", &request.base,
                           &put_rating_response__descriptor, &response);
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
    .get_vote = get_vote,
    .put = put,
    .remove = remove_vote,
    .list = list,
};

struct rating_votes rpc_rating_votes(struct gateway_rpc *rpc)
{
    return (struct rating_votes){&ops, rpc};
}
