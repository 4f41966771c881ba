/* http_rating_gateway.h: ratings over plain HTTP and JSON (GET /rating). */
#pragma once

#include "loop/loop.h"
#include "movie/gateway/gateway_rpc.h"
#include "movie/gateway/rating_gateway.h"

struct http_endpoint;

struct http_rating_gateway {
    struct gateway_rpc rpc;                            /* private; first */
    struct http_endpoint *endpoints[LOOP_THREADS_MAX]; /* by loop_index(); borrowed */
};

/* The port; `self` is borrowed. The plain form has no count: rating_view.count is 0. */
struct rating_gateway http_rating_gateway(struct http_rating_gateway *self);
