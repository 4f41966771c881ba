/* review_page_token.h: page tokens: the place of the last entry shown, as text that clients only
 * hand back.
 *
 * Written in the call's arena. Reading borrows from the token and returns STATUS_INVALID_ARGUMENT
 * for what was not written here; writing returns STATUS_RESOURCE_EXHAUSTED when the arena has no
 * room. */
#pragma once

#include "review/model/review.h"

/* In the list of a record: the time and the user, and in the order by likes how many there are.
 * A token of one order is none of the other. */
MUST_USE enum status review_record_token_write(struct call *call, enum review_order order,
                                               const struct review *last, struct text *ret_token);
MUST_USE enum status review_record_token_read(struct call *call, enum review_order order,
                                              struct text token, struct review *ret_after);

/* In a list of a user, of reviews or of likes: the time and the record. */
MUST_USE enum status review_user_token_write(struct call *call, struct record_key record,
                                             int64_t time_ms, struct text *ret_token);
MUST_USE enum status review_user_token_read(struct call *call, struct text token,
                                            struct like *ret_after);
