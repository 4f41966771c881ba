/* catalogue_cards.h: what lists show of each movie, by its id, in memory.
 *
 * Spread over shards by the ids; a lock is held for one look-up or change. Safe from any thread.
 * Memory: about 90 bytes a movie beside its texts. Heap exhaustion ends the process, as in
 * store/ordered_map.h. */
#pragma once

#include "metadata/model/metadata.h"
#include "movie/model/movie_card.h"

struct arena;
struct catalogue_cards;

enum { CATALOGUE_CARD_SHARDS = 64, CATALOGUE_SWEEP_COUNT = 256 /* looked at under one lock */ };

/* STATUS_RESOURCE_EXHAUSTED: no memory. Owned by the caller. */
MUST_USE enum status catalogue_cards_create(struct catalogue_cards **ret_cards);
/* NULL is accepted. */
void catalogue_cards_destroy(struct catalogue_cards *cards);

/* The metadata was validated by its service; what is over the limits of metadata.h is cut short. */
void catalogue_cards_put(struct catalogue_cards *cards, const struct metadata *metadata);
void catalogue_cards_remove(struct catalogue_cards *cards, struct text id);

/* Everything is about to be put again; and then: what was not put since is forgotten. */
void catalogue_cards_begin_refill(struct catalogue_cards *cards);
void catalogue_cards_end_refill(struct catalogue_cards *cards);

/* Describes the card of that id. Texts are in the arena. STATUS_NOT_FOUND: it is not here.
 * STATUS_RESOURCE_EXHAUSTED: no room in the arena. */
MUST_USE enum status catalogue_cards_describe(struct catalogue_cards *cards, struct arena *arena,
                                              struct movie_card *card);

size_t catalogue_cards_count(const struct catalogue_cards *cards);
