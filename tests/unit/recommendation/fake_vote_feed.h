/* fake_vote_feed.h: a rating service in memory that tells its votes and their changes; it can be
 * away, and can forget its log. On one loop. */
#pragma once

#include "loop/fiber.h"
#include "recommendation/repository/vote_feed.h"

enum {
    FAKE_VOTES_MAX = 4000,
    FAKE_CHANGES_MAX = 8000,
    FAKE_PAGE = 7, /* votes; so that there are several pages of few */
    FAKE_ID_BYTES = 16,
};

struct fake_vote {
    char user[FAKE_ID_BYTES];
    char record[FAKE_ID_BYTES];
    int32_t hundredths;
    bool deleted;
};

struct fake_vote_feed {
    struct fake_vote votes[FAKE_VOTES_MAX];
    size_t vote_count;
    struct fake_vote changes[FAKE_CHANGES_MAX];
    int64_t first_sequence; /* of what the log still holds; the changes before are gone */
    int64_t sequence;       /* of the newest change */
    bool is_away;
    unsigned pages_before_away; /* of changes, and then it is; 0: it is not */
    unsigned refused;           /* questions while it was away */
    unsigned listings;          /* that were begun */
    unsigned waiting;           /* who waits for a change now */
    struct fiber_wait *waiter;
};

void fake_vote_feed_init(struct fake_vote_feed *fake);
struct vote_feed fake_vote_feed(struct fake_vote_feed *fake);

/* hundredths: -1 deletes. Wakes who waits. */
void fake_vote_feed_vote(struct fake_vote_feed *fake, const char *user, const char *record,
                         int32_t hundredths);

/* What was told before is not known any more; who asks for it is told OUT_OF_RANGE. */
void fake_vote_feed_forget(struct fake_vote_feed *fake);
void fake_vote_feed_go_away(struct fake_vote_feed *fake);
void fake_vote_feed_come_back(struct fake_vote_feed *fake);
