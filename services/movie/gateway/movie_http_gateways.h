/* movie_http_gateways.h: the HTTP gateways of a process, with the client, the endpoints and the
 * watchers that each loop needs for them. */
#pragma once

#include "movie/gateway/http_endpoint.h"
#include "movie/gateway/http_metadata_gateway.h"
#include "movie/gateway/http_rating_gateway.h"
#include "movie/gateway/rpc_recommendation_gateway.h"
#include "movie/gateway/rpc_review_gateway.h"

struct process;
struct proto_pool;

struct followed_endpoint {
    struct http_endpoint endpoint;
    struct discovery_resolver resolver;
    struct discovery_watcher *watcher;
};

struct movie_http_gateways {
    const struct proto_pool *messages; /* set by the owner; borrowed */
    struct http_metadata_gateway metadata;
    struct http_rating_gateway rating;
    struct rpc_review_gateway reviews;
    struct rpc_recommendation_gateway recommendations;
    /* private: by loop_index() */
    struct http_client *clients[LOOP_THREADS_MAX];
    struct followed_endpoint metadata_endpoints[LOOP_THREADS_MAX];
    struct followed_endpoint rating_endpoints[LOOP_THREADS_MAX];
    struct followed_endpoint review_endpoints[LOOP_THREADS_MAX];
    struct followed_endpoint recommendation_endpoints[LOOP_THREADS_MAX];
};

/* On each loop, in a fiber; stop is called also after a failed start. Services are found as the
 * options `registry` and `services` say; reviews need not be. STATUS_INVALID_ARGUMENT: those are
 * malformed. STATUS_RESOURCE_EXHAUSTED: no memory. */
MUST_USE enum status movie_http_gateways_start(struct movie_http_gateways *gateways,
                                               struct process *process, struct call *call,
                                               unsigned loop);
void movie_http_gateways_stop(struct movie_http_gateways *gateways, unsigned loop);
