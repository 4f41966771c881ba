/* rebuild_compare.h: what was rebuilt beside what stands. */
#pragma once

#include "marquee/fsck_check.h"
#include "marquee/rebuild_expected.h"

struct rebuild_counts {
    uint64_t votes;
    uint64_t tombstones;
    uint64_t aggregates;
    int64_t records; /* of the change log, that were replayed */
};

/* Votes one by one, in their order, and the aggregates that they make. Tombstones are not compared:
 * the log has none for what was never a vote, and they go with their time. Statuses as the port's,
 * with their words in fsck->call. */
MUST_USE enum status rebuild_compare(struct rebuild_expected *expected, struct fsck *fsck,
                                     struct rebuild_counts *counts);
