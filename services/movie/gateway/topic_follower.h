/* topic_follower.h: reads a topic from its beginning to its end, or from its end alone, and goes on
 * with what comes: for what is kept in memory and has to be made again at every start.
 *
 * The consumer is the only member of its group, so that every instance of a service sees every
 * record. Failures are tried again, with pauses; when the log has lost what was to be read next,
 * the receiver is told to forget everything, and reading begins anew. Runs in a fiber of its own,
 * on one loop. */
#pragma once

#include "base/log.h"
#include "eventlog/eventlog_admin.h"

struct topic_follower;

enum {
    TOPIC_FOLLOWER_BATCH_MAX = 1000, /* records of one poll */
    TOPIC_FOLLOWER_LOOK_MS = 200,    /* how often it looks how far it is, when nothing comes */
    TOPIC_FOLLOWER_PAUSE_MS_MAX = 2000,
    TOPIC_FOLLOWER_ARENA_BYTES_MAX = 32 * 1024 * 1024, /* for one record */
};

struct topic_follower_options {
    const struct log *log; /* borrowed */
    /* Opens a consumer of the topic in a new group; called anew after a loss. Borrowed. */
    enum status (*open)(void *source, struct call *call, struct eventlog_positions positions,
                        struct eventlog_consumer *ret_consumer);
    /* The topic's partitions, as they are now: fills in at most `max` and tells how many there are.
     * STATUS_NOT_FOUND: there is no such topic. */
    enum status (*partitions)(void *source, struct call *call,
                              struct eventlog_partition_state *states, size_t max,
                              size_t *ret_count);
    void *source;
    bool from_end; /* what was there before is not of interest */
    bool commits;  /* tells the log how far it is, for those who look at its groups */
    /* What is done with the records; all in the follower's fiber. The call's arena is emptied after
     * each. false: it could not be read; it is passed over, and the log says how many were. */
    bool (*take)(void *receiver, struct call *call, const struct eventlog_record *record);
    /* After every few records, and when none come: where reading stands, in all partitions. Not
     * called while that is not known. */
    void (*look)(void *receiver, const struct eventlog_lag *lags, size_t count);
    /* Reading begins, or begins anew: what is known may be wrong. */
    void (*restart)(void *receiver);
    void *receiver;
};

/* Starts it. In a fiber of the loop that is to run it. STATUS_RESOURCE_EXHAUSTED: no memory or
 * fiber. *ret_follower is owned by the caller. */
MUST_USE enum status topic_follower_start(const struct topic_follower_options *options,
                                          struct topic_follower **ret_follower);

/* Ends it after the record it is at, and frees it. In a fiber of the same loop. NULL is accepted.
 */
void topic_follower_stop(struct topic_follower *follower);
