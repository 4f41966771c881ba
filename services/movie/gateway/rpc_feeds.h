/* rpc_feeds.h: the feeds of the metadata and the rating service, by calls to them. */
#pragma once

#include "movie/gateway/gateway_rpc.h"
#include "movie/gateway/metadata_feed_gateway.h"
#include "movie/gateway/rating_feed_gateway.h"

/* The ports; `rpc`, to the service, is borrowed. */
struct metadata_feed_gateway rpc_metadata_feed(struct gateway_rpc *rpc);
struct rating_feed_gateway rpc_rating_feed(struct gateway_rpc *rpc);
