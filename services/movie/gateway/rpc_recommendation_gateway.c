#include "movie/gateway/rpc_recommendation_gateway.h"

#include "movie/gateway/gateway_status.h"
#include "proto/proto.h"
#include "recommendation/model/recommendation_message.h"

/* More than was asked for is the other side's fault. */
static enum status take(struct call *call, Recommendation *const *results, size_t count,
                        const ModelBasis *basis, uint32_t votes,
                        struct recommendation_list *ret_list)
{
    enum status status = recommendations_from_messages(call, results, count, basis, ret_list);
    ret_list->votes = votes;
    return gateway_status(call, "recommendation", status);
}

static enum status list_similar(void *state, struct call *call, struct text movie_id, size_t count,
                                struct recommendation_list *ret_list)
{
    ListSimilarRequest request = LIST_SIMILAR_REQUEST__INIT;
    ProtobufCMessage *response;
    request.record_id = proto_bytes(movie_id);
    request.record_type = proto_bytes(text_of(record_type_name(RECORD_TYPE_MOVIE)));
    request.page_size = (int32_t)count;
    enum status status =
        gateway_rpc_ask(state, call, "/RecommendationService/ListSimilar", &request.base,
                        &list_similar_response__descriptor, &response);
    if (status != STATUS_OK) {
        return status;
    }
    const ListSimilarResponse *found = (const ListSimilarResponse *)response;
    return take(call, found->results, found->n_results, found->basis, found->votes, ret_list);
}

static enum status list_for_user(void *state, struct call *call, struct text user_id, size_t count,
                                 struct recommendation_list *ret_list)
{
    ListRecommendedRequest request = LIST_RECOMMENDED_REQUEST__INIT;
    ProtobufCMessage *response;
    request.user_id = proto_bytes(user_id);
    request.record_type = proto_bytes(text_of(record_type_name(RECORD_TYPE_MOVIE)));
    request.page_size = (int32_t)count;
    enum status status =
        gateway_rpc_ask(state, call, "/RecommendationService/ListRecommended", &request.base,
                        &list_recommended_response__descriptor, &response);
    if (status != STATUS_OK) {
        return status;
    }
    const ListRecommendedResponse *found = (const ListRecommendedResponse *)response;
    return take(call, found->results, found->n_results, found->basis, found->votes, ret_list);
}

static const struct recommendation_gateway_ops ops = {
    .list_similar = list_similar,
    .list_for_user = list_for_user,
};

struct recommendation_gateway
rpc_recommendation_gateway_by_grpc(struct rpc_recommendation_gateway *self)
{
    self->rpc = gateway_rpc_by_grpc("recommendation", self->channels);
    return (struct recommendation_gateway){&ops, self};
}

struct recommendation_gateway
rpc_recommendation_gateway_by_http(struct rpc_recommendation_gateway *self)
{
    self->rpc = gateway_rpc_by_http("recommendation", self->endpoints);
    return (struct recommendation_gateway){&ops, self};
}
