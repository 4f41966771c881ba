/* review_message.h: between the model and the messages of api/review.proto. */
#pragma once

#include "review.pb-c.h"
#include "review/model/review.h"

struct arena;

/* Messages that borrow the model's texts; valid in the arena. NULL: no room. */
Review *review_to_message(struct arena *arena, const struct review *review);
Like *like_to_message(struct arena *arena, const struct like *like);

/* The largest that there is a number for. */
uint32_t like_count_to_message(uint64_t count);

/* STATUS_INVALID_ARGUMENT: there is no such order. */
MUST_USE enum status review_order_from_message(struct call *call, ReviewOrder order,
                                               enum review_order *ret_order);
ReviewOrder review_order_to_message(enum review_order order);

/* STATUS_INVALID_ARGUMENT: it is no time in RFC 3339. */
MUST_USE enum status review_time_parse(struct call *call, struct text time, int64_t *ret_time_ms);

/* Borrows the message's texts. STATUS_INVALID_ARGUMENT: an unknown record type, or a time that is
 * none. */
MUST_USE enum status review_from_message(struct call *call, const Review *message,
                                         struct review *ret_review);
