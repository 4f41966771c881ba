/* gateway_messages.h: the types of what the gRPC gateways send and receive. */
#pragma once

#include "base/call.h"
#include "proto/proto.h"

/* For the channels of the gateways. As proto_pool_create(); the call's error says that it failed.
 */
MUST_USE enum status gateway_messages_create(struct call *call, struct proto_pool **ret_pool);
