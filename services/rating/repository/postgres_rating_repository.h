/* postgres_rating_repository.h: votes in PostgreSQL: several processes on several hosts may serve
 * and ingest into the same tables at once.
 *
 * A write is one transaction: what it touches is locked in one order, read, changed by the rule of
 * rating/model/vote_state.h, and written; the writes that wait in a process share it. A process
 * that loses its connection within a commit finds out, when it has a connection again, whether the
 * transaction was done; who cannot wait for that is told UNAVAILABLE, and that it is not known.
 * RATING_RELAXED: a commit does not wait for the server's disk; a crash of the server may lose the
 * last ones (some 0.6 s), never a part of one. */
#pragma once

#include "rating/repository/rating_repository.h"

struct telemetry_page;

struct postgres_rating_repository_options {
    /* As libpq takes it ("host=db1,db2 dbname=ratings target_session_attrs=read-write"). */
    struct text conninfo;
    struct text schema;   /* where the tables live; empty: "marquee". [a-z_][a-z0-9_]* */
    unsigned connections; /* for reads, at most; writes and notices have one each. 0: a default */
    struct rating_retention retention;
    enum rating_durability durability;
};

/* Connects, and makes or updates the tables. Blocks: at start-up. ret_repository is closed by its
 * close(), while the loops of its callers still exist. STATUS_UNAVAILABLE: there is no server, or
 * it does not let us in. STATUS_FAILED_PRECONDITION: it does not let us make tables, or they are of
 * a later version. STATUS_INVALID_ARGUMENT: a bad schema or number of connections. */
MUST_USE enum status
postgres_rating_repository_open(struct call *call,
                                const struct postgres_rating_repository_options *options,
                                struct rating_repository *ret_repository);

/* Whether there are such tables, of whatever version. Blocks. STATUS_NOT_FOUND: there are none;
 * otherwise as open. */
MUST_USE enum status
postgres_rating_repository_look_for(struct call *call,
                                    const struct postgres_rating_repository_options *options);

/* Ends other sessions of our role that hold rows of the tables and wait for their client, which
 * has said or read nothing for as long as a statement may take: the server's own limits do not
 * count while a client is in the middle of a request or of an answer. *ret_count: how many.
 * Parks the fiber; statuses as the port's reads. */
MUST_USE enum status postgres_rating_end_stopped(void *state, struct call *call, size_t *ret_count);

/* A telemetry source (telemetry_add_source()); state: the repository's. Writes marquee_postgres_…,
 * and what its writer has committed as marquee_store_…. */
void postgres_rating_write_metrics(void *state, struct telemetry_page *page);
