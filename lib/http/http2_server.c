/* A server's HTTP/2 connection, from its preface to its GOAWAY. */
#include "http/http2_server.h"

#include <stdlib.h>

#include "base/clock.h"
#include "http/http2_server_private.h"
#include "http/http_server_private.h"

const uint8_t http2_drain_ping[HTTP2_PING_BYTES] = {'d', 'r', 'a', 'i', 'n'};

static int64_t now_ns(const struct http_connection *connection)
{
    return loop_now_ns(connection->server->loop);
}

/* Between the two GOAWAYs of a drain. */
static bool is_noticed(const struct http2_connection *http2)
{
    return http2->notice_ns != 0 && !http2->terminated;
}

void http2_end_notice(struct http2_connection *http2)
{
    if (is_noticed(http2)) {
        http2->terminated = true;
        http2->idle_since_ns = now_ns(http2->connection);
        http2_session_shut_down(&http2->session, HTTP2_NO_ERROR,
                                text_of(http2->connection->farewell));
    }
}

static bool open_session(struct http_connection *connection)
{
    const struct http2_session_options options = {
        .events = &http2_server_events,
        .streams_max = connection->server->streams_max,
        .window_bytes = HTTP2_SERVER_WINDOW_BYTES,
        .connection_window_bytes = HTTP2_CONNECTION_WINDOW_BYTES,
        .header_list_bytes_max = HTTP_HEADER_LIST_BYTES_MAX,
    };
    struct http2_connection *http2 = calloc(1, sizeof(*http2));
    if (http2 == NULL) {
        return false;
    }
    http2_session_init(&http2->session, &options);
    http2->connection = connection;
    http2->idle_since_ns = now_ns(connection);
    list_init(&http2->streams);
    list_init(&http2->ready);
    list_init(&http2->writers);
    list_init(&http2->pending);
    list_init(&http2->leaving);
    connection->state = http2;
    return true;
}

static void start_ready(struct http2_connection *http2)
{
    struct list *link;
    while ((link = list_take_first(&http2->ready)) != NULL) {
        http_exchange_begin(CONTAINER_OF(link, struct http_exchange, ready_link));
    }
}

static void received(struct http_connection *connection, struct text bytes)
{
    struct http2_connection *http2 = connection->state;
    struct http2_session *session = &http2->session;
    if (http2->blamed) {
        return; /* only its end is waited for */
    }
    http2_server_keepalive_received(&http2->keepalive);
    http2_session_receive(session, bytes, now_ns(connection));
    http2_note_failure(connection);
    if (!http2->blamed) {
        start_ready(http2);
    }
    if (session->block_since_ns != 0 || !session->settled || http2->blamed) {
        http_connection_watch(connection);
    }
    http_output_schedule(&connection->output);
    /* Handlers that have not parked are done. Sent now, their exchanges serve the next connection,
     * while they are in the cache; by the end of the turn there can be thousands. */
    http_output_flush(&connection->output);
}

static void fill(struct http_connection *connection)
{
    struct http2_connection *http2 = connection->state;
    if (!http2_session_fill(&http2->session, &connection->output.bytes, now_ns(connection))) {
        http_connection_close(connection);
        return;
    }
    http2_note_failure(connection);
}

static void flushed(struct http_connection *connection)
{
    struct http2_connection *http2 = connection->state;
    if (!http2->lingering) {
        http2_wake_writers(http2);
    }
    if (!list_is_empty(&http2->pending) || http2->blamed) {
        http_connection_watch(connection);
        if (connection->transport == NULL) {
            return;
        }
    }
    if (http_output_waiting(&connection->output) > 0 || !http2_session_is_over(&http2->session) ||
        http2_session_wants_write(&http2->session)) {
        return;
    }
    if (http2->blamed) {
        http2_linger(connection);
    } else {
        http_connection_part(connection);
    }
}

static void drain(struct http_connection *connection)
{
    struct http2_connection *http2 = connection->state;
    http2->notice_ns = now_ns(connection);
    http2_session_announce_shutdown(&http2->session);
    http2_session_ping(&http2->session, http2_drain_ping);
    http_output_schedule(&connection->output);
    http_connection_watch(connection);
}

static bool is_drained(const struct http_connection *connection)
{
    const struct http2_connection *http2 = connection->state;
    return http2->terminated && !http2_session_wants_write(&http2->session);
}

static bool is_idle(const struct http_connection *connection)
{
    const struct http2_connection *http2 = connection->state;
    return list_is_empty(&http2->streams);
}

static int64_t due_ns(const struct http_connection *connection)
{
    const struct http2_connection *http2 = connection->state;
    const struct http_server *server = connection->server;
    if (http2->blamed) {
        return http2->blamed_ns + HTTP2_LINGER_MS * CLOCK_NS_PER_MS;
    }
    int64_t due = http2_pending_due_ns(connection);
    if (list_is_empty(&http2->streams) && !is_noticed(http2)) {
        due = http2->idle_since_ns + server->idle_timeout_ms * CLOCK_NS_PER_MS;
    }
    const struct http2_session *session = &http2->session;
    int64_t since = session->settled ? session->block_since_ns : connection->opened_ns;
    if (since != 0 && !session->terminated &&
        since + server->header_timeout_ms * CLOCK_NS_PER_MS < due) {
        due = since + server->header_timeout_ms * CLOCK_NS_PER_MS;
    }
    if (is_noticed(http2) && http2->notice_ns + HTTP_DRAIN_ACK_MS * CLOCK_NS_PER_MS < due) {
        due = http2->notice_ns + HTTP_DRAIN_ACK_MS * CLOCK_NS_PER_MS;
    }
    int64_t alive_due =
        http2_server_keepalive_due_ns(&http2->keepalive, server, connection->active_ns);
    return due < alive_due ? due : alive_due;
}

/* Looks after the client's life. false: something else is due. */
static bool keep_alive(struct http_connection *connection)
{
    static const uint8_t alive_ping[HTTP2_PING_BYTES] = {'a', 'l', 'i', 'v', 'e'};
    struct http2_connection *http2 = connection->state;
    switch (http2_server_keepalive_expire(&http2->keepalive, connection->server,
                                          connection->active_ns, now_ns(connection))) {
    case HTTP2_SERVER_KEEPALIVE_CLOSE:
        http_connection_close(connection);
        return true;
    case HTTP2_SERVER_KEEPALIVE_PING:
        http2_session_ping(&http2->session, alive_ping);
        http_output_schedule(&connection->output);
        return true;
    case HTTP2_SERVER_KEEPALIVE_WAIT:
    default:
        return false;
    }
}

/* Settled and without a call for too long: it may have one under way. */
static bool is_unused(const struct http_connection *connection)
{
    const struct http2_connection *http2 = connection->state;
    int64_t idle_ns = connection->server->idle_timeout_ms * CLOCK_NS_PER_MS;
    return list_is_empty(&http2->streams) && http2->session.settled &&
           http2->session.block_since_ns == 0 && !http2->terminated &&
           http2->idle_since_ns + idle_ns <= now_ns(connection);
}

static void expire(struct http_connection *connection)
{
    struct http2_connection *http2 = connection->state;
    if (keep_alive(connection)) {
        return;
    }
    if (http2_pending_due_ns(connection) <= now_ns(connection) && !http2->blamed) {
        http2_blame(connection, HTTP2_ENHANCE_YOUR_CALM, "replies are not taken");
    } else if (is_noticed(http2)) {
        http2_end_notice(http2);
    } else if (is_unused(connection)) {
        connection->farewell = "max_idle"; /* gRFC A9 */
        http_connection_drain(connection);
    } else if (!http2->terminated) {
        http2->terminated = true;
        http2->idle_since_ns = now_ns(connection);
        http2_session_terminate(&http2->session, HTTP2_NO_ERROR, "");
    } else {
        http_connection_close(connection);
        return;
    }
    http_output_schedule(&connection->output);
}

static void close_session(struct http_connection *connection)
{
    struct http2_connection *http2 = connection->state;
    http2_let_go_of_streams(http2);
    while (list_take_first(&http2->leaving) != NULL) {
    }
    http2_session_deinit(&http2->session);
}

const struct http_protocol http2_protocol = {
    .open = open_session,
    .received = received,
    .ended = http_connection_close,
    .fill = fill,
    .flushed = flushed,
    .drain = drain,
    .is_drained = is_drained,
    .is_idle = is_idle,
    .due_ns = due_ns,
    .expire = expire,
    .close = close_session,
};
