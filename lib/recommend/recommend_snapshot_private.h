/* recommend_snapshot_private.h: the parts of a snapshot, in their order, for the two files that
 * write and read it.
 *
 * The head; the items' ids; the users, each its id, how many votes, on which items, of which
 * values; then of each item how it stands, and its list. An id is a byte of length and its bytes.
 */
#pragma once

#include "recommend/recommend_private.h"

enum {
    RECOMMEND_SNAPSHOT_MARK = 0x6d72716d, /* reads otherwise where bytes have another order */
    /* Raised with the form, and when what follows from the votes changes: rounding, hashes. */
    RECOMMEND_SNAPSHOT_VERSION = 1,
};

struct recommend_snapshot_head {
    uint32_t mark;
    uint32_t version;
    struct recommend_settings settings;
    uint32_t items;
    uint32_t users;
    uint32_t counted_in;
};

/* How an item stands. */
struct recommend_snapshot_item {
    uint32_t changed;
    uint32_t waiting; /* 0 or 1 */
    uint32_t count;   /* of its list */
    uint32_t cut;     /* 0 or 1 */
    struct recommend_neighbour bound;
};

_Static_assert(sizeof(struct recommend_snapshot_head) == 40 &&
                   sizeof(struct recommend_snapshot_item) == 24 &&
                   sizeof(struct recommend_neighbour) == 8,
               "without holes: all bytes are written");
