#include "movie/gateway/grpc_metadata_gateway.h"

#include "grpc/grpc_channel.h"
#include "metadata/model/metadata_message.h"
#include "movie/gateway/gateway_status.h"
#include "movie/gateway/rpc_metadata_gateway.h"
#include "proto/proto.h"

static enum status get(void *state, struct call *call, struct text movie_id,
                       struct metadata *ret_metadata)
{
    struct grpc_metadata_gateway *self = state;
    GetMetadataRequest request = GET_METADATA_REQUEST__INIT;
    ProtobufCMessage *response;
    request.movie_id = proto_bytes(movie_id);
    enum status status = grpc_call_unary(
        self->channels[loop_index(loop_current())], call, "/MetadataService/GetMetadata",
        &(struct grpc_call_options){.idempotent = true}, &request.base,
        &get_metadata_response__descriptor, &response);
    if (status != STATUS_OK) {
        return gateway_status(call, "metadata", status);
    }
    struct metadata metadata;
    status =
        metadata_from_message(call->arena, ((GetMetadataResponse *)response)->metadata, &metadata);
    if (status == STATUS_OK && !text_equal(metadata.id, movie_id)) {
        status = call_fail(call, STATUS_INTERNAL, "the reply is about another movie");
    }
    if (status != STATUS_OK) {
        return gateway_status(call, "metadata", status);
    }
    *ret_metadata = metadata;
    return STATUS_OK;
}

static const struct metadata_gateway_ops ops = {.get = get,
                                                .get_all = rpc_metadata_get_all,
                                                .search = rpc_metadata_search,
                                                .look_up = rpc_metadata_look_up};

struct metadata_gateway grpc_metadata_gateway(struct grpc_metadata_gateway *self)
{
    self->rpc = gateway_rpc_by_grpc("metadata", self->channels);
    return (struct metadata_gateway){&ops, self};
}
