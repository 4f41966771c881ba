/* rpc_rating_gateway.h: the methods of RatingService that every gateway to ratings calls alike: as
 * rating_gateway.h and rating_votes.h say. */
#pragma once

#include "movie/gateway/gateway_rpc.h"
#include "movie/gateway/rating_gateway.h"
#include "movie/gateway/rating_votes.h"
#include "rating.pb-c.h"

/* An operation of rating_gateway.h; state: begins with a struct gateway_rpc. */
enum status rpc_rating_get_aggregates(void *state, struct call *call, const struct text *movie_ids,
                                      size_t count, struct rating_views *ret_views);

/* Borrows the message's text. NULL: without a version. */
struct movie_score_parameters rpc_score_parameters(const ScoreParameters *message);

/* The port; `rpc`, to the rating service, is borrowed. */
struct rating_votes rpc_rating_votes(struct gateway_rpc *rpc);
