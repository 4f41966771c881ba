#include <stdlib.h>

#include "base/arena.h"
#include "discovery/discovery.h"
#include "discovery/discovery_snapshot.h"
#include "loop/fiber.h"

/* A reply of a registry with DISCOVERY_INSTANCES_MAX instances, parsed. */
enum { WATCHER_ARENA_BYTES_MAX = 64 * 1024 * 1024 };

struct discovery_watcher {
    struct discovery_resolver resolver;
    char service[DISCOVERY_SERVICE_BYTES_MAX + 1];
    discovery_update_fn update;
    discovery_trouble_fn trouble; /* NULL: nobody is told */
    void *state;
    bool in_trouble;
    struct cancellation cancellation;
    struct fiber_wait ended;
    uint64_t seen_version;
};

static void tell_trouble(struct discovery_watcher *watcher, bool in_trouble, struct text reason)
{
    if (in_trouble == watcher->in_trouble || watcher->cancellation.requested) {
        return;
    }
    watcher->in_trouble = in_trouble;
    if (watcher->trouble != NULL) {
        watcher->trouble(watcher->state, !in_trouble, reason);
    }
}

static enum status watch_once(struct discovery_watcher *watcher, struct call *call)
{
    struct discovery_snapshot snapshot;
    enum status status = watcher->resolver.ops->watch(
        watcher->resolver.state, call, text_of(watcher->service), watcher->seen_version, &snapshot);
    if (status == STATUS_OK && snapshot.version != watcher->seen_version &&
        !watcher->cancellation.requested) {
        watcher->seen_version = snapshot.version;
        watcher->update(watcher->state, &snapshot);
    }
    return status;
}

static void run_watcher(void *argument)
{
    struct discovery_watcher *watcher = argument;
    struct arena arena;
    unsigned failures = 0;
    arena_init(&arena, WATCHER_ARENA_BYTES_MAX);
    while (!watcher->cancellation.requested) {
        struct call call;
        call_init(&call, &arena, 0);
        call.cancellation = &watcher->cancellation;
        failures = watch_once(watcher, &call) == STATUS_OK ? 0 : failures + 1;
        tell_trouble(watcher, failures > 0, call.error.message);
        if (failures > 0 && fiber_sleep(&call, discovery_backoff_ns(failures)) != STATUS_OK) {
            break;
        }
        arena_reset(&arena);
    }
    arena_deinit(&arena);
    fiber_wait_signal(&watcher->ended);
}

enum status discovery_watcher_start(struct loop *loop, struct discovery_resolver resolver,
                                    struct text service, discovery_update_fn update, void *state,
                                    struct discovery_watcher **ret_watcher)
{
    struct discovery_watcher *watcher = calloc(1, sizeof(*watcher));
    if (watcher == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    watcher->resolver = resolver;
    watcher->update = update;
    watcher->state = state;
    cancellation_init(&watcher->cancellation);
    fiber_wait_init(&watcher->ended);
    enum status status = STATUS_INVALID_ARGUMENT;
    if (service.length > 0 &&
        text_to_c_string(service, watcher->service, sizeof(watcher->service))) {
        status = fiber_start(loop, run_watcher, watcher);
    }
    if (status != STATUS_OK) {
        free(watcher);
        return status;
    }
    *ret_watcher = watcher;
    return STATUS_OK;
}

void discovery_watcher_set_trouble(struct discovery_watcher *watcher, discovery_trouble_fn trouble)
{
    watcher->trouble = trouble;
}

void discovery_watcher_refresh(struct discovery_watcher *watcher)
{
    if (watcher != NULL && watcher->resolver.ops->refresh != NULL) {
        watcher->resolver.ops->refresh(watcher->resolver.state);
    }
}

void discovery_watcher_stop(struct discovery_watcher *watcher)
{
    if (watcher == NULL) {
        return;
    }
    cancellation_request(&watcher->cancellation);
    CHECK(fiber_wait(NULL, &watcher->ended) == STATUS_OK);
    free(watcher);
}
