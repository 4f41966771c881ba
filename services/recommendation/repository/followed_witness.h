/* followed_witness.h: the last changes that a model has taken, so that a later process can tell
 * whether a rating service goes on from where this one was: another store, or one that was restored
 * and has taken other votes since, tells other changes after the same sequence.
 *
 * Between FOLLOWED_WITNESS_VOTES and some pages of them, where there were so many. */
#pragma once

#include "recommendation/repository/vote_feed.h"

enum { FOLLOWED_WITNESS_VOTES = 64 };

/* So many changes after `from`, and a checksum over them. */
struct followed_testimony {
    int64_t from;
    uint32_t count;
    uint32_t checksum;
};

struct followed_witness {
    struct followed_testimony told;  /* what is asked of a witness */
    struct followed_testimony newer; /* takes its place when it is long enough */
};

/* Nothing was taken yet; changes go on from the sequence. */
void followed_witness_begin(struct followed_witness *witness, int64_t sequence);

/* A page was taken, whose sequence changes go on from. */
void followed_witness_take(struct followed_witness *witness, const struct vote_feed_page *page);

/* Takes no more than `count` votes, those of a page from the first. */
void followed_testimony_take(struct followed_testimony *testimony,
                             const struct vote_feed_page *page, uint32_t count);
