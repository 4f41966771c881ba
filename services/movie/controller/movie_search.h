/* movie_search.h: movies found by words, with their ratings, and by what others know of them. */
#pragma once

#include "movie/controller/movie_cards.h"

/* The best first; valid in the call's arena. limit: 0 for the default; at most
 * METADATA_MATCHES_MAX. STATUS_INVALID_ARGUMENT: the query is empty or too long, or the limit out
 * of range. STATUS_UNAVAILABLE: the metadata cannot be had, or its index is being built.
 * STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED, STATUS_RESOURCE_EXHAUSTED. */
MUST_USE enum status movie_controller_search(struct movie_controller *self, struct call *call,
                                             struct text query, int32_t limit,
                                             struct movie_cards *ret_list);

/* Which of our movies others' are, one for each, in their order; valid in the call's arena.
 * STATUS_INVALID_ARGUMENT: more than MOVIE_LOOKUP_MAX, or a text over its limit. Others as above.
 */
MUST_USE enum status movie_controller_look_up(struct movie_controller *self, struct call *call,
                                              const struct movie_lookup *lookups, size_t count,
                                              struct movie_found **ret_found);
