/* Keeper, watcher and registries together, over TCP: what a service sees when registries come and
 * go. */
#include <stdio.h>

#include "base/arena.h"
#include "base/clock.h"
#include "discovery/consul_discovery.h"
#include "http/http_client.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/registry_server.h"

enum { TTL_MS = 1500, SETTLE_MS = 1500, TIMEOUT_MS = 40000 };

struct fixture {
    struct registry_server first;
    struct registry_server second;
    char registries[2 * HTTP_ADDRESS_BYTES_MAX];
    struct http_client *client;
    struct discovery_registrar registrar;
    struct discovery_resolver resolver;
    struct discovery_keeper *keeper;
    struct discovery_watcher *watcher;
    struct arena arena;
    struct call call;
    unsigned registered; /* how often the keeper told so */
    unsigned lost;
    unsigned partly;     /* how often it told that one of two registries has the instance, */
    unsigned everywhere; /* and all have it */
    unsigned updates;    /* of the watcher */
    unsigned emptied;    /* updates without instances, after one with */
    size_t count;
};

static void on_changed(void *state, bool registered, struct text reason)
{
    struct fixture *fixture = state;
    (void)reason;
    fixture->registered += registered;
    fixture->lost += !registered;
}

static void on_spread(void *state, const struct discovery_spread *spread)
{
    struct fixture *fixture = state;
    bool is_everywhere = spread->registered == spread->registries;
    fixture->everywhere += is_everywhere;
    fixture->partly += spread->registered == 1 && spread->registries == 2;
    assert_int_equal(is_everywhere, spread->missing.length == 0);
}

static void on_update(void *state, const struct discovery_snapshot *snapshot)
{
    struct fixture *fixture = state;
    fixture->updates++;
    fixture->emptied += fixture->count > 0 && snapshot->count == 0;
    fixture->count = snapshot->count;
}

static void open_client(struct fixture *fixture)
{
    const struct consul_discovery_options options = {
        .client = fixture->client,
        .registries = text_of(fixture->registries),
    };
    const struct discovery_registration registration = {
        .service = TEXT("rating"),
        .instance_id = TEXT("rating-1"),
        .host = TEXT("127.0.0.1"),
        .port = 8082,
        .ttl_ms = TTL_MS,
    };
    const struct discovery_keeper_events events = {on_changed, on_spread, fixture};
    assert_int_equal(consul_registrar_create(&fixture->call, &options, &fixture->registrar),
                     STATUS_OK);
    assert_int_equal(consul_resolver_create(&fixture->call, &options, &fixture->resolver),
                     STATUS_OK);
    assert_int_equal(discovery_keeper_start(loop_current(), fixture->registrar, &registration,
                                            &events, &fixture->keeper),
                     STATUS_OK);
    assert_int_equal(discovery_watcher_start(loop_current(), fixture->resolver, TEXT("rating"),
                                             on_update, fixture, &fixture->watcher),
                     STATUS_OK);
}

static void setup(struct fixture *fixture, bool two_registries)
{
    *fixture = (struct fixture){.first.settle_ms = SETTLE_MS, .second.settle_ms = SETTLE_MS};
    arena_init(&fixture->arena, 16 * 1024 * 1024);
    call_init(&fixture->call, &fixture->arena, TIMEOUT_MS);
    assert_int_equal(http_client_create(loop_current(), &fixture->client), STATUS_OK);
    registry_server_start(&fixture->first, &fixture->call);
    (void)snprintf(fixture->registries, sizeof(fixture->registries), "%s", fixture->first.address);
    if (two_registries) {
        registry_server_start(&fixture->second, &fixture->call);
        (void)snprintf(fixture->registries, sizeof(fixture->registries), "%s,%s",
                       fixture->first.address, fixture->second.address);
    }
    open_client(fixture);
}

static void teardown(struct fixture *fixture)
{
    discovery_watcher_stop(fixture->watcher);
    discovery_keeper_stop(fixture->keeper, &fixture->call);
    fixture->registrar.ops->close(fixture->registrar.state);
    fixture->resolver.ops->close(fixture->resolver.state);
    http_client_destroy(fixture->client);
    registry_server_stop(&fixture->first);
    registry_server_stop(&fixture->second);
    arena_deinit(&fixture->arena);
}

static void pause_ms(struct fixture *fixture, int64_t duration_ms)
{
    assert_int_equal(fiber_sleep(&fixture->call, duration_ms * CLOCK_NS_PER_MS), STATUS_OK);
}

static void wait_until(struct fixture *fixture, const unsigned *counter, unsigned least)
{
    while (*counter < least) {
        pause_ms(fixture, 1);
    }
}

static void wait_for_count(struct fixture *fixture, size_t count)
{
    while (fixture->updates == 0 || fixture->count != count) {
        pause_ms(fixture, 1);
    }
}

/* A registry that starts again is empty; nobody who follows a service may ever see that. */
static void restart_registry(void *unused)
{
    struct fixture fixture;
    (void)unused;
    setup(&fixture, false);
    wait_for_count(&fixture, 1);
    wait_until(&fixture, &fixture.registered, 1);
    /* The watcher is back at once, long before the keeper's next heartbeat. */
    registry_server_stop(&fixture.first);
    registry_server_start(&fixture.first, &fixture.call);
    wait_until(&fixture, &fixture.registered, 2);
    pause_ms(&fixture, SETTLE_MS);
    assert_int_equal(fixture.emptied, 0);
    assert_int_equal(fixture.count, 1);
    /* And it is followed on. */
    discovery_keeper_stop(fixture.keeper, &fixture.call);
    fixture.keeper = NULL;
    wait_for_count(&fixture, 0);
    teardown(&fixture);
}

static void test_restart_is_not_seen(void **state)
{
    (void)state;
    in_fiber(restart_registry, NULL);
}

static void lose_one_of_two(void *unused)
{
    struct fixture fixture;
    (void)unused;
    setup(&fixture, true);
    wait_for_count(&fixture, 1);
    wait_until(&fixture, &fixture.registered, 1);
    registry_server_stop(&fixture.first);
    pause_ms(&fixture, 2 * TTL_MS);
    assert_int_equal(fixture.lost, 0); /* the second one knows it still */
    wait_until(&fixture, &fixture.partly, 1);
    assert_int_equal(fixture.emptied, 0);

    /* The first comes back knowing nothing: it is told again, and can stand in for the second. */
    registry_server_start(&fixture.first, &fixture.call);
    wait_until(&fixture, &fixture.everywhere, 2);
    assert_int_equal(fixture.registered, 1);
    registry_server_stop(&fixture.second);
    pause_ms(&fixture, 2 * TTL_MS);
    assert_int_equal(fixture.emptied, 0);
    discovery_keeper_stop(fixture.keeper, &fixture.call);
    fixture.keeper = NULL;
    wait_for_count(&fixture, 0);
    teardown(&fixture);
}

static void test_one_of_two_is_enough(void **state)
{
    (void)state;
    in_fiber(lose_one_of_two, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restart_is_not_seen),
        cmocka_unit_test(test_one_of_two_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
