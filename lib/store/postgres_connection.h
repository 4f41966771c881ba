/* postgres_connection.h: one session with a PostgreSQL server, by libpq, always in pipeline mode:
 * statements are queued, sent together, and answered in their order.
 *
 * Works in a fiber, which is parked while the socket is waited for, and on a plain thread, which
 * sleeps in poll(2); one user at a time, each time whoever likes. Nothing but connecting blocks
 * (libpq resolves names in place): postgres_connection_open() is for threads. */
#pragma once

#include <libpq-fe.h>
#include <stdbool.h>

#include "base/call.h"
#include "store/postgres_value.h"
#include "store/store_error.h"

enum {
    POSTGRES_CONNECT_MS_MAX = 10000,   /* to connect and to prepare the session */
    POSTGRES_STATEMENT_MS_MAX = 60000, /* of one statement, by the server's clock */
    POSTGRES_IDLE_MS_MAX = 10000,      /* within a transaction: a client that was stopped there */
    POSTGRES_SCHEMA_BYTES_MAX = 40,
};

/* One of a table; its name on the server is its place there. */
struct postgres_statement {
    const char *sql; /* its parameters' types are told by casts */
};

/* What a session is opened with. Borrowed for the life of whatever keeps it. */
struct postgres_session {
    const char *conninfo; /* as libpq takes it, several hosts included */
    const char *schema;   /* [a-z_][a-z0-9_]*: where the tables live */
    bool relaxed;         /* a commit does not wait for the disk: the last ones may be lost */
    const struct postgres_statement *statements; /* prepared when it is opened; 0 for none */
    size_t statement_count;
};

struct postgres_connection;

/* Connects, sets the session up and prepares its statements. Blocks, at most
 * POSTGRES_CONNECT_MS_MAX, names' resolution aside. stop_fd: -1, or a descriptor that
 * ends it when it becomes readable. STATUS_UNAVAILABLE: there is no server, or it does not let us
 * in (libpq tells these apart in words alone); STATUS_FAILED_PRECONDITION: a statement does not fit
 * its tables or our rights. *ret_connection is owned by the caller. */
MUST_USE enum status postgres_connection_open(const struct postgres_session *session, int stop_fd,
                                              struct store_error *error,
                                              struct postgres_connection **ret_connection);

/* Ends the session, whatever it is doing. NULL is accepted. */
void postgres_connection_close(struct postgres_connection *connection);

/* Whether it can be used: nothing has failed, nothing is owed. */
bool postgres_connection_is_usable(const struct postgres_connection *connection);

/* The same of one that has rested: looks whether the server has closed it meanwhile. */
MUST_USE bool postgres_connection_is_alive(struct postgres_connection *connection);

/* Queues the statement at `place` of the session's table. What is borrowed by the parameters is
 * copied. A failure is told by the next postgres_receive(). */
void postgres_send(struct postgres_connection *connection, unsigned place,
                   const struct postgres_parameters *parameters);

/* Queues a statement that is not prepared, without parameters. */
void postgres_send_text(struct postgres_connection *connection, const char *sql);

/* Ends what was queued: what fails takes with it what follows, up to here. */
void postgres_sync(struct postgres_connection *connection);

/* Takes the next answer, waiting until the call is over at most. *ret_result: PQclear()ed by the
 * caller; written only on STATUS_OK. When it fails, the answers up to the sync are taken too.
 * STATUS_UNAVAILABLE, STATUS_DEADLINE_EXCEEDED and STATUS_CANCELLED leave a connection that is not
 * usable. STATUS_ABORTED: two transactions met, or the tables changed in between: the same may be
 * tried again. STATUS_INVALID_ARGUMENT: a value that the database does not take. */
MUST_USE enum status postgres_receive(struct postgres_connection *connection, struct call *call,
                                      struct store_error *error, PGresult **ret_result);

/* Takes the answer to postgres_sync(). */
MUST_USE enum status postgres_receive_sync(struct postgres_connection *connection,
                                           struct call *call, struct store_error *error);

/* Waits for a notification, at most until the call is over; stop_fd as above, STATUS_CANCELLED when
 * it was that. Nothing may be queued. Takes all that have come: *ret_number is the largest number
 * (decimal) that one of them carries, 0 when none carries one. */
MUST_USE enum status postgres_await_notice(struct postgres_connection *connection,
                                           struct call *call, int stop_fd,
                                           struct store_error *error, int64_t *ret_number);
