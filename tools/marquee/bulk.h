/* bulk.h: many writes to the services with several in flight: metadata and reviews one by one,
 * votes in batches.
 *
 * A write that finds the service unavailable, or is not answered in time, is tried again,
 * BULK_ATTEMPTS_MAX times in all; one that still fails ends the whole: nothing more is begun. What
 * a service refuses is complained of by file and line, and the rest goes on. */
#pragma once

#include "loop/fiber.h"
#include "marquee/complaints.h"
#include "marquee/session.h"
#include "metadata/model/metadata.h"
#include "rating/model/rating.h"
#include "review/model/review.h"

enum {
    BULK_METADATA_CALLS_MAX = 512,
    BULK_BATCHES_MAX = 160,
    BULK_REVIEW_CALLS_MAX = 32,
    BULK_ATTEMPTS_MAX = 6,
    BULK_RETRY_MS = 200, /* the first pause; doubles */
    BULK_JOB_BYTES_MAX = 4 * 1024 * 1024,
};

struct bulk_job;

struct bulk {
    struct session *session;
    struct complaints complaints; /* their count: what was refused */
    const char *file;             /* in complaints; set by the owner */
    /* read only */
    uint64_t stored;        /* of all, as the services say */
    uint64_t votes;         /* of them: votes … */
    uint64_t votes_changed; /* … that were not so already … */
    uint64_t votes_held;    /* … that came in a burst and are kept for review */
    uint64_t reviews;
    uint64_t reviews_changed; /* those that were not so already, and had no later one */
    enum status status;       /* the first failure; its words are the session call's error */
    /* private */
    struct fiber_group fibers;
    struct fiber_semaphore metadata_gate;
    struct fiber_semaphore batch_gate;
    struct fiber_semaphore review_gate;
    struct bulk_job *batch; /* being filled; NULL: none */
};

void bulk_init(struct bulk *bulk, struct session *session, const char *file);

/* Parks while too many are in flight. The metadata is copied. STATUS_RESOURCE_EXHAUSTED: no memory.
 * Any other failure: one that an earlier write ended with. */
MUST_USE enum status bulk_put_metadata(struct bulk *bulk, const struct metadata *metadata,
                                       uint64_t line);

/* A vote, sent when RATING_BATCH_MAX are gathered; has_time must be set. */
MUST_USE enum status bulk_put_vote(struct bulk *bulk, const struct rating_change *vote,
                                   uint64_t line);

/* A review of a movie, as of created_ms, through the movie service: a later one of the user stands.
 * Copied. As bulk_put_metadata(). */
MUST_USE enum status bulk_put_review(struct bulk *bulk, const struct review *review, uint64_t line);

/* Waits for all that was sent: what is put then comes after it. */
void bulk_wait(struct bulk *bulk);

/* Sends what is gathered and waits for everything. Returns bulk->status. */
MUST_USE enum status bulk_finish(struct bulk *bulk);
