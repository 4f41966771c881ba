#include "http/http_connection.h"

#include <stdlib.h>

#include "base/clock.h"
#include "http/http1_connection.h"
#include "http/http2_server.h"
#include "http/http_server_private.h"

enum { YIELDS_LOOKED_AT = 64 }; /* connections, of one that comes */

/* A new connection's first bytes come within this. */
#define SNIFF_DRAIN_NS (HTTP_DRAIN_ACK_MS * CLOCK_NS_PER_MS)

static void on_received(void *state, struct text bytes)
{
    struct http_connection *connection = state;
    connection->active_ns = loop_now_ns(connection->server->loop);
    connection->protocol->received(connection, bytes);
}

static void on_drained(void *state)
{
    struct http_connection *connection = state;
    http_output_drained(&connection->output);
}

static void on_ended(void *state)
{
    struct http_connection *connection = state;
    connection->protocol->ended(connection);
}

static void on_fill(void *owner)
{
    struct http_connection *connection = owner;
    connection->protocol->fill(connection);
}

static void on_flushed(void *owner)
{
    struct http_connection *connection = owner;
    if (connection->output.broken) {
        http_connection_close(connection);
        return;
    }
    connection->protocol->flushed(connection);
    if (connection->draining && connection->transport != NULL) {
        http_server_look_idle(connection->server);
    }
    if (connection->transport != NULL && connection->output.blocked) {
        http_connection_watch(connection);
    }
}

static void on_retired(void *owner)
{
    struct http_connection *connection = owner;
    free(connection->state);
    free(connection);
}

static const struct http_output_events output_events = {
    .fill = on_fill,
    .flushed = on_flushed,
    .retired = on_retired,
};

/* The protocol of a connection that has not said enough yet to tell which it speaks. */

static bool sniff_open(struct http_connection *connection)
{
    (void)connection;
    return true;
}

static void become(struct http_connection *connection, const struct http_protocol *protocol)
{
    connection->protocol = protocol;
    if (!protocol->open(connection)) {
        connection->protocol = &http_sniffing;
        http_connection_close(connection);
        return;
    }
    http_connection_watch(connection); /* for what this protocol does sooner than to be idle */
    if (connection->draining && protocol == &http2_protocol) {
        protocol->drain(connection); /* HTTP/1.1's first reply says it */
    }
    if (connection->transport != NULL && connection->sniffed_length > 0) {
        struct text sniffed = {connection->sniffed, connection->sniffed_length};
        protocol->received(connection, sniffed);
    }
}

static void sniff_received(struct http_connection *connection, struct text bytes)
{
    static const char preface[] = "PRI * HTTP/2.0";
    size_t known = connection->sniffed_length;
    /* What follows is refused as HTTP/1.1 would be: some clients show that. */
    if (known == 0 && bytes.data[0] == HTTP_TLS_FIRST_BYTE) {
        http_server_refused(connection->server, connection->transport,
                            "it speaks TLS, and this port does not");
    }
    size_t compared = HTTP_PREFACE_BYTES - known;
    if (compared > bytes.length) {
        compared = bytes.length;
    }
    bool is_http2 = memcmp(bytes.data, preface + known, compared) == 0;
    if (is_http2 && known + compared < HTTP_PREFACE_BYTES) {
        memcpy(connection->sniffed + known, bytes.data, compared);
        connection->sniffed_length += compared;
        http_connection_watch(connection);
        return;
    }
    become(connection, is_http2 ? &http2_protocol : &http1_protocol);
    if (connection->transport != NULL) {
        connection->protocol->received(connection, bytes);
    }
}

static void sniff_nothing(struct http_connection *connection)
{
    (void)connection;
}

/* One that came just before the drain: what it asks may be on its way. */
static bool is_young(const struct http_connection *connection)
{
    return loop_now_ns(connection->server->loop) < connection->opened_ns + SNIFF_DRAIN_NS;
}

static void sniff_drain(struct http_connection *connection)
{
    if (is_young(connection)) {
        http_connection_watch(connection);
    } else {
        http_connection_close(connection);
    }
}

static bool sniff_is_drained(const struct http_connection *connection)
{
    return !is_young(connection);
}

static bool sniff_is_idle(const struct http_connection *connection)
{
    (void)connection;
    return true;
}

static int64_t sniff_due_ns(const struct http_connection *connection)
{
    const struct http_server *server = connection->server;
    if (connection->draining) {
        return connection->opened_ns + SNIFF_DRAIN_NS;
    }
    return connection->sniffed_length > 0
               ? connection->opened_ns + server->header_timeout_ms * CLOCK_NS_PER_MS
               : connection->opened_ns + server->idle_timeout_ms * CLOCK_NS_PER_MS;
}

const struct http_protocol http_sniffing = {
    .open = sniff_open,
    .received = sniff_received,
    .ended = http_connection_close,
    .fill = sniff_nothing,
    .flushed = sniff_nothing,
    .drain = sniff_drain,
    .is_drained = sniff_is_drained,
    .is_idle = sniff_is_idle,
    .due_ns = sniff_due_ns,
    .expire = http_connection_close,
    .close = sniff_nothing,
};

/* gRFC A9: no new calls, then, after the grace, none at all. */
static void end_age(struct http_connection *connection, int64_t now_ns)
{
    if (connection->is_old) {
        http_connection_close(connection);
        return;
    }
    connection->is_old = true;
    connection->age_due_ns = now_ns + connection->server->connection_age_grace_ms * CLOCK_NS_PER_MS;
    connection->farewell = "max_age";
    http_connection_drain(connection);
}

static void on_expire(struct loop_timer *timer)
{
    struct http_connection *connection = CONTAINER_OF(timer, struct http_connection, timer);
    int64_t now_ns = loop_now_ns(connection->server->loop);
    if (http_connection_output_due_ns(connection) <= now_ns) {
        http_connection_close(connection);
    } else if (connection->age_due_ns <= now_ns) {
        end_age(connection, now_ns);
    } else if (connection->protocol->due_ns(connection) <= now_ns) {
        connection->protocol->expire(connection);
    }
    if (connection->transport != NULL) {
        http_connection_watch(connection);
    }
}

int64_t http_connection_output_due_ns(const struct http_connection *connection)
{
    if (!connection->output.blocked) {
        return INT64_MAX;
    }
    return connection->output.progress_ns + connection->server->body_timeout_ms * CLOCK_NS_PER_MS;
}

void http_connection_watch(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    int64_t due_ns = connection->protocol->due_ns(connection);
    int64_t output_due_ns = http_connection_output_due_ns(connection);
    int64_t idle_due_ns = loop_now_ns(server->loop) + server->idle_timeout_ms * CLOCK_NS_PER_MS;
    /* Looked at again after an idle time in any case: due_ns() may come down without a call. */
    due_ns = due_ns < idle_due_ns ? due_ns : idle_due_ns;
    due_ns = due_ns < output_due_ns ? due_ns : output_due_ns;
    due_ns = due_ns < connection->age_due_ns ? due_ns : connection->age_due_ns;
    if (connection->timer.place != 0 && connection->timer.due_ns <= due_ns) {
        return;
    }
    if (loop_timer_start(server->loop, &connection->timer, due_ns) != STATUS_OK) {
        http_connection_close(connection); /* one that cannot time out is not kept */
    }
}

enum status http_connection_open(struct http_server *server, struct http_transport *transport)
{
    struct http_connection *connection = calloc(1, sizeof(*connection));
    if (connection == NULL) {
        transport->ops->close(transport->state);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    connection->server = server;
    connection->transport = transport;
    connection->protocol = &http_sniffing;
    connection->timer.expire = on_expire;
    connection->opened_ns = loop_now_ns(server->loop);
    connection->active_ns = connection->opened_ns;
    connection->age_due_ns = http_server_age_due_ns(server, connection->opened_ns);
    connection->farewell = "";
    transport->events = (struct http_transport_events){
        .received = on_received,
        .drained = on_drained,
        .ended = on_ended,
        .state = connection,
    };
    http_output_init(&connection->output, server->loop, transport, &output_events, connection);
    list_append(&server->connections, &connection->link);
    server->connection_count++;
    http_server_note_use(server);
    if (transport->security != NULL) {
        become(connection, text_equal(transport->security->protocol, TEXT("h2")) ? &http2_protocol
                                                                                 : &http1_protocol);
    }
    if (connection->transport != NULL) {
        http_connection_watch(connection);
    }
    return connection->transport != NULL ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

/* The connection is closed, and its transport whoever's it will be. NULL: it was closed already. */
static struct http_transport *take_transport(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    struct http_transport *transport = connection->transport;
    if (transport == NULL) {
        return NULL;
    }
    connection->transport = NULL;
    loop_timer_stop(server->loop, &connection->timer);
    connection->protocol->close(connection);
    list_remove(&connection->link);
    server->connection_count--;
    http_server_note_use(server);
    http_output_retire(&connection->output);
    return transport;
}

void http_connection_close(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    struct http_transport *transport = take_transport(connection);
    if (transport != NULL) {
        transport->ops->close(transport->state);
        http_server_look_idle(server);
    }
}

void http_connection_part(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    struct http_transport *transport = take_transport(connection);
    if (transport != NULL) {
        http_parting_begin(server, transport);
        http_server_look_idle(server);
    }
}

bool http_connection_yield(struct http_server *server)
{
    int64_t before_ns = loop_now_ns(server->loop) - HTTP_CONNECTION_YIELD_MS * CLOCK_NS_PER_MS;
    for (int i = 0; i < YIELDS_LOOKED_AT && !list_is_empty(&server->connections); i++) {
        struct http_connection *connection =
            CONTAINER_OF(server->connections.next, struct http_connection, link);
        if (connection->active_ns <= before_ns && connection->protocol->is_idle(connection)) {
            http_connection_close(connection);
            return true;
        }
        list_remove(&connection->link);
        list_append(&server->connections, &connection->link);
    }
    return false;
}

void http_connection_finish(struct http_connection *connection)
{
    struct http_transport *transport = connection->transport;
    if (transport != NULL) {
        transport->ops->shutdown(transport->state);
        http_connection_close(connection);
    }
}

void http_connection_drain(struct http_connection *connection)
{
    if (connection->transport != NULL && !connection->draining) {
        connection->draining = true;
        connection->protocol->drain(connection);
    }
}
