#include "fuzz/visit.h"

#include "http/http_transport.h"
#include "loop/fiber.h"
#include "loop/loop.h"

enum { TURNS_A_PIECE = 8, TURNS_MAX = 10000 };

struct visit {
    struct http_server *server;
    struct http_transport *transport;
    struct text bytes;
    const size_t *cuts;
    struct buffer *heard;
    unsigned turns;
    bool ended;
};

static void on_received(void *state, struct text bytes)
{
    struct visit *visit = state;
    if (visit->heard != NULL) {
        status_ignore(buffer_append(visit->heard, bytes) ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED);
    }
}

static void on_drained(void *state)
{
    (void)state;
}

static void on_ended(void *state)
{
    struct visit *visit = state;
    visit->ended = true;
}

static void say(struct visit *visit, struct text bytes)
{
    if (!visit->ended && bytes.length > 0) {
        (void)visit->transport->ops->write(visit->transport->state, bytes); /* as much as fits */
    }
    for (unsigned i = 0; i < TURNS_A_PIECE; i++) {
        fiber_yield();
    }
}

static void run_visit(void *argument)
{
    struct visit *visit = argument;
    CHECK(http_server_connect_loopback(visit->server, &visit->transport) == STATUS_OK);
    visit->transport->events = (struct http_transport_events){
        .received = on_received,
        .drained = on_drained,
        .ended = on_ended,
        .state = visit,
    };
    say(visit, text_slice(visit->bytes, 0, visit->cuts[0]));
    say(visit, text_slice(visit->bytes, visit->cuts[0], visit->cuts[1]));
    say(visit, text_slice(visit->bytes, visit->cuts[1], visit->bytes.length));
    visit->transport->ops->close(visit->transport->state);
}

static bool is_over(void *argument)
{
    struct visit *visit = argument;
    CHECK(visit->turns++ < TURNS_MAX);
    return fiber_count(loop_current()) == 0 && http_server_connection_count(visit->server) == 0;
}

void visit_server(const struct http_server_options *options, struct text bytes,
                  const size_t cuts[static 2], struct buffer *heard)
{
    struct loop *loop;
    struct visit visit = {.bytes = bytes, .cuts = cuts, .heard = heard};
    CHECK(loop_create(&loop) == STATUS_OK);
    CHECK(http_server_create(loop, options, &visit.server) == STATUS_OK);
    CHECK(fiber_start(loop, run_visit, &visit) == STATUS_OK);
    loop_run_until(loop, is_over, &visit);
    CHECK(http_server_exchange_count(visit.server) == 0);
    http_server_destroy(visit.server);
    loop_destroy(loop);
}
