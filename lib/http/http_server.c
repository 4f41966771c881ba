#include "http/http_server.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/random.h"
#include "http/http_exchange.h"
#include "http/http_handshake.h"
#include "http/http_server_private.h"

#define IDLE_TIMEOUT_MS INT64_C(300000)
#define HEADER_TIMEOUT_MS INT64_C(10000)
#define BODY_TIMEOUT_MS INT64_C(60000)
#define ARENA_BYTES_MAX ((size_t)16 * 1024 * 1024)

static int64_t or_default(int64_t value, int64_t otherwise)
{
    return value > 0 ? value : otherwise;
}

enum status http_server_create(struct loop *loop, const struct http_server_options *options,
                               struct http_server **ret_server)
{
    struct http_server *server = calloc(1, sizeof(*server));
    if (server == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    enum status status =
        http_route_table_create(options->routes, options->route_count, &server->routes);
    if (status != STATUS_OK) {
        free(server);
        return status;
    }
    server->loop = loop;
    server->options = *options;
    server->streams_max = options->streams_max > 0 ? options->streams_max : HTTP_STREAMS_DEFAULT;
    server->idle_timeout_ms = or_default(options->idle_timeout_ms, IDLE_TIMEOUT_MS);
    server->header_timeout_ms = or_default(options->header_timeout_ms, HEADER_TIMEOUT_MS);
    server->body_timeout_ms = or_default(options->body_timeout_ms, BODY_TIMEOUT_MS);
    server->keepalive_time_ms = or_default(options->keepalive_time_ms, HTTP_KEEPALIVE_TIME_MS);
    server->keepalive_timeout_ms =
        or_default(options->keepalive_timeout_ms, HTTP_KEEPALIVE_TIMEOUT_MS);
    server->ping_interval_min_ms =
        or_default(options->ping_interval_min_ms, HTTP_PING_INTERVAL_MIN_MS);
    server->connection_age_grace_ms =
        or_default(options->connection_age_grace_ms, HTTP_CONNECTION_AGE_GRACE_MS);
    server->calls_max = options->calls_max > 0 ? options->calls_max : (unsigned)HTTP_EXCHANGES_MAX;
    server->delay_max_ms = or_default(options->delay_max_ms, HTTP_DELAY_MAX_MS);
    server->arena_bytes_max =
        options->arena_bytes_max > 0 ? options->arena_bytes_max : ARENA_BYTES_MAX;
    list_init(&server->connections);
    list_init(&server->handshakes);
    list_init(&server->partings);
    list_init(&server->exchanges);
    list_init(&server->idle_exchanges);
    http_server_init_tidy(server);
    *ret_server = server;
    return STATUS_OK;
}

int64_t http_server_age_due_ns(const struct http_server *server, int64_t opened_ns)
{
    const struct http_server_options *options = &server->options;
    if (options->connection_age_max_ms <= 0) {
        return INT64_MAX;
    }
    double fraction = options->age_fraction != NULL ? options->age_fraction() : random_fraction();
    double spread = HTTP_CONNECTION_AGE_JITTER_PERCENT / 100.0 * (2 * fraction - 1);
    double age_ms = (double)options->connection_age_max_ms * (1 + spread);
    return opened_ns + (int64_t)(age_ms * (double)CLOCK_NS_PER_MS);
}

/* Something waits to be sent, or must still be said. */
static bool has_output(struct http_server *server)
{
    for (struct list *link = server->connections.next; link != &server->connections;
         link = link->next) {
        struct http_connection *connection = CONTAINER_OF(link, struct http_connection, link);
        if (http_output_waiting(&connection->output) > 0 ||
            (connection->draining && !connection->protocol->is_drained(connection))) {
            return true;
        }
    }
    return false;
}

/* Every reply has been made, and has left; who is parted from has read it. */
static bool is_idle(struct http_server *server)
{
    return server->exchange_count == 0 && server->parting_count == 0 && !has_output(server);
}

void http_server_look_idle(struct http_server *server)
{
    if (server->idle != NULL && is_idle(server)) {
        fiber_wait_signal(server->idle);
    }
}

/* Once the call is over, it is waited for no longer. */
static enum status wait_until_idle(struct http_server *server, struct call *call)
{
    struct fiber_wait idle;
    enum status status = STATUS_OK;
    fiber_wait_init(&idle);
    server->idle = &idle;
    while (status == STATUS_OK && !is_idle(server)) {
        status = fiber_wait(call, &idle);
    }
    server->idle = NULL;
    return status;
}

void http_server_destroy(struct http_server *server)
{
    if (server == NULL) {
        return;
    }
    http_listener_close(server->listener);
    http_handshakes_close(server);
    http_partings_close(server);
    while (!list_is_empty(&server->connections)) {
        struct list *first = server->connections.next;
        http_connection_close(CONTAINER_OF(first, struct http_connection, link));
    }
    for (struct list *at = server->exchanges.next; at != &server->exchanges; at = at->next) {
        /* Without connections, those are left that outlast their peers. */
        cancellation_request(&CONTAINER_OF(at, struct http_exchange, link)->cancellation);
    }
    if (server->exchange_count > 0) {
        CHECK(wait_until_idle(server, NULL) == STATUS_OK);
    }
    struct list *link;
    while ((link = list_take_first(&server->idle_exchanges)) != NULL) {
        http_exchange_free(CONTAINER_OF(link, struct http_exchange, link));
    }
    loop_timer_stop(server->loop, &server->tidy_timer);
    http_route_table_destroy(server->routes);
    free(server);
}

enum status http_server_accept_from(struct http_server *server, int fd)
{
    http_listener_close(server->listener);
    server->listener = NULL;
    return http_listener_open(server, fd, &server->listener);
}

enum status http_server_take(struct http_server *server, struct http_transport *transport)
{
    bool is_full = server->connection_count + server->handshake_count >= HTTP_CONNECTIONS_MAX;
    if (is_full && !http_connection_yield(server)) {
        transport->ops->close(transport->state);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    return server->options.tls != NULL ? http_handshake_begin(server, transport)
                                       : http_connection_open(server, transport);
}

void http_server_refused(struct http_server *server, const struct http_transport *transport,
                         const char *reason)
{
    const struct http_server_options *options = &server->options;
    if (options->refused != NULL) {
        options->refused(options->refused_state, text_of(transport->peer), reason);
    }
}

enum status http_server_connect_loopback(struct http_server *server,
                                         struct http_transport **ret_transport)
{
    struct http_transport *near_end;
    struct http_transport *far_end;
    if (server->connection_count >= HTTP_CONNECTIONS_MAX || server->draining) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    enum status status = http_transport_pair(server->loop, &near_end, &far_end);
    if (status != STATUS_OK) {
        return status;
    }
    status = http_connection_open(server, near_end);
    if (status != STATUS_OK) {
        far_end->ops->close(far_end->state);
        return status;
    }
    *ret_transport = far_end;
    return STATUS_OK;
}

enum status http_server_drain(struct http_server *server, struct call *call)
{
    http_listener_finish(server->listener);
    server->listener = NULL;
    server->draining = true;
    http_handshakes_close(server);
    /* Draining closes those that do nothing: `next` is read before. */
    struct list *link = server->connections.next;
    while (link != &server->connections) {
        struct list *next = link->next;
        http_connection_drain(CONTAINER_OF(link, struct http_connection, link));
        link = next;
    }
    return wait_until_idle(server, call);
}

unsigned http_server_exchange_count(const struct http_server *server)
{
    return server->exchange_count;
}

uint64_t http_server_refused_count(const struct http_server *server)
{
    return server->load.refused;
}

unsigned http_server_connection_count(const struct http_server *server)
{
    return server->connection_count;
}
