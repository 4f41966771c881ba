#include "movie/gateway/rpc_rating_gateway.h"

#include "base/arena.h"
#include "proto/proto.h"

static enum status no_room(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
}

struct movie_score_parameters rpc_score_parameters(const ScoreParameters *message)
{
    if (message == NULL) {
        return (struct movie_score_parameters){.formula = 0};
    }
    return (struct movie_score_parameters){.formula = message->formula,
                                           .minimum_votes = message->minimum_votes,
                                           .mean = message->mean,
                                           .version = proto_text(message->version)};
}

/* The replies name those with votes in the order asked. */
static void join(const BatchGetAggregatedRatingsResponse *batch, const struct text *movie_ids,
                 size_t count, struct rating_view *views, double *scores)
{
    size_t next = 0;
    for (size_t i = 0; i < count; i++) {
        const RankedRecord *rated = next < batch->n_ratings ? batch->ratings[next] : NULL;
        if (rated != NULL && text_equal(proto_text(rated->record_id), movie_ids[i])) {
            views[i] = (struct rating_view){.mean = rated->mean, .count = rated->count};
            scores[i] = rated->weighted_score;
            next++;
        } else {
            views[i] = (struct rating_view){.no_votes = true};
        }
    }
}

enum status rpc_rating_get_aggregates(void *state, struct call *call, const struct text *movie_ids,
                                      size_t count, struct rating_views *ret_views)
{
    const struct gateway_rpc *rpc = state;
    BatchGetAggregatedRatingsRequest request = BATCH_GET_AGGREGATED_RATINGS_REQUEST__INIT;
    ProtobufCMessage *response;
    struct rating_view *views = arena_calloc(call->arena, count, sizeof(*views));
    double *scores = arena_calloc(call->arena, count, sizeof(*scores));
    request.record_ids = arena_calloc(call->arena, count, sizeof(*request.record_ids));
    if (views == NULL || scores == NULL || request.record_ids == NULL) {
        return no_room(call);
    }
    for (size_t i = 0; i < count; i++) {
        request.record_ids[i] = proto_bytes(movie_ids[i]);
    }
    request.n_record_ids = count;
    request.record_type = proto_bytes(text_of(record_type_name(RECORD_TYPE_MOVIE)));
    enum status status =
        gateway_rpc_ask(rpc, call, "/RatingService/BatchGetAggregatedRatings", &request.base,
                        &batch_get_aggregated_ratings_response__descriptor, &response);
    if (status != STATUS_OK) {
        return status;
    }
    const BatchGetAggregatedRatingsResponse *batch =
        (const BatchGetAggregatedRatingsResponse *)response;
    join(batch, movie_ids, count, views, scores);
    *ret_views = (struct rating_views){
        .views = views, .scores = scores, .parameters = rpc_score_parameters(batch->parameters)};
    return STATUS_OK;
}
