/* grpc_rating_gateway.h: ratings over gRPC: one channel a loop, to other processes or (a loopback
 * channel) to the service in this one. */
#pragma once

#include "loop/loop.h"
#include "movie/gateway/gateway_rpc.h"
#include "movie/gateway/rating_gateway.h"

struct grpc_channel;

struct grpc_rating_gateway {
    struct gateway_rpc rpc; /* private; first */
    /* By loop_index(); borrowed; set before that loop serves. */
    struct grpc_channel *channels[LOOP_THREADS_MAX];
};

/* The port; `self` is borrowed. */
struct rating_gateway grpc_rating_gateway(struct grpc_rating_gateway *self);
