/* rating_message.h: between the model and the messages of api/rating.proto. */
#pragma once

#include "rating.pb-c.h"
#include "rating/model/rating.h"

struct arena;

/* Reads a request to vote; texts are borrowed from the message.
 * STATUS_INVALID_ARGUMENT: an unknown record type, a value out of range, an event time that is
 * none. */
MUST_USE enum status rating_change_from_message(struct call *call, const PutRatingRequest *message,
                                                struct rating_change *ret_change);

/* The key of a vote from its parts as they come in a request. Texts are borrowed.
 * STATUS_INVALID_ARGUMENT: an unknown record type. */
MUST_USE enum status vote_key_from_texts(struct call *call, struct text record_type,
                                         struct text record_id, struct text user_id,
                                         struct text provider_id, struct vote_key *ret_key);

/* A message that borrows the vote's texts; valid in the arena. NULL: no room. */
Rating *vote_to_message(struct arena *arena, const struct vote *vote);
