/* rating_held.h: votes that are held for review, as dead letters under topics of their own, so that
 * every store keeps, lists and settles them as it does those.
 *
 * The event that a letter holds is the vote (api/events.md). What came from a topic stands under
 * the place that it had there; what was voted directly under the hash of whose vote it is, so that
 * voting again replaces it. */
#pragma once

#include "rating/model/rating.h"

/* Sorts behind the topics of a log, whose names have letters, digits, '.', '_' and '-'. */
#define RATING_HELD_TOPIC "~quarantine"

enum { RATING_HELD_TOPIC_BYTES_MAX = 249 };

/* Whether dead letters of this topic are held votes. */
bool rating_held_is_topic(struct text topic);

/* The topic under which the events of a log's topic are held; of one that is too long, its end.
 * Valid in the arena. data is NULL when there is no room. */
struct text rating_held_topic(struct arena *arena, struct text topic);

/* The place of a direct vote under RATING_HELD_TOPIC, 0 or above. Others may have the same: what is
 * there is to be looked at. */
int64_t rating_held_offset(const struct vote_key *key);

/* The vote as an event with the time that it was cast at; valid in the arena. data is NULL when
 * there is no room. */
struct text rating_held_event(struct arena *arena, const struct rating_change *change,
                              int64_t time_ms);
