/* rebuild_expected.h: what a snapshot and the change log after it make of all votes, in the order
 * of list_votes(). The snapshot's pages are of different moments; the records carry what stands
 * after them, so that where there is one, the last of them is right, and elsewhere nothing changed
 * since the snapshot began. */
#pragma once

#include "marquee/rebuild_settle.h"
#include "marquee/snapshot_file.h"

struct rebuild_expected {
    struct rebuild_follower *follower;
    struct snapshot_reader *snapshot; /* NULL: the log from its beginning */
    int64_t snapshot_sequence;
    /* private */
    struct rating_stored_vote vote;
    bool has_vote;
    struct vote_key key;
    struct rebuild_state state;
    bool has_state;
};

/* Before the first: reads the first of each. */
MUST_USE enum status rebuild_expected_begin(struct rebuild_expected *expected, struct call *call);

/* *ret_found false: it was the last. Texts are borrowed until the next. */
MUST_USE enum status rebuild_expected_next(struct rebuild_expected *expected, struct call *call,
                                           bool *ret_found, struct vote_key *ret_key,
                                           struct rebuild_state *ret_state);
