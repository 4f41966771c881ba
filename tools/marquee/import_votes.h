/* import_votes.h: votes on movies that somebody else names, and reviews of them: gathered, matched
 * with our catalogue, and put for import->user. */
#pragma once

#include "marquee/import.h"
#include "marquee/import_match.h"

/* Texts are copied. */
struct import_vote {
    struct import_match_query movie;
    bool is_review_alone; /* no vote */
    int32_t hundredths;
    struct text
        review; /* empty: none; of several of a movie the latest counts, the last of a day */
    int64_t time_ms;
    uint64_t row;
};

struct import_votes {
    struct import_table *table;
    /* private */
    struct arena arena; /* of what is gathered */
    struct import_vote *gathered;
    size_t count;
};

void import_votes_init(struct import_votes *votes, struct import_table *table);
void import_votes_deinit(struct import_votes *votes);

/* Refuses what MatchMetadata would refuse: call's error says why. */
MUST_USE enum status import_votes_put(struct import_votes *votes, struct call *call,
                                      const struct import_vote *vote);

/* Matches and sends what is gathered. */
MUST_USE enum status import_votes_flush(struct import_votes *votes);
