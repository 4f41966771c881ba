/* indexed_rating_ranking.h: the ranking of every record type, by indexes in memory (lib/rank) that
 * follow a repository's change log, whichever process writes.
 *
 * After a start all aggregates are read into the indexes, a page at a time; until that is done,
 * lists answer UNAVAILABLE, and the parameters are known only where the mean is given. From then on
 * the changes are followed: of each turn's changes, every record is read once. When the log does
 * not reach back to what was read last, or has more changes than there are records, everything is
 * read again beside the old lists. So lists are behind by some twenty milliseconds, under a load of
 * votes by some hundred, and while millions are imported by seconds.
 *
 * C of a record type is the mean of all its votes. It is published at the start, and whenever it
 * has moved by RANK_MEAN_STEP; the lists are then sorted anew beside the old ones. Processes of one
 * store may publish at different moments: a page token names its own version.
 *
 * The repository is read on the loop of its fiber, indexes are changed and sorted on one thread of
 * its own, long lists made on another. Memory: about 130 bytes a record with votes (rank.h). */
#pragma once

#include "rating/repository/rating_ranking.h"
#include "rating/repository/rating_repository.h"

struct indexed_rating_ranking;
struct log;
struct telemetry_page;

enum {
    INDEXED_RANKING_CHANGES_MAX = 10000,    /* of the log, looked at in one turn */
    INDEXED_RANKING_PAUSE_TIMES = 8,        /* between two turns, what the one before took, so many
                                               times: votes come first, and turns have more to share */
    INDEXED_RANKING_PAUSE_MS_MIN = 20,      /* but at least so long */
    INDEXED_RANKING_PAUSE_MS_MAX = 5000,    /* and at most */
    INDEXED_RANKING_RETRY_MS = 1000,        /* after a failure */
    INDEXED_RANKING_TIMEOUT_MS = 30 * 1000, /* of one turn */
    INDEXED_RANKING_LISTS_MAX = 64,         /* long lists that wait for the thread */
};

struct indexed_rating_ranking_options {
    struct rating_repository repository; /* borrowed until it is destroyed, as the log */
    const struct log *log;
    double minimum_votes; /* m */
    bool has_mean;        /* C is given for all record types, and stays */
    double mean;
};

/* STATUS_RESOURCE_EXHAUSTED: no memory or threads. */
MUST_USE enum status
indexed_rating_ranking_create(struct call *call,
                              const struct indexed_rating_ranking_options *options,
                              struct indexed_rating_ranking **ret_ranking);

/* The port; borrowed. */
struct rating_ranking indexed_rating_ranking_port(struct indexed_rating_ranking *ranking);

/* In a fiber of the loop that it follows on, from now on. STATUS_RESOURCE_EXHAUSTED: no fiber. */
MUST_USE enum status indexed_rating_ranking_start(struct indexed_rating_ranking *ranking);

/* In a fiber of the same loop: ends it. Waits as long as sorting anew takes. */
void indexed_rating_ranking_stop(struct indexed_rating_ranking *ranking);

/* Stopped, or never started; nobody asks any more. NULL is accepted. */
void indexed_rating_ranking_destroy(struct indexed_rating_ranking *ranking);

/* A telemetry source. */
void indexed_rating_ranking_write_metrics(void *ranking, struct telemetry_page *page);
