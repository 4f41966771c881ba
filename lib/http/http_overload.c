#include "http/http_overload.h"

#include "base/clock.h"
#include "base/random.h"
#include "http/http_exchange.h"
#include "http/http_server_private.h"

static bool is_full(const struct http_server *server)
{
    return server->load.running >= server->calls_max;
}

/* More than its share, while there are others to share with or soon will be. */
static bool is_greedy(const struct http_server *server, const struct http_connection *connection)
{
    const struct http_load *load = &server->load;
    if (connection->running == 0 || 2 * load->running < server->calls_max) {
        return false;
    }
    unsigned share = server->calls_max / (load->busy + 1); /* room for one that has none yet */
    return connection->running >= (share > 0 ? share : 1);
}

/* Not only now. */
static bool is_late(struct http_server *server, int64_t started_ns)
{
    struct http_load *load = &server->load;
    int64_t turn_ns = loop_now_ns(server->loop);
    if (started_ns - turn_ns <= server->delay_max_ms * CLOCK_NS_PER_MS) {
        return false;
    }
    if (load->turn_ns != turn_ns) {
        load->before_ns = load->late_ns;
        load->turn_ns = turn_ns;
    }
    load->late_ns = started_ns;
    return turn_ns - load->before_ns < HTTP_LATE_MEMORY_MS * CLOCK_NS_PER_MS;
}

bool http_overload_refuses(struct http_exchange *exchange, struct http_overload *ret_overload)
{
    struct http_server *server = exchange->server;
    struct http_overload overload = {.status = STATUS_UNAVAILABLE};
    if (is_late(server, exchange->started_ns)) {
        overload.reason = "the server is overloaded";
    } else if (is_full(server)) {
        overload.reason = "the server has as many requests as it takes";
    } else if (is_greedy(server, exchange->connection)) {
        overload.status = STATUS_RESOURCE_EXHAUSTED;
        overload.reason = "this connection has its share of the server's requests";
    } else {
        return false;
    }
    /* Not all at the same time. */
    overload.retry_after_ms =
        HTTP_RETRY_AFTER_MS + 1 + (int64_t)random_below((uint64_t)HTTP_RETRY_AFTER_MS);
    *ret_overload = overload;
    return true;
}

void http_load_enter(struct http_exchange *exchange)
{
    struct http_load *load = &exchange->server->load;
    load->running++;
    if (exchange->connection->running++ == 0) {
        load->busy++;
    }
}

void http_load_leave_connection(struct http_exchange *exchange)
{
    if (--exchange->connection->running == 0) {
        exchange->server->load.busy--;
    }
}

void http_load_leave(struct http_exchange *exchange)
{
    exchange->server->load.running--;
    if (exchange->connection != NULL) {
        http_load_leave_connection(exchange);
    }
}
