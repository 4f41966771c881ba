/* http_metadata_gateway.h: metadata over plain HTTP and JSON (GET /metadata). */
#pragma once

#include "loop/loop.h"
#include "movie/gateway/gateway_rpc.h"
#include "movie/gateway/metadata_gateway.h"

struct http_endpoint;

struct http_metadata_gateway {
    struct gateway_rpc rpc;                            /* private; first */
    struct http_endpoint *endpoints[LOOP_THREADS_MAX]; /* by loop_index(); borrowed */
};

/* The port; `self` is borrowed. */
struct metadata_gateway http_metadata_gateway(struct http_metadata_gateway *self);
