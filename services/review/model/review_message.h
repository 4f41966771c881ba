/* review_message.h: between the model and the messages of api/review.proto. */
#pragma once

#include "review.pb-c.h"
#include "review/model/review.h"

struct arena;

/* Messages that borrow the model's texts; valid in the arena. NULL: no room. */
Review *review_to_message(struct arena *arena, const struct review *review);
Like *like_to_message(struct arena *arena, const struct like *like);

/* Borrows the message's texts. STATUS_INVALID_ARGUMENT: an unknown record type, or a time that is
 * none. */
MUST_USE enum status review_from_message(struct call *call, const Review *message,
                                         struct review *ret_review);
