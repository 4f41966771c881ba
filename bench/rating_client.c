#include "rating_client.h"

#include "grpc/grpc_channel.h"
#include "loop/loop.h"
#include "movie_descriptors.h"
#include "proto/proto.h"
#include "rating.pb-c.h"

void rating_client_open(struct rating_client *self, struct text address)
{
    static const ProtobufCMessageDescriptor *const types[] = {
        &get_aggregated_rating_request__descriptor,
        &get_aggregated_rating_response__descriptor,
        &put_rating_request__descriptor,
        &put_rating_response__descriptor,
        &get_rating_request__descriptor,
        &get_rating_response__descriptor,
    };
    const struct proto_descriptor_set descriptors = movie_descriptor_set();
    CHECK(proto_pool_create(&descriptors, 1, types, ARRAY_LENGTH(types), &self->pool) == STATUS_OK);
    const struct grpc_channel_options options = {.pool = self->pool, .target = "rating"};
    CHECK(grpc_channel_create(loop_current(), &options, &self->channel) == STATUS_OK);
    CHECK(grpc_channel_update(self->channel, &address, 1) == STATUS_OK);
}

void rating_client_close(struct rating_client *self)
{
    grpc_channel_destroy(self->channel);
    proto_pool_destroy(self->pool);
}

enum status rating_client_put(struct rating_client *self, struct call *call,
                              const struct rating_change *change)
{
    ExactValue exact = EXACT_VALUE__INIT;
    PutRatingRequest request = PUT_RATING_REQUEST__INIT;
    ProtobufCMessage *response;
    exact.hundredths = change->hundredths;
    request.exact_value = &exact;
    request.user_id = proto_bytes(change->key.user);
    request.record_id = proto_bytes(change->key.record.id);
    request.record_type = proto_bytes(text_of(record_type_name(change->key.record.type)));
    return grpc_call_unary(self->channel, call, "/RatingService/PutRating", NULL, &request.base,
                           &put_rating_response__descriptor, &response);
}

enum status rating_client_get(struct rating_client *self, struct call *call,
                              struct record_key record)
{
    GetAggregatedRatingRequest request = GET_AGGREGATED_RATING_REQUEST__INIT;
    ProtobufCMessage *response;
    request.record_id = proto_bytes(record.id);
    request.record_type = proto_bytes(text_of(record_type_name(record.type)));
    return grpc_call_unary(self->channel, call, "/RatingService/GetAggregatedRating", NULL,
                           &request.base, &get_aggregated_rating_response__descriptor, &response);
}

enum status rating_client_get_vote(struct rating_client *self, struct call *call,
                                   const struct vote_key *vote)
{
    GetRatingRequest request = GET_RATING_REQUEST__INIT;
    ProtobufCMessage *response;
    request.user_id = proto_bytes(vote->user);
    request.record_id = proto_bytes(vote->record.id);
    request.record_type = proto_bytes(text_of(record_type_name(vote->record.type)));
    request.provider_id = proto_bytes(vote->provider);
    return grpc_call_unary(self->channel, call, "/RatingService/GetRating", NULL, &request.base,
                           &get_rating_response__descriptor, &response);
}
