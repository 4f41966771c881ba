/* Giving back the memory of a rush that is over. What is in steady use stays where it is. */
#include "base/clock.h"
#include "base/heap.h"
#include "http/http_exchange.h"
#include "http/http_server_private.h"

static void free_exchanges(struct http_server *server, size_t kept)
{
    while (server->idle_exchange_count > kept) {
        struct list *link = list_take_first(&server->idle_exchanges);
        server->idle_exchange_count--;
        http_exchange_free(CONTAINER_OF(link, struct http_exchange, link));
    }
}

static bool may_drop(const struct http_peak *peak, size_t drop)
{
    return peak->before >= peak->now + drop;
}

/* Ends a time; true: its peak was well below the one before. */
static bool take_peak(struct http_peak *peak, size_t drop, size_t present)
{
    bool has_dropped = may_drop(peak, drop);
    peak->before = peak->now;
    peak->now = present;
    return has_dropped;
}

static void start_timer(struct http_server *server)
{
    /* Without room for a timer, a later use starts it. */
    status_ignore(loop_timer_start(server->loop, &server->tidy_timer,
                                   loop_now_ns(server->loop) + HTTP_TIDY_MS * CLOCK_NS_PER_MS));
}

static void tidy(struct loop_timer *timer)
{
    struct http_server *server = CONTAINER_OF(timer, struct http_server, tidy_timer);
    struct http_peak *exchanges = &server->exchange_peak;
    struct http_peak *connections = &server->connection_peak;
    size_t kept = exchanges->now;
    bool has_dropped = take_peak(exchanges, HTTP_TIDY_DROP_MIN, server->exchange_count);
    has_dropped |= take_peak(connections, HTTP_TIDY_DROP_MIN, server->connection_count);
    if (has_dropped) {
        free_exchanges(server, kept);
    }
    if (take_peak(&server->ended_bytes, HTTP_TIDY_DROP_BYTES, 0) || has_dropped) {
        heap_release();
    }
    if (may_drop(exchanges, HTTP_TIDY_DROP_MIN) || may_drop(connections, HTTP_TIDY_DROP_MIN) ||
        may_drop(&server->ended_bytes, HTTP_TIDY_DROP_BYTES)) {
        start_timer(server);
    }
}

void http_server_init_tidy(struct http_server *server)
{
    server->tidy_timer.expire = tidy;
}

static void note(struct http_peak *peak, size_t count)
{
    peak->now = count > peak->now ? count : peak->now;
}

void http_server_note_use(struct http_server *server)
{
    note(&server->exchange_peak, server->exchange_count);
    note(&server->connection_peak, server->connection_count);
    if (server->tidy_timer.place == 0) {
        start_timer(server);
    }
}

void http_server_note_end(struct http_server *server, size_t bytes)
{
    if (bytes >= HTTP_TIDY_LARGE_BYTES) {
        server->ended_bytes.now += bytes;
    }
}
