/* rating_burst.h: whether a vote is part of a burst: far more votes on a record than it usually
 * gets.
 *
 * Votes are counted by record and window of time, by the time that they say they were cast, so that
 * an import of old votes is spread over the time that it comes from. A vote is in a burst when its
 * record already has, in the vote's window, `floor` counted votes, and `multiple` times the mean of
 * the RATING_BURST_PAST windows before. What is in a burst is not counted, so that it does not
 * become what is usual. Changed votes count as votes; one that changes nothing is given back.
 *
 * Counts are of this process and since its start: until it has seen a record for some windows, the
 * floor alone decides. The memory is fixed; of four counts that meet in one place the smallest goes
 * when a fifth comes, which can only let a burst begin anew. Safe from any thread. */
#pragma once

#include "rating/model/rating.h"

struct rating_burst;

enum {
    RATING_BURST_PAST = 24,        /* windows that say what is usual */
    RATING_BURST_COUNTS = 1 << 17, /* of record and window; 16 bytes each */
    RATING_BURST_FLOOR_MAX = 1000000,
    RATING_BURST_MULTIPLE_MAX = 1000,
    RATING_BURST_REASON_BYTES_MAX = 160,
};
#define RATING_BURST_WINDOW_MS_MAX (INT64_C(24) * 3600 * 1000)

struct rating_burst_options {
    int64_t window_ms; /* 1 to RATING_BURST_WINDOW_MS_MAX */
    uint32_t floor;    /* 1 to RATING_BURST_FLOOR_MAX */
    uint32_t multiple; /* 1 to RATING_BURST_MULTIPLE_MAX */
};

/* STATUS_RESOURCE_EXHAUSTED: no memory. *ret_burst is owned by the caller. */
MUST_USE enum status rating_burst_create(const struct rating_burst_options *options,
                                         struct rating_burst **ret_burst);
/* NULL is accepted. */
void rating_burst_destroy(struct rating_burst *burst);

/* Counts a vote that was cast then. true: it is in a burst and was not counted; the reason, which
 * names the figures, is written with its NUL. */
MUST_USE bool rating_burst_take(struct rating_burst *burst, struct record_key record,
                                int64_t time_ms, char reason[static RATING_BURST_REASON_BYTES_MAX]);

/* Takes back what rating_burst_take() did of a vote that turned out to change nothing. was_held:
 * what it returned. */
void rating_burst_give_back(struct rating_burst *burst, struct record_key record, int64_t time_ms,
                            bool was_held);

/* Votes that were in a burst, since the start. */
uint64_t rating_burst_held(const struct rating_burst *burst);
