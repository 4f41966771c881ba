/* rating_client.h: calls of the rating service, as the benches make them. In a fiber. */
#pragma once

#include "base/call.h"
#include "rating/model/rating.h"

struct grpc_channel;
struct proto_pool;

struct rating_client {
    struct proto_pool *pool;
    struct grpc_channel *channel;
};

/* address: "host:port". */
void rating_client_open(struct rating_client *self, struct text address);
void rating_client_close(struct rating_client *self);

/* PutRating, without the provider and the time of the change. */
enum status rating_client_put(struct rating_client *self, struct call *call,
                              const struct rating_change *change);

/* GetAggregatedRating. STATUS_NOT_FOUND: nobody has voted. */
enum status rating_client_get(struct rating_client *self, struct call *call,
                              struct record_key record);

/* GetRating: whether the vote stands. */
enum status rating_client_get_vote(struct rating_client *self, struct call *call,
                                   const struct vote_key *vote);
