/* rpc_review_gateway.h: reviews over calls to ReviewService, by gRPC or as JSON over plain HTTP. */
#pragma once

#include "loop/loop.h"
#include "movie/gateway/gateway_rpc.h"
#include "movie/gateway/review_gateway.h"

struct grpc_channel;
struct http_endpoint;

struct rpc_review_gateway {
    struct gateway_rpc rpc; /* private; first */
    /* By loop_index(); borrowed; set before that loop serves. Of one kind. */
    struct grpc_channel *channels[LOOP_THREADS_MAX]; /* NULL: the service is not deployed */
    struct http_endpoint *endpoints[LOOP_THREADS_MAX];
};

/* The port; `self` is borrowed. */
struct review_gateway rpc_review_gateway_by_grpc(struct rpc_review_gateway *self);
struct review_gateway rpc_review_gateway_by_http(struct rpc_review_gateway *self);
