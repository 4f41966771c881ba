/* rating_progress.h: how far the ingestion of one topic has got, and the fibers that wait for it to
 * get further: read-your-writes for who has written by the log.
 *
 * What this process ingests is told by rating_progress_note() and wakes the waiting fibers at once.
 * What other processes ingest shows in the positions of the store: while somebody waits, one fiber
 * looks there for all of them, every RATING_PROGRESS_LOOK_MS, so that it is noticed within
 * RATING_REPOSITORY_NOTICE_MS. Safe from any loop thread; one for all loops of a process. */
#pragma once

#include "rating/repository/rating_repository.h"

struct rating_progress;

enum {
    RATING_PROGRESS_PARTITIONS_MAX = 256, /* as many as a topic of the event log may have */
    RATING_PROGRESS_WAITERS_MAX = 10000,  /* of a process */
    RATING_PROGRESS_LOOK_MS = RATING_REPOSITORY_NOTICE_MS / 2,
    /* For how long a position is believed before the store is asked again: when a topic is made
     * anew, its offsets begin anew, and the old ones would answer too early. */
    RATING_PROGRESS_TRUST_MS = 1000,
    RATING_PROGRESS_WAIT_MS_MAX = 10000, /* of a call without a deadline */
    RATING_PROGRESS_REPLY_MS = 50,       /* left of the call's time for the answer */
};

/* repository, topic: borrowed. STATUS_RESOURCE_EXHAUSTED: no memory. *ret_progress is owned by the
 * caller. */
MUST_USE enum status rating_progress_create(struct rating_repository repository, struct text topic,
                                            struct rating_progress **ret_progress);

/* No fiber may be waiting. NULL is accepted. */
void rating_progress_destroy(struct rating_progress *progress);

/* Everything below next_offset is in the store. From any thread; another topic is passed over. */
void rating_progress_note(void *progress, struct text topic, int32_t partition,
                          int64_t next_offset);

/* Parks the fiber until the event at this offset has been applied.
 * STATUS_DEADLINE_EXCEEDED: it was not in time; the call's error says how far ingestion has got, or
 * why that is not known. It comes RATING_PROGRESS_REPLY_MS before the call's deadline (or when half
 * of its time is over, if that is later), so that it can still be read. STATUS_CANCELLED: the call
 * is over. STATUS_INVALID_ARGUMENT: no such position. STATUS_RESOURCE_EXHAUSTED:
 * RATING_PROGRESS_WAITERS_MAX wait. */
MUST_USE enum status rating_progress_await(void *progress, struct call *call, int32_t partition,
                                           int64_t offset);

/* How many fibers wait now. */
unsigned rating_progress_waiting(struct rating_progress *progress);
