/* followed_recommendations.h: recommendations from a model in memory (lib/recommend) that follows
 * the votes of the rating service.
 *
 * At start all votes are listed and a model is made of them; from then on changes are asked for,
 * and what they reach is computed anew in slices. Both is work of one thread of its own; questions
 * are answered on their callers' threads. While the rating service cannot be asked, the model stays
 * as it is, and says how old it is. When the service does not know any more what has changed
 * since, another model is made, while this one answers: memory is then that of two.
 *
 * With a directory the model is kept in a file there, now and then and at the end, for the next
 * start: it answers as soon as it is read, and goes on where it was, if the rating service still
 * tells the changes that it has told before; else another is made.
 *
 * Of several votes of a user on one movie, from several providers, that which came last counts. */
#pragma once

#include "recommend/recommend_model.h"
#include "recommendation/repository/recommendation_repository.h"
#include "recommendation/repository/vote_feed.h"

struct followed_recommendations;
struct log;
struct telemetry_page;

enum {
    FOLLOWED_WAIT_MS = 1000, /* for changes, where there are none: half the age when all is well */
    FOLLOWED_TIMEOUT_MS = 10 * 1000, /* of one question to the rating service, beside that */
    FOLLOWED_PAUSE_MS_MIN = 50,      /* after a failure, doubled each time */
    FOLLOWED_PAUSE_MS_MAX = 2000,
    FOLLOWED_SLICE_PAIRS = 2000000, /* of votes that are looked at in one step: some milliseconds */
    FOLLOWED_KEEP_MS_MIN = 60 * 1000, /* between two writes of the file */
    FOLLOWED_KEEP_SHARE = 600,        /* and of the time that a write takes so many times */
};

struct followed_recommendations_options {
    struct vote_feed feed;
    struct recommend_settings settings;
    const struct log *log; /* borrowed */
    struct text directory; /* copied; empty: the model is not kept */
};

/* In the open hook. STATUS_RESOURCE_EXHAUSTED: no memory or thread. STATUS_FAILED_PRECONDITION,
 * STATUS_UNAVAILABLE: the directory cannot be used. */
MUST_USE enum status
followed_recommendations_create(struct call *call,
                                const struct followed_recommendations_options *options,
                                struct followed_recommendations **ret_followed);

/* The port; borrowed. */
struct recommendation_repository
followed_recommendations_port(struct followed_recommendations *followed);

/* In a fiber of the loop that follows. STATUS_RESOURCE_EXHAUSTED: no fiber. */
MUST_USE enum status followed_recommendations_start(struct followed_recommendations *followed);

/* In a fiber of the same loop: ends it, and waits for that. Never started, and NULL, are accepted.
 */
void followed_recommendations_stop(struct followed_recommendations *followed);

/* Stopped, or never started, and nobody asks any more. NULL is accepted. */
void followed_recommendations_destroy(struct followed_recommendations *followed);

/* A check of readiness: always met; the reason says what is still missing. */
bool followed_recommendations_look(void *followed, struct call *call, struct text *ret_reason);

/* A telemetry source. */
void followed_recommendations_write_metrics(void *followed, struct telemetry_page *page);
