/* rebuild_into.h: what was rebuilt, as a new store. */
#pragma once

#include "marquee/progress.h"
#include "marquee/rebuild_compare.h"

enum {
    REBUILD_BATCH = 10000,        /* votes of one transaction */
    REBUILD_POSITIONS_MAX = 1024, /* partitions, of all topics */
};

struct rebuild_positions {
    struct text topics; /* separated by ',' */
    struct rating_position positions[REBUILD_POSITIONS_MAX];
    size_t count;
};

/* Where ingestion of the topics stands. STATUS_RESOURCE_EXHAUSTED: there are too many. */
MUST_USE enum status rebuild_read_positions(const struct rating_repository *repository,
                                            struct call *call, struct rebuild_positions *positions);

/* Makes an LMDB store in the directory of what is expected, the positions, and the dead letters
 * that stand; synced. Its change log begins anew. In a fiber. */
MUST_USE enum status rebuild_write(struct rebuild_expected *expected, struct call *call,
                                   struct text directory, const struct rebuild_positions *positions,
                                   struct progress *progress, struct rebuild_counts *counts);
