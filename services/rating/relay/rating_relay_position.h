/* rating_relay_position.h: how far the change log has been relayed, as the store keeps it. */
#pragma once

#include "rating/repository/rating_repository.h"

/* The name under which the position is kept beside those of topics, partition 0: no topic of an
 * event log can be called so. Its next_offset is the sequence of the last change that was relayed.
 */
#define RATING_RELAY_POSITION_TOPIC "$relay"

/* For whoever trims the change log: the last record that the relay needs no more. What is trimmed
 * beyond it costs a state transfer: every aggregate is sent anew, and the notifications of what was
 * trimmed are one that says "anything". STATUS_NOT_FOUND: no relay has ever run on this store;
 * nothing has to be kept for it. Otherwise as get_position(). A store on which no relay will run
 * again keeps the position it had: then it bounds nothing that matters. */
MUST_USE enum status rating_relay_get_position(struct rating_repository repository,
                                               struct call *call, int64_t *ret_sequence);
