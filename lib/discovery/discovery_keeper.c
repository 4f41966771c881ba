#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "discovery/discovery.h"
#include "discovery/discovery_snapshot.h"
#include "loop/fiber.h"

enum {
    KEEPER_ARENA_BYTES_MAX = 1024 * 1024,
    KEEPER_REQUEST_TIMEOUT_MS = 5000,
};

struct discovery_keeper {
    struct discovery_registrar registrar;
    struct discovery_registration registration; /* its texts are those below */
    char service[DISCOVERY_SERVICE_BYTES_MAX + 1];
    char instance_id[DISCOVERY_INSTANCE_ID_BYTES_MAX + 1];
    char host[DISCOVERY_HOST_BYTES_MAX + 1];
    char zone[DISCOVERY_ZONE_BYTES_MAX + 1];
    struct discovery_keeper_events events;
    struct cancellation cancellation;
    struct fiber_wait ended;
    bool registered;
    bool told; /* of the state as it is */
    bool spread_told;
    unsigned spread; /* over so many registries */
};

static void tell(struct discovery_keeper *keeper, bool registered, struct text reason)
{
    if (keeper->told && keeper->registered == registered) {
        return;
    }
    keeper->told = true;
    keeper->registered = registered;
    if (keeper->events.changed != NULL) {
        keeper->events.changed(keeper->events.state, registered, reason);
    }
}

static void tell_spread(struct discovery_keeper *keeper)
{
    struct discovery_spread spread;
    if (keeper->registrar.ops->spread == NULL || keeper->events.spread == NULL) {
        return;
    }
    keeper->registrar.ops->spread(keeper->registrar.state, &spread);
    if (!keeper->spread_told || keeper->spread != spread.registered) {
        keeper->spread_told = true;
        keeper->spread = spread.registered;
        keeper->events.spread(keeper->events.state, &spread);
    }
}

static struct text reason_of(const struct call *call, enum status status)
{
    return call->error.message.length > 0 ? call->error.message : text_of(status_name(status));
}

static enum status add_instance(struct discovery_keeper *keeper, struct call *call)
{
    call_clear_error(call);
    enum status status =
        keeper->registrar.ops->add(keeper->registrar.state, call, &keeper->registration);
    if (status == STATUS_OK) {
        tell(keeper, true, TEXT(""));
    } else if (call_check(call) != STATUS_CANCELLED) {
        tell(keeper, false, reason_of(call, status));
    }
    return status;
}

/* One heartbeat, or what it takes to be registered again. */
static enum status keep_once(struct discovery_keeper *keeper, struct call *call)
{
    if (!keeper->registered && !keeper->registration.is_draining) {
        return add_instance(keeper, call);
    }
    enum status status =
        keeper->registrar.ops->heartbeat(keeper->registrar.state, call, &keeper->registration);
    if (status == STATUS_NOT_FOUND && !keeper->registration.is_draining) {
        tell(keeper, false, TEXT("the registry has forgotten this instance"));
        return add_instance(keeper, call);
    }
    if (status != STATUS_OK && call_check(call) != STATUS_CANCELLED) {
        tell(keeper, false, reason_of(call, status));
    }
    return status;
}

static int64_t request_timeout_ms(const struct discovery_keeper *keeper)
{
    int64_t ttl_ms = keeper->registration.ttl_ms;
    return ttl_ms < KEEPER_REQUEST_TIMEOUT_MS ? ttl_ms : KEEPER_REQUEST_TIMEOUT_MS;
}

static int64_t pause_ns(const struct discovery_keeper *keeper, unsigned failures)
{
    int64_t beat_ns = keeper->registration.ttl_ms * CLOCK_NS_PER_MS / 3;
    int64_t backoff_ns = failures > 0 ? discovery_backoff_ns(failures) : beat_ns;
    return backoff_ns < beat_ns ? backoff_ns : beat_ns;
}

static void run_keeper(void *argument)
{
    struct discovery_keeper *keeper = argument;
    struct arena arena;
    unsigned failures = 0;
    arena_init(&arena, KEEPER_ARENA_BYTES_MAX);
    while (!keeper->cancellation.requested) {
        struct call call;
        call_init(&call, &arena, request_timeout_ms(keeper));
        call.cancellation = &keeper->cancellation;
        failures = keep_once(keeper, &call) == STATUS_OK ? 0 : failures + 1;
        if (!keeper->cancellation.requested) {
            tell_spread(keeper);
        }

        call.deadline_ns = CALL_NO_DEADLINE;
        if (fiber_sleep(&call, pause_ns(keeper, failures)) != STATUS_OK) {
            break;
        }
        arena_reset(&arena);
    }
    arena_deinit(&arena);
    fiber_wait_signal(&keeper->ended);
}

static bool copy_registration(struct discovery_keeper *keeper,
                              const struct discovery_registration *registration)
{
    if (registration->service.length == 0 || registration->instance_id.length == 0 ||
        registration->host.length == 0 || registration->ttl_ms <= 0 ||
        !text_to_c_string(registration->service, keeper->service, sizeof(keeper->service)) ||
        !text_to_c_string(registration->instance_id, keeper->instance_id,
                          sizeof(keeper->instance_id)) ||
        !text_to_c_string(registration->host, keeper->host, sizeof(keeper->host)) ||
        !text_to_c_string(registration->zone, keeper->zone, sizeof(keeper->zone))) {
        return false;
    }
    keeper->registration = (struct discovery_registration){
        .service = text_of(keeper->service),
        .instance_id = text_of(keeper->instance_id),
        .host = text_of(keeper->host),
        .port = registration->port,
        .tls = registration->tls,
        .zone = text_of(keeper->zone),
        .weight = registration->weight,
        .ttl_ms = registration->ttl_ms,
    };
    return true;
}

enum status discovery_keeper_start(struct loop *loop, struct discovery_registrar registrar,
                                   const struct discovery_registration *registration,
                                   const struct discovery_keeper_events *events,
                                   struct discovery_keeper **ret_keeper)
{
    struct discovery_keeper *keeper = calloc(1, sizeof(*keeper));
    if (keeper == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    if (!copy_registration(keeper, registration)) {
        free(keeper);
        return STATUS_INVALID_ARGUMENT;
    }
    keeper->registrar = registrar;
    if (events != NULL) {
        keeper->events = *events;
    }
    cancellation_init(&keeper->cancellation);
    fiber_wait_init(&keeper->ended);
    enum status status = fiber_start(loop, run_keeper, keeper);
    if (status != STATUS_OK) {
        free(keeper);
        return status;
    }
    *ret_keeper = keeper;
    return STATUS_OK;
}

void discovery_keeper_drain(struct discovery_keeper *keeper, struct call *call)
{
    if (keeper == NULL) {
        return;
    }
    keeper->registration.is_draining = true;
    if (keeper->registrar.ops->drain(keeper->registrar.state, call, &keeper->registration) !=
        STATUS_OK) {
        cancellation_request(&keeper->cancellation);
    }
}

void discovery_keeper_stop(struct discovery_keeper *keeper, struct call *call)
{
    if (keeper == NULL) {
        return;
    }
    cancellation_request(&keeper->cancellation);
    CHECK(fiber_wait(NULL, &keeper->ended) == STATUS_OK);
    /* A failure leaves the instance to its TTL: nothing more can be done about it here. */
    (void)keeper->registrar.ops->remove(keeper->registrar.state, call, &keeper->registration);
    free(keeper);
}
