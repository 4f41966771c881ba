/* Telling the watch what any process has added to the change log: the server notifies who listens
 * of the last sequence of each commit. A look now and then, and one after each new connection,
 * makes up for a notice that got lost. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "rating/repository/postgres_rating_private.h"

enum { LISTEN_BYTES = 64, LOOK_MS = 1000 };

struct postgres_rating_notice {
    struct postgres_session session;
    struct rating_watch *watch;
    struct postgres_rating_counters *counters;
    struct postgres_backoff backoff;
    pthread_t thread;
    int stop_fd; /* an eventfd: readable when it is time to stop */
};

static struct call within(int64_t timeout_ms)
{
    return (struct call){.deadline_ns = clock_monotonic_ns() + timeout_ms * CLOCK_NS_PER_MS};
}

/* *ret_number: of the answer's first row, if it has one. */
static enum status ask(struct postgres_connection *connection, const char *sql,
                       struct store_error *error, int64_t *ret_number)
{
    struct call call = within(RATING_REPOSITORY_NOTICE_MS * 10);
    PGresult *result;
    postgres_send_text(connection, sql);
    postgres_sync(connection);
    enum status status = postgres_receive(connection, &call, error, &result);
    if (status != STATUS_OK) {
        return status;
    }
    if (PQntuples(result) > 0) {
        *ret_number = postgres_int8(result, 0, 0);
    }
    PQclear(result);
    return postgres_receive_sync(connection, &call, error);
}

static enum status look(struct postgres_rating_notice *notice,
                        struct postgres_connection *connection, struct store_error *error)
{
    int64_t last = 0;
    enum status status = ask(connection, "select last_sequence from change_log", error, &last);
    if (status == STATUS_OK) {
        rating_watch_notify(notice->watch, last);
    }
    return status;
}

/* Until the connection is lost, or it is time to stop. */
static void listen_on(struct postgres_rating_notice *notice, struct postgres_connection *connection)
{
    char sql[LISTEN_BYTES];
    struct store_error error;
    int64_t none = 0;
    (void)snprintf(sql, sizeof(sql), "listen %s", notice->session.schema); /* fits */
    enum status status = ask(connection, sql, &error, &none);
    if (status == STATUS_OK) {
        status = look(notice, connection, &error);
    }
    while (status == STATUS_OK) {
        struct call call = within(LOOK_MS);
        int64_t last = 0;
        status = postgres_await_notice(connection, &call, notice->stop_fd, &error, &last);
        if (status == STATUS_OK) {
            atomic_fetch_add_explicit(&notice->counters->notices, 1, memory_order_relaxed);
            rating_watch_notify(notice->watch, last);
        } else if (status == STATUS_DEADLINE_EXCEEDED) {
            status = look(notice, connection, &error);
        }
    }
}

/* Whether it is time to stop; waits for that a while. */
static bool is_stopped(struct postgres_rating_notice *notice, int timeout_ms)
{
    struct pollfd polled = {.fd = notice->stop_fd, .events = POLLIN};
    return poll(&polled, 1, timeout_ms) > 0;
}

static void *listen_until_stopped(void *argument)
{
    struct postgres_rating_notice *notice = argument;
    while (!is_stopped(notice, 0)) {
        struct postgres_connection *connection;
        struct store_error error;
        if (!postgres_backoff_is_over(&notice->backoff)) {
            (void)is_stopped(notice, POSTGRES_BACKOFF_MS_MIN); /* asked again above */
        } else if (postgres_connection_open(&notice->session, notice->stop_fd, &error,
                                            &connection) == STATUS_OK) {
            postgres_backoff_note_success(&notice->backoff);
            atomic_fetch_add_explicit(&notice->counters->connections, 1, memory_order_relaxed);
            listen_on(notice, connection);
            postgres_connection_close(connection);
        } else {
            postgres_backoff_note_failure(&notice->backoff);
        }
    }
    return NULL;
}

enum status postgres_rating_notice_create(const struct postgres_session *session,
                                          struct rating_watch *watch,
                                          struct postgres_rating_counters *counters,
                                          struct postgres_rating_notice **ret_notice)
{
    struct postgres_rating_notice *notice = calloc(1, sizeof(*notice));
    if (notice == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    notice->session = *session;
    notice->session.statement_count = 0;
    notice->watch = watch;
    notice->counters = counters;
    notice->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (notice->stop_fd < 0) {
        free(notice);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    if (pthread_create(&notice->thread, NULL, listen_until_stopped, notice) != 0) {
        (void)close(notice->stop_fd);
        free(notice);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    (void)pthread_setname_np(notice->thread, "postgres-notice"); /* for ps and gdb only */
    *ret_notice = notice;
    return STATUS_OK;
}

void postgres_rating_notice_destroy(struct postgres_rating_notice *notice)
{
    if (notice == NULL) {
        return;
    }
    CHECK(eventfd_write(notice->stop_fd, 1) == 0);
    CHECK(pthread_join(notice->thread, NULL) == 0);
    (void)close(notice->stop_fd); /* nothing was written that could be lost */
    free(notice);
}
