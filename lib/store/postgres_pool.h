/* postgres_pool.h: the connections by which the fibers of all loops of a process read.
 *
 * A connection belongs to whoever has taken it, and to no loop: one bound holds for the process,
 * and an idle connection serves whichever loop asks next. They are opened when they are first
 * needed, on a worker thread, as libpq resolves names in place. One that has died is replaced;
 * while no server can be reached, callers are refused at once and it is tried again after a growing
 * while. */
#pragma once

#include "store/postgres_connection.h"

struct postgres_pool;

enum {
    POSTGRES_POOL_CONNECTIONS_MAX = 256,
    POSTGRES_POOL_CONNECTIONS_DEFAULT = 8,
    POSTGRES_POOL_WAITERS_MAX = 4096, /* who wait for a connection; then they are refused */
    POSTGRES_POOL_TRIES_MAX = 3,      /* of a question whose connection was lost */
};

/* session: borrowed until the pool is destroyed; so are its texts. connections: at most, 1 to
 * POSTGRES_POOL_CONNECTIONS_MAX. STATUS_RESOURCE_EXHAUSTED: no memory or threads. *ret_pool is
 * owned by the caller. */
MUST_USE enum status postgres_pool_create(const struct postgres_session *session,
                                          unsigned connections, struct postgres_pool **ret_pool);

/* Closes the connections. None may be taken or waited for; the loops of those who have asked still
 * exist. NULL is accepted. */
void postgres_pool_destroy(struct postgres_pool *pool);

/* Asks one statement of the session's table, in a fiber. What it does must bear being done twice:
 * it is asked again when its connection was lost. *ret_result: PQclear()ed by the caller; written
 * only on STATUS_OK. What went wrong is noted in the call. STATUS_RESOURCE_EXHAUSTED: too many
 * wait. */
MUST_USE enum status postgres_pool_query(struct postgres_pool *pool, struct call *call,
                                         unsigned statement,
                                         const struct postgres_parameters *parameters,
                                         PGresult **ret_result);

struct postgres_pool_stats {
    unsigned connections_max;
    unsigned taken;
    unsigned idle;
    unsigned waiting;
    uint64_t waits;   /* had to wait for a connection */
    uint64_t refused; /* too many waited */
    uint64_t opened;
    uint64_t lost;   /* while they were used, or while they rested */
    uint64_t failed; /* could not be opened */
    uint64_t queries;
};

/* From any thread. */
void postgres_pool_read_stats(struct postgres_pool *pool, struct postgres_pool_stats *ret_stats);
