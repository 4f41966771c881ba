/* Peers of an HTTP/2 server that ask too much: how they are noticed, and sent away. */
#include "base/clock.h"
#include "http/http2_server_private.h"
#include "http/http_server_private.h"

static int64_t now_ns(const struct http_connection *connection)
{
    return loop_now_ns(connection->server->loop);
}

void http2_note_failure(struct http_connection *connection)
{
    struct http2_connection *http2 = connection->state;
    if (http2->session.failure != HTTP2_NO_ERROR && !http2->blamed) {
        http2->blamed = true;
        http2->blamed_ns = now_ns(connection);
        http2->terminated = true;
    }
}

void http2_blame(struct http_connection *connection, uint32_t error_code, const char *reason)
{
    struct http2_connection *http2 = connection->state;
    http2_session_terminate(&http2->session, error_code, reason);
    http2_note_failure(connection);
}

bool http2_has_too_many_leaving(const struct http_connection *connection)
{
    const struct http2_connection *http2 = connection->state;
    const struct list *link = http2->leaving.next;
    uint32_t count = 0;
    for (; link != &http2->leaving && count < connection->server->streams_max; link = link->next) {
        count++;
    }
    return count == connection->server->streams_max;
}

static bool has_complete_reply(struct list *pending)
{
    for (struct list *link = pending->next; link != pending; link = link->next) {
        if (CONTAINER_OF(link, struct http_exchange, pending_link)->reply.complete) {
            return true;
        }
    }
    return false;
}

int64_t http2_pending_due_ns(const struct http_connection *connection)
{
    struct http2_connection *http2 = connection->state;
    const struct http_server *server = connection->server;
    if (list_is_empty(&http2->pending) || connection->output.blocked) {
        return INT64_MAX;
    }
    int64_t timeout_ms =
        has_complete_reply(&http2->pending) ? server->body_timeout_ms : server->idle_timeout_ms;
    return http2->progress_ns + timeout_ms * CLOCK_NS_PER_MS;
}

void http2_let_go_of_streams(struct http2_connection *http2)
{
    while (!list_is_empty(&http2->streams)) {
        struct list *first = http2->streams.next;
        struct http_exchange *exchange = CONTAINER_OF(first, struct http_exchange, stream_link);
        http2_session_forget(&http2->session, &exchange->stream);
        http_exchange_detach(exchange);
    }
}

void http2_linger(struct http_connection *connection)
{
    struct http2_connection *http2 = connection->state;
    struct http_transport *transport = connection->transport;
    if (!http2->lingering) {
        http2->lingering = true;
        http2_let_go_of_streams(http2);
        transport->ops->shutdown(transport->state);
    }
}
