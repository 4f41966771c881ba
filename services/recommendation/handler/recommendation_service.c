/* The RPC face of recommendations: between messages and the controller. */
#include "base/arena.h"
#include "proto/proto.h"
#include "recommendation/handler/recommendation_handler.h"
#include "recommendation/model/recommendation_message.h"

static enum status no_room(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
}

static enum status list_similar(void *state, struct call *call, const void *request, void *response)
{
    const ListSimilarRequest *list = request;
    ListSimilarResponse *reply = response;
    struct recommendation_list found;
    enum status status = recommendation_controller_list_similar(
        state, call, proto_text(list->record_type), proto_text(list->record_id), list->page_size,
        &found);
    if (status != STATUS_OK) {
        return status;
    }
    reply->results = recommendations_to_messages(call->arena, &found);
    reply->n_results = found.count;
    reply->votes = found.votes;
    reply->basis = recommendation_basis_to_message(call->arena, &found.basis);
    return reply->results != NULL && reply->basis != NULL ? STATUS_OK : no_room(call);
}

static enum status list_recommended(void *state, struct call *call, const void *request,
                                    void *response)
{
    const ListRecommendedRequest *list = request;
    ListRecommendedResponse *reply = response;
    struct recommendation_list found;
    enum status status =
        recommendation_controller_list_for_user(state, call, proto_text(list->record_type),
                                                proto_text(list->user_id), list->page_size, &found);
    if (status != STATUS_OK) {
        return status;
    }
    reply->results = recommendations_to_messages(call->arena, &found);
    reply->n_results = found.count;
    reply->votes = found.votes;
    reply->basis = recommendation_basis_to_message(call->arena, &found.basis);
    return reply->results != NULL && reply->basis != NULL ? STATUS_OK : no_room(call);
}

static enum status get_model(void *state, struct call *call, const void *request, void *response)
{
    GetModelResponse *reply = response;
    struct recommendation_basis basis;
    (void)request; /* it has no fields */
    enum status status = recommendation_controller_get_basis(state, call, &basis);
    if (status != STATUS_OK) {
        return status;
    }
    reply->basis = recommendation_basis_to_message(call->arena, &basis);
    return reply->basis != NULL ? STATUS_OK : no_room(call);
}

static const struct grpc_method methods[] = {
    {.name = "ListSimilar",
     .no_side_effects = true,
     .request = &list_similar_request__descriptor,
     .response = &list_similar_response__descriptor,
     .unary = list_similar},
    {.name = "ListRecommended",
     .no_side_effects = true,
     .request = &list_recommended_request__descriptor,
     .response = &list_recommended_response__descriptor,
     .unary = list_recommended},
    {.name = "GetModel",
     .no_side_effects = true,
     .request = &get_model_request__descriptor,
     .response = &get_model_response__descriptor,
     .unary = get_model},
};

struct grpc_service recommendation_handler_service(struct recommendation_controller *controller)
{
    return (struct grpc_service){.name = "RecommendationService",
                                 .methods = methods,
                                 .method_count = ARRAY_LENGTH(methods),
                                 .state = controller};
}
