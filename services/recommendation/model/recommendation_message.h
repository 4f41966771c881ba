/* recommendation_message.h: between the model and the messages of api/recommendation.proto. */
#pragma once

#include "recommendation.pb-c.h"
#include "recommendation/model/recommendation.h"

struct arena;

/* Messages that borrow the list's texts; valid in the arena. NULL: no room. */
Recommendation **recommendations_to_messages(struct arena *arena,
                                             const struct recommendation_list *list);
ModelBasis *recommendation_basis_to_message(struct arena *arena,
                                            const struct recommendation_basis *basis);

/* Borrows the messages' texts. STATUS_INTERNAL: more of them than were asked for. */
MUST_USE enum status recommendations_from_messages(struct call *call,
                                                   Recommendation *const *messages, size_t count,
                                                   const ModelBasis *basis,
                                                   struct recommendation_list *ret_list);
