/* grpc_vote_feed.h: the feed of votes over gRPC, from the loop that follows: a channel to another
 * process, or (a loopback channel) to the service in this one. */
#pragma once

#include "recommendation/repository/vote_feed.h"

struct grpc_channel;

struct grpc_vote_feed {
    struct grpc_channel *channel; /* borrowed; of the loop that follows; set before it does */
};

/* The port; `self` is borrowed. */
struct vote_feed grpc_vote_feed(struct grpc_vote_feed *self);
