/* grpc_metadata_gateway.h: metadata over gRPC: one channel a loop, to other processes or (a
 * loopback channel) to the service in this one. */
#pragma once

#include "loop/loop.h"
#include "movie/gateway/gateway_rpc.h"
#include "movie/gateway/metadata_gateway.h"

struct grpc_channel;

struct grpc_metadata_gateway {
    struct gateway_rpc rpc; /* private; first */
    /* By loop_index(); borrowed; set before that loop serves. */
    struct grpc_channel *channels[LOOP_THREADS_MAX];
};

/* The port; `self` is borrowed. */
struct metadata_gateway grpc_metadata_gateway(struct grpc_metadata_gateway *self);
