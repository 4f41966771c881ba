#include "store/postgres_connection.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "loop/loop_poll.h"

enum {
    SERVER_VERSION_MIN = 140000, /* client_connection_check_interval */
    NAME_BYTES = 24,
    SETTINGS_BYTES = 1024,
    POLL_MS_MAX = 60 * 1000, /* then the deadline is looked at again */
    NS_PER_POLL_MS = 1000000,
};

struct postgres_connection {
    PGconn *pg;
    unsigned syncs_owed; /* queued, and not answered yet */
    bool broken;
};

/* What went wrong */

/* By the first characters of an SQLSTATE, the more special before the general. */
static const struct {
    const char *state;
    enum status status;
    const char *message;
} failures[] = {
    {"40", STATUS_ABORTED, "the database had to give the transaction up"},
    {"23505", STATUS_ABORTED, "the database has changed meanwhile"},
    {"55P03", STATUS_UNAVAILABLE, "the database is busy"},
    {"57", STATUS_UNAVAILABLE, "the database cannot be used now"},
    {"53", STATUS_UNAVAILABLE, "the database has no room or no connection left"},
    {"08", STATUS_UNAVAILABLE, "the connection to the database was lost"},
    {"25P03", STATUS_UNAVAILABLE, "the transaction took too long"},
    {"25006", STATUS_UNAVAILABLE, "the database can only be read now"},
    {"22012", STATUS_ABORTED, "the database has changed meanwhile"}, /* a statement's own check */
    {"22", STATUS_INVALID_ARGUMENT, "the database does not take a text that is not UTF-8"},
    {"XX001", STATUS_DATA_LOSS, "the database is damaged"},
    {"XX002", STATUS_DATA_LOSS, "the database is damaged"},
    {"28", STATUS_FAILED_PRECONDITION, "the database does not let us in"},
    {"3D", STATUS_FAILED_PRECONDITION, "there is no such database"},
    {"42", STATUS_FAILED_PRECONDITION, "the database's tables or rights are not as expected"},
};

static struct text first_line(const char *words)
{
    struct text text = text_of(words);
    return text_slice(text, 0, text_find(text, 0, '\n'));
}

/* What libpq itself noticed: no answer will come any more. */
static enum status fail_lost(struct postgres_connection *connection, struct store_error *error)
{
    connection->broken = true;
    struct text words = first_line(PQerrorMessage(connection->pg));
    return store_fail(error, STATUS_UNAVAILABLE, "the connection to the database was lost",
                      "PostgreSQL: %.*s", TEXT_ARGUMENTS(words));
}

static enum status fail_over(struct postgres_connection *connection, struct store_error *error,
                             enum status status)
{
    connection->broken = true;
    return store_fail(error, status, "", "PostgreSQL: given up while it worked");
}

/* What the server said. */
static enum status fail_result(struct postgres_connection *connection, const PGresult *result,
                               struct store_error *error)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    struct text words = first_line(PQresultErrorMessage(result));
    if (state == NULL || PQstatus(connection->pg) == CONNECTION_BAD) {
        connection->broken = true;
        return store_fail(error, STATUS_UNAVAILABLE, "the connection to the database was lost",
                          "PostgreSQL: %.*s", TEXT_ARGUMENTS(words));
    }
    for (size_t i = 0; i < ARRAY_LENGTH(failures); i++) {
        if (text_starts_with(text_of(state), text_of(failures[i].state))) {
            /* Another server may take over: the next session asks for one that can be written. */
            connection->broken = connection->broken || failures[i].status == STATUS_UNAVAILABLE;
            return store_fail(error, failures[i].status, failures[i].message, "PostgreSQL %s: %.*s",
                              state, TEXT_ARGUMENTS(words));
        }
    }
    return store_fail(error, STATUS_INTERNAL, "the database failed", "PostgreSQL %s: %.*s", state,
                      TEXT_ARGUMENTS(words));
}

/* Waiting */

static void signal_ready(void *argument)
{
    fiber_wait_signal(argument);
}

static enum status wait_in_fiber(int fd, bool writable, struct call *call)
{
    struct fiber_wait wait;
    struct loop_poll *poll;
    fiber_wait_init(&wait);
    enum status status = loop_poll_open(loop_current(), fd, signal_ready, &wait, &poll);
    if (status != STATUS_OK) {
        return status;
    }
    loop_poll_set_writable(poll, writable);
    status = fiber_wait(call, &wait);
    loop_poll_close(poll);
    return status;
}

/* STATUS_CANCELLED: stop_fd became readable. */
static enum status wait_on_thread(int fd, bool readable, bool writable, struct call *call,
                                  int stop_fd)
{
    struct pollfd polled[] = {
        {.fd = fd, .events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0))},
        {.fd = stop_fd, .events = POLLIN},
    };
    for (;;) {
        int64_t left_ms = call_remaining_ns(call) / NS_PER_POLL_MS + 1;
        int count =
            poll(polled, stop_fd < 0 ? 1 : 2, left_ms < POLL_MS_MAX ? (int)left_ms : POLL_MS_MAX);
        if (count > 0 && polled[1].revents != 0 && stop_fd >= 0) {
            return STATUS_CANCELLED;
        }
        if (count > 0) {
            return STATUS_OK;
        }
        if (count < 0 && errno != EINTR) {
            return STATUS_RESOURCE_EXHAUSTED;
        }
        enum status status = call_check(call);
        if (status != STATUS_OK) {
            return status;
        }
    }
}

/* libpq asks TLS for 8 KiB at least, of a record of at most 16: a half that stays there would not
 * make the socket readable. */
static bool take_in(struct postgres_connection *connection)
{
    return PQconsumeInput(connection->pg) == 1 &&
           (PQsslInUse(connection->pg) == 0 || PQconsumeInput(connection->pg) == 1);
}

static enum status wait_for_server(struct postgres_connection *connection, struct call *call,
                                   bool writable, struct store_error *error)
{
    int fd = PQsocket(connection->pg);
    enum status status = fiber_current() != NULL ? wait_in_fiber(fd, writable, call)
                                                 : wait_on_thread(fd, true, writable, call, -1);
    if (status != STATUS_OK) {
        return fail_over(connection, error, status);
    }
    return take_in(connection) ? STATUS_OK : fail_lost(connection, error);
}

/* The next thing that the server has said: *ret_result NULL between two answers. */
static enum status take(struct postgres_connection *connection, struct call *call,
                        struct store_error *error, PGresult **ret_result)
{
    for (;;) {
        int unsent = connection->broken ? -1 : PQflush(connection->pg);
        if (unsent < 0) {
            return fail_lost(connection, error);
        }
        if (PQisBusy(connection->pg) == 0) {
            *ret_result = PQgetResult(connection->pg);
            return STATUS_OK;
        }
        enum status status = wait_for_server(connection, call, unsent > 0, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
}

/* The next answer, or the sync; never NULL. */
static enum status take_answer(struct postgres_connection *connection, struct call *call,
                               struct store_error *error, PGresult **ret_result)
{
    PGresult *result = NULL;
    enum status status = take(connection, call, error, &result);
    if (status == STATUS_OK && result == NULL) {
        status = take(connection, call, error, &result);
    }
    if (status == STATUS_OK && result == NULL) {
        status = fail_lost(connection, error); /* less was answered than was asked */
    }
    if (status == STATUS_OK) {
        *ret_result = result;
    }
    return status;
}

/* Passes over what a failure has taken with it. */
static void skip_to_sync(struct postgres_connection *connection, struct call *call)
{
    struct store_error ignored;
    bool synced = false;
    while (!connection->broken && !synced) {
        PGresult *result;
        if (take_answer(connection, call, &ignored, &result) == STATUS_OK) {
            synced = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
            PQclear(result);
        }
    }
    connection->syncs_owed--;
}

enum status postgres_receive(struct postgres_connection *connection, struct call *call,
                             struct store_error *error, PGresult **ret_result)
{
    PGresult *result;
    CHECK(connection->syncs_owed > 0);
    enum status status = take_answer(connection, call, error, &result);
    if (status == STATUS_OK && PQresultStatus(result) != PGRES_TUPLES_OK &&
        PQresultStatus(result) != PGRES_COMMAND_OK) {
        status = fail_result(connection, result, error);
        PQclear(result);
    }
    if (status != STATUS_OK) {
        skip_to_sync(connection, call);
        return status;
    }
    *ret_result = result;
    return STATUS_OK;
}

enum status postgres_receive_sync(struct postgres_connection *connection, struct call *call,
                                  struct store_error *error)
{
    PGresult *result;
    enum status status = take_answer(connection, call, error, &result);
    connection->syncs_owed--;
    if (status != STATUS_OK) {
        return status;
    }
    if (PQresultStatus(result) != PGRES_PIPELINE_SYNC) {
        status = fail_result(connection, result, error); /* the server's last words */
        connection->broken = true;
    }
    PQclear(result);
    return status;
}

/* Sending */

void postgres_send(struct postgres_connection *connection, unsigned place,
                   const struct postgres_parameters *parameters)
{
    static const int binary[POSTGRES_PARAMETERS_MAX] = {1, 1, 1, 1, 1, 1, 1, 1,
                                                        1, 1, 1, 1, 1, 1, 1, 1};
    char name[NAME_BYTES];
    (void)snprintf(name, sizeof(name), "s%u", place); /* fits */
    if (connection->broken || parameters->failed ||
        PQsendQueryPrepared(connection->pg, name, (int)parameters->count, parameters->values,
                            parameters->lengths, binary, 1) != 1) {
        connection->broken = true;
    }
}

void postgres_send_text(struct postgres_connection *connection, const char *sql)
{
    if (connection->broken ||
        PQsendQueryParams(connection->pg, sql, 0, NULL, NULL, NULL, NULL, 1) != 1) {
        connection->broken = true;
    }
}

void postgres_sync(struct postgres_connection *connection)
{
    if (connection->broken || PQpipelineSync(connection->pg) != 1) {
        connection->broken = true;
    }
    connection->syncs_owed++;
}

/* Opening */

static enum status connect_to_server(struct postgres_connection *connection, struct call *call,
                                     int stop_fd, struct store_error *error)
{
    PostgresPollingStatusType polling = PGRES_POLLING_WRITING;
    while (polling != PGRES_POLLING_OK) {
        if (polling == PGRES_POLLING_FAILED || PQstatus(connection->pg) == CONNECTION_BAD) {
            struct text words = first_line(PQerrorMessage(connection->pg));
            return store_fail(error, STATUS_UNAVAILABLE, "the database cannot be reached",
                              "PostgreSQL: %.*s", TEXT_ARGUMENTS(words));
        }
        enum status status =
            wait_on_thread(PQsocket(connection->pg), polling == PGRES_POLLING_READING,
                           polling == PGRES_POLLING_WRITING, call, stop_fd);
        if (status != STATUS_OK) {
            return store_fail(error, STATUS_UNAVAILABLE, "the database cannot be reached",
                              "PostgreSQL: no connection within %d ms", POSTGRES_CONNECT_MS_MAX);
        }
        polling = PQconnectPoll(connection->pg);
    }
    return PQserverVersion(connection->pg) >= SERVER_VERSION_MIN
               ? STATUS_OK
               : store_fail(error, STATUS_FAILED_PRECONDITION, "the database is too old",
                            "PostgreSQL: version %d, at least %d is needed",
                            PQserverVersion(connection->pg), SERVER_VERSION_MIN);
}

/* Before the pipeline: several statements in one text. */
static enum status run_settings(struct postgres_connection *connection, struct call *call,
                                const struct postgres_session *session, struct store_error *error)
{
    char sql[SETTINGS_BYTES];
    int length = snprintf(
        sql, sizeof(sql),
        "set statement_timeout = %d; set idle_in_transaction_session_timeout = %d;"
        "set client_connection_check_interval = 1000; set client_encoding = 'UTF8';"
        "set search_path = %s; set default_transaction_isolation = 'read committed';"
        /* A plan that is made before there are statistics must not become a scan of the table. */
        "set plan_cache_mode = force_generic_plan; set jit = off; set enable_seqscan = off;"
        "set enable_hashjoin = off; set enable_mergejoin = off;"
        "select set_config('synchronous_commit', case %s when 'off' then 'on' else %s end, false)",
        POSTGRES_STATEMENT_MS_MAX, POSTGRES_IDLE_MS_MAX, session->schema,
        session->relaxed ? "''" : "current_setting('synchronous_commit')",
        session->relaxed ? "'off'" : "current_setting('synchronous_commit')");
    CHECK(length > 0 && (size_t)length < sizeof(sql));
    if (PQsendQuery(connection->pg, sql) != 1) {
        return fail_lost(connection, error);
    }
    PGresult *result = NULL;
    enum status status = take(connection, call, error, &result);
    while (status == STATUS_OK && result != NULL) {
        if (PQresultStatus(result) == PGRES_FATAL_ERROR) {
            status = fail_result(connection, result, error);
        }
        PQclear(result);
        result = NULL;
        status = status == STATUS_OK ? take(connection, call, error, &result) : status;
    }
    return status;
}

static enum status prepare_statements(struct postgres_connection *connection, struct call *call,
                                      const struct postgres_session *session,
                                      struct store_error *error)
{
    for (size_t i = 0; i < session->statement_count; i++) {
        char name[NAME_BYTES];
        (void)snprintf(name, sizeof(name), "s%zu", i); /* fits */
        if (PQsendPrepare(connection->pg, name, session->statements[i].sql, 0, NULL) != 1) {
            return fail_lost(connection, error);
        }
    }
    postgres_sync(connection);
    for (size_t i = 0; i < session->statement_count; i++) {
        PGresult *result;
        enum status status = postgres_receive(connection, call, error, &result);
        if (status != STATUS_OK) {
            return status;
        }
        PQclear(result);
    }
    return postgres_receive_sync(connection, call, error);
}

static void ignore_notice(void *argument, const char *message)
{
    (void)argument; /* libpq would print it */
    (void)message;
}

static enum status open_session(struct postgres_connection *connection, struct call *call,
                                const struct postgres_session *session, int stop_fd,
                                struct store_error *error)
{
    static const char *const names[] = {"dbname", "fallback_application_name", NULL};
    const char *const values[] = {session->conninfo, "marquee", NULL};
    connection->pg = PQconnectStartParams(names, values, 1);
    if (connection->pg == NULL) {
        return store_fail(error, STATUS_RESOURCE_EXHAUSTED, "no memory for a connection", "%s", "");
    }
    (void)PQsetNoticeProcessor(connection->pg, ignore_notice, NULL);
    enum status status = connect_to_server(connection, call, stop_fd, error);
    if (status == STATUS_OK && PQsetnonblocking(connection->pg, 1) != 0) {
        status = fail_lost(connection, error);
    }
    if (status == STATUS_OK) {
        status = run_settings(connection, call, session, error);
    }
    if (status == STATUS_OK && PQenterPipelineMode(connection->pg) != 1) {
        status = fail_lost(connection, error);
    }
    return status == STATUS_OK ? prepare_statements(connection, call, session, error) : status;
}

enum status postgres_connection_open(const struct postgres_session *session, int stop_fd,
                                     struct store_error *error,
                                     struct postgres_connection **ret_connection)
{
    struct postgres_connection *connection = calloc(1, sizeof(*connection));
    if (connection == NULL) {
        return store_fail(error, STATUS_RESOURCE_EXHAUSTED, "no memory for a connection", "%s", "");
    }
    struct call call = {.deadline_ns =
                            clock_monotonic_ns() + POSTGRES_CONNECT_MS_MAX * CLOCK_NS_PER_MS};
    enum status status = open_session(connection, &call, session, stop_fd, error);
    if (status != STATUS_OK) {
        postgres_connection_close(connection);
        return status == STATUS_DEADLINE_EXCEEDED ? STATUS_UNAVAILABLE : status;
    }
    *ret_connection = connection;
    return STATUS_OK;
}

void postgres_connection_close(struct postgres_connection *connection)
{
    if (connection != NULL) {
        PQfinish(connection->pg);
        free(connection);
    }
}

bool postgres_connection_is_usable(const struct postgres_connection *connection)
{
    return !connection->broken && connection->syncs_owed == 0;
}

bool postgres_connection_is_alive(struct postgres_connection *connection)
{
    struct pollfd polled = {.fd = PQsocket(connection->pg), .events = POLLIN};
    if (!postgres_connection_is_usable(connection)) {
        return false;
    }
    /* A server that goes says so, and closes; a notice may come too, and is taken in. */
    return poll(&polled, 1, 0) == 0 ||
           (PQconsumeInput(connection->pg) == 1 && PQisBusy(connection->pg) == 0 &&
            PQstatus(connection->pg) == CONNECTION_OK);
}

static bool take_notices(struct postgres_connection *connection, int64_t *ret_number)
{
    PGnotify *notice;
    bool any = false;
    *ret_number = 0;
    while ((notice = PQnotifies(connection->pg)) != NULL) {
        int64_t number;
        if (text_to_i64(text_of(notice->extra), &number) && number > *ret_number) {
            *ret_number = number;
        }
        any = true;
        PQfreemem(notice);
    }
    return any;
}

enum status postgres_await_notice(struct postgres_connection *connection, struct call *call,
                                  int stop_fd, struct store_error *error, int64_t *ret_number)
{
    for (;;) {
        if (take_notices(connection, ret_number)) {
            return STATUS_OK;
        }
        enum status status = wait_on_thread(PQsocket(connection->pg), true, false, call, stop_fd);
        if (status != STATUS_OK) {
            return status; /* nothing was queued: it can be used on */
        }
        if (!take_in(connection) || PQstatus(connection->pg) != CONNECTION_OK) {
            return fail_lost(connection, error);
        }
    }
}
