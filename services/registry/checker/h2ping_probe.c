#include "base/arena.h"
#include "http/http2_client.h"
#include "loop/fiber.h"
#include "registry/checker/network_probes.h"

struct ping {
    struct fiber_wait told;
    bool settled;
    bool closed;
};

static void note_settled(void *state)
{
    struct ping *ping = state;
    ping->settled = true;
    fiber_wait_signal(&ping->told);
}

static void note_closed(void *state)
{
    struct ping *ping = state;
    ping->closed = true;
    fiber_wait_signal(&ping->told);
}

static enum status ping_peer(struct loop *loop, struct call *call, struct text address,
                             bool *ret_settled)
{
    struct ping ping = {.settled = false};
    const struct http2_client_events events = {
        .settled = note_settled, .closed = note_closed, .state = &ping};
    struct http2_client *client;
    fiber_wait_init(&ping.told);
    enum status status = http2_client_connect(loop, call, address, &events, &client);
    if (status != STATUS_OK) {
        return status;
    }
    while (status == STATUS_OK && !ping.settled && !ping.closed) {
        status = fiber_wait(call, &ping.told);
    }
    http2_client_destroy(client);
    *ret_settled = ping.settled;
    return status;
}

enum status h2ping_probe(struct loop *loop, struct call *call,
                         const struct registry_check_definition *check,
                         struct registry_probe *ret_probe)
{
    bool settled = false;
    enum status status = ping_peer(loop, call, check->target, &settled);
    if (status == STATUS_CANCELLED) {
        return status;
    }
    if (status == STATUS_OK && settled) {
        *ret_probe = (struct registry_probe){REGISTRY_PASSING, TEXT("HTTP2 ping was successful")};
        return STATUS_OK;
    }
    struct text reason = TEXT("the connection was closed");
    if (status != STATUS_OK) {
        reason =
            call->error.message.length > 0 ? call->error.message : text_of(status_name(status));
    }
    *ret_probe = (struct registry_probe){
        REGISTRY_CRITICAL,
        arena_format(call->arena, "HTTP2 ping failed: %.*s", TEXT_ARGUMENTS(reason))};
    return STATUS_OK;
}
