#include "movie/gateway/grpc_rating_gateway.h"

#include "grpc/grpc_channel.h"
#include "movie/gateway/gateway_status.h"
#include "movie/gateway/rpc_rating_gateway.h"
#include "proto/proto.h"
#include "rating.pb-c.h"

static enum status get_aggregate(void *state, struct call *call, struct record_key record,
                                 struct rating_view *ret_view)
{
    struct grpc_rating_gateway *self = state;
    GetAggregatedRatingRequest request = GET_AGGREGATED_RATING_REQUEST__INIT;
    ProtobufCMessage *response;
    request.record_id = proto_bytes(record.id);
    request.record_type = proto_bytes(text_of(record_type_name(record.type)));
    enum status status = grpc_call_unary(
        self->channels[loop_index(loop_current())], call, "/RatingService/GetAggregatedRating",
        &(struct grpc_call_options){.idempotent = true}, &request.base,
        &get_aggregated_rating_response__descriptor, &response);
    if (status != STATUS_OK) {
        return gateway_status(call, "rating", status);
    }
    const GetAggregatedRatingResponse *aggregate = (const GetAggregatedRatingResponse *)response;
    *ret_view = (struct rating_view){.mean = aggregate->rating_value, .count = aggregate->count};
    return STATUS_OK;
}

static const struct rating_gateway_ops ops = {.get_aggregate = get_aggregate,
                                              .get_aggregates = rpc_rating_get_aggregates};

struct rating_gateway grpc_rating_gateway(struct grpc_rating_gateway *self)
{
    self->rpc = gateway_rpc_by_grpc("rating", self->channels);
    return (struct rating_gateway){&ops, self};
}
