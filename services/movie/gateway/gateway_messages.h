/* gateway_messages.h: the types of what the gRPC gateways send and receive. */
#pragma once

#include "base/status.h"
#include "proto/proto.h"

/* For the channels of the gateways. descriptors: of movie.proto. As proto_pool_create(). */
MUST_USE enum status gateway_messages_create(const struct proto_descriptor_set *descriptors,
                                             struct proto_pool **ret_pool);
