/* rating_parts.h: what stands behind the rating service's controller, each part as the options say,
 * opened, started and ended in the order in which they need each other: for main.c, and for the
 * process that holds every service. */
#pragma once

#include "rating/controller/rating_controller.h"
#include "rating/rating_store.h"

struct process;

/* Zeroed before it is opened. */
struct rating_parts {
    struct rating_controller controller; /* the caller sets its step_hundredths */
    /* private */
    struct indexed_rating_ranking *ranking;
    struct rating_burst *burst;
    struct rating_progress *progress;
    struct rating_ingestion *ingestion;
    struct rating_outbox *outbox;
    struct rating_upkeep *upkeep;
    bool is_kept; /* upkeep runs */
};

/* In the open hook. */
MUST_USE enum status rating_parts_open(struct rating_parts *parts, struct process *process,
                                       struct call *call, const struct rating_store_options *store);

/* In the start hook of loop 0, where the address is ours: events are taken and sent from now on. */
MUST_USE enum status rating_parts_start(struct rating_parts *parts, struct process *process,
                                        struct call *call);

/* In the stop hook of loop 0, also where not all was started; and in the close hook, also where not
 * all was opened. */
void rating_parts_stop(struct rating_parts *parts);
void rating_parts_close(struct rating_parts *parts);
