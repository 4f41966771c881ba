/* local_upkeep.h: what the writer does of its own accord, piece by piece, when nobody waits. */
#pragma once

#include "eventlog/local_upkeep_lmdb.h"

struct local_upkeep {
    /* set by the owner */
    int64_t period_ms;     /* between two rounds */
    int64_t compact_bytes; /* at least, that a partition is compacted for */
    int64_t sequences_ms;  /* that a producer's numbers are kept */
    /* private */
    int64_t due_ns;
    unsigned duty; /* of the round */
    struct local_compaction compaction;
};

/* When the next piece is due, on the monotonic clock. */
int64_t local_upkeep_due_ns(const struct local_upkeep *upkeep);

/* Does one piece, if it is due. What fails is tried again in the next round. */
void local_upkeep_step(struct local_upkeep *upkeep, struct local_store *store);

void local_upkeep_deinit(struct local_upkeep *upkeep);
