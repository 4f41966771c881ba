/* rpc_recommendation_gateway.h: recommendations over calls to RecommendationService, by gRPC or as
 * JSON over plain HTTP. */
#pragma once

#include "loop/loop.h"
#include "movie/gateway/gateway_rpc.h"
#include "movie/gateway/recommendation_gateway.h"

struct grpc_channel;
struct http_endpoint;

struct rpc_recommendation_gateway {
    struct gateway_rpc rpc; /* private; first */
    /* By loop_index(); borrowed; set before that loop serves. Of one kind. */
    struct grpc_channel *channels[LOOP_THREADS_MAX]; /* NULL: the service is not deployed */
    struct http_endpoint *endpoints[LOOP_THREADS_MAX];
};

/* The port; `self` is borrowed. */
struct recommendation_gateway
rpc_recommendation_gateway_by_grpc(struct rpc_recommendation_gateway *self);
struct recommendation_gateway
rpc_recommendation_gateway_by_http(struct rpc_recommendation_gateway *self);
