/* postgres_voters.h: many who vote and ingest at once, through several repositories on the same
 * tables, while something happens to the server; and what must be true of the tables afterwards. */
#pragma once

#include "peers/postgres_rating_scene.h"

enum {
    POSTGRES_VOTERS_REPOSITORIES = 2, /* each on a loop of its own, as if in a process of its own */
    POSTGRES_VOTERS_FIBERS = 6,       /* of each: direct votes */
    POSTGRES_VOTERS_PARTITIONS = 2,   /* ingested by each */
};

struct postgres_voters;

/* For chaos: their directory; and waiting until so many more changes were acknowledged, or were
 * answered that it is not known (which they are while there is no server). */
struct text postgres_voters_directory(const struct postgres_voters *voters);
void postgres_voters_await_acknowledged(const struct postgres_voters *voters, unsigned more);
void postgres_voters_await_unknown(const struct postgres_voters *voters, unsigned more);

struct postgres_voters_report {
    unsigned acknowledged; /* changes */
    unsigned unknown;      /* UNAVAILABLE: may have been done or not */
    unsigned other;        /* any other status */
    unsigned ingested;     /* events, as the positions say */
    unsigned reclaims;     /* of a partition, after a batch that was not acknowledged */
};

/* Votes until chaos(voters), on a thread of its own, has returned, and then until each has been
 * acknowledged once more. Then checks the tables: every acknowledged vote is in the change log,
 * once; nothing is there that was not asked for, nothing twice; every offset below a position is
 * there once; the log has no holes; votes are what the log says last; and aggregates are the sums
 * of the votes. */
void postgres_voters_run(struct text directory, void (*chaos)(struct postgres_voters *voters),
                         struct postgres_voters_report *ret_report);
