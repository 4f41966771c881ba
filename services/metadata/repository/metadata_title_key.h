/* metadata_title_key.h: titles folded so that those of one movie, written by different hands, are
 * the same bytes: for the repositories, to look movies up by.
 *
 * The words are those of search/search_terms.h (no accents, case or punctuation; "&" is "and"),
 * with one space between, the numbers of parts as digits ("Part II" as "part 2"), and without an
 * article in front ("The Matrix", "L'Avventura") or put behind ("Matrix, The"). */
#pragma once

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

struct metadata_title_key {
    struct text key; /* without what stands in parentheses at the end: "Amelie (Le fabuleux …)" */
    struct text whole; /* with it */
};

/* Valid in the arena; never empty: a title that has no words is taken as it is, behind a space.
 * STATUS_RESOURCE_EXHAUSTED: no room. */
MUST_USE enum status metadata_title_key(struct arena *arena, struct text title,
                                        struct metadata_title_key *ret_key);
