/* local_upkeep_lmdb.h: what the embedded log removes: records by age and size, of compacted topics
 * those that a later one of their key replaces, entries of deleted topics and of producers that
 * are gone. In pieces, each a transaction of bounded length, so that producers are not held up. */
#pragma once

#include "eventlog/local_store_lmdb.h"

enum {
    LOCAL_UPKEEP_ENTRIES_MAX = 256,         /* removed in one piece, if they are small */
    LOCAL_UPKEEP_CHUNKS_MAX = 64,           /* of records removed in one piece */
    LOCAL_UPKEEP_PIECE_BYTES = 1024 * 1024, /* compacted in one, and one chunk more */
    LOCAL_COMPACTION_KEYS_MAX = 1 << 18,    /* known to one pass; the next does the rest */
    LOCAL_COMPACTION_KEY_BYTES_MAX = 16 * 1024 * 1024,
};

/* Removes records that a topic does not retain, of one partition; whether there may be more. */
MUST_USE enum status local_store_retain(struct local_store *store, int64_t now_ms, bool *ret_more,
                                        struct local_failure *failure);

/* Removes sequence numbers of producers whose last was before that time; whether there may be
 * more. */
MUST_USE enum status local_store_expire_sequences(struct local_store *store, int64_t before_ms,
                                                  bool *ret_more, struct local_failure *failure);

/* A pass over one partition: it learns the last offset of each key that is not compacted yet, then
 * writes the compacted chunks anew, then the others as compacted ones. At every moment the log
 * holds the last record of every key. Zeroed before first use. */
struct local_compaction {
    bool active; /* read only */
    /* private */
    enum local_compaction_phase {
        LOCAL_COMPACTION_LEARN,
        LOCAL_COMPACTION_CLEAN,
        LOCAL_COMPACTION_DIRTY
    } phase;
    struct local_place place;
    int64_t tombstones_before_ms; /* older ones go */
    int64_t at;                   /* how far this phase is */
    int64_t target;               /* how far the pass goes */
    struct local_last_offsets *last;
};

/* Begins a pass, where a partition of a compacted topic has at least bytes_min, and no less than
 * half of its bytes, that are not compacted; else leaves it inactive. */
MUST_USE enum status local_compaction_begin(struct local_compaction *compaction,
                                            struct local_store *store, int64_t now_ms,
                                            int64_t bytes_min, struct local_failure *failure);

/* Does one piece; it is inactive at the end of the pass. After a failure, stop it. */
MUST_USE enum status local_compaction_step(struct local_compaction *compaction,
                                           struct local_store *store,
                                           struct local_failure *failure);

/* Ends the pass where it is. */
void local_compaction_stop(struct local_compaction *compaction);
