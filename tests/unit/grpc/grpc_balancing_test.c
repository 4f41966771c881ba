/* How calls are spread over instances. */
#include <math.h>
#include <unistd.h>

#include "base/clock.h"
#include "grpc/grpc_channel.h"
#include "support/cmocka_test.h"
#include "unit/grpc/grpc_fixture.h"

enum { INSTANCES = 3 };

struct spread {
    struct grpc_fixture *fixture;
    struct grpc_instance instances[INSTANCES];
    struct grpc_channel *channel;
    int64_t delay_ms; /* of the calls of call_in_fiber() */
};

static enum status try(struct spread *spread, int64_t delay_ms)
{
    Marquee__Test__EchoPlan plan = MARQUEE__TEST__ECHO_PLAN__INIT;
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    ProtobufCMessage *response = NULL;
    struct call call = grpc_fixture_call(spread->fixture, 0);
    plan.delay_ms = delay_ms;
    request.plan = &plan;
    return grpc_call_unary(spread->channel, &call, "/marquee.test.EchoService/Echo", NULL,
                           &request.base, &marquee__test__echo_response__descriptor, &response);
}

static void update(struct spread *spread, size_t count)
{
    struct text addresses[INSTANCES];
    for (size_t i = 0; i < count; i++) {
        addresses[i] = text_of(spread->instances[i].address);
    }
    assert_int_equal(grpc_channel_update(spread->channel, addresses, count), STATUS_OK);
}

/* Every instance has a connection. */
static void await_all(struct spread *spread)
{
    for (size_t i = 0; i < INSTANCES; i++) {
        while (http_server_connection_count(spread->instances[i].http) == 0) {
            assert_int_equal(fiber_sleep(&spread->fixture->call, CLOCK_NS_PER_MS), STATUS_OK);
        }
    }
}

static void open_spread(struct grpc_fixture *fixture, struct spread *spread,
                        enum grpc_balancing balancing)
{
    const struct grpc_channel_options options = {
        .pool = fixture->pool, .target = "spread", .balancing = balancing};
    *spread = (struct spread){.fixture = fixture};
    for (size_t i = 0; i < INSTANCES; i++) {
        grpc_instance_open(fixture, &spread->instances[i], 0);
    }
    assert_int_equal(grpc_channel_create(fixture->loop, &options, &spread->channel), STATUS_OK);
    update(spread, INSTANCES);
    await_all(spread);
    /* The connections of the others may still be settling while the first gets calls. */
    for (size_t i = 0; i < INSTANCES; i++) {
        while (spread->instances[i].echo.calls == 0) {
            assert_int_equal(try(spread, 1), STATUS_OK);
        }
    }
    for (size_t i = 0; i < INSTANCES; i++) {
        spread->instances[i].echo.calls = 0;
    }
}

static void close_spread(struct spread *spread)
{
    grpc_channel_destroy(spread->channel);
    for (size_t i = 0; i < INSTANCES; i++) {
        grpc_instance_close(&spread->instances[i]);
    }
}

static void a_round_gives_each_its_turn(struct grpc_fixture *fixture)
{
    enum { ROUNDS = 10 };
    struct spread spread;
    open_spread(fixture, &spread, GRPC_BALANCE_ROUND_ROBIN);
    for (int i = 0; i < ROUNDS * INSTANCES; i++) {
        assert_int_equal(try(&spread, 0), STATUS_OK);
    }
    for (size_t i = 0; i < INSTANCES; i++) {
        assert_int_equal(spread.instances[i].echo.calls, ROUNDS);
        spread.instances[i].echo.calls = 0;
    }
    /* One that has gone is passed over. */
    update(&spread, INSTANCES - 1);
    for (int i = 0; i < ROUNDS * (INSTANCES - 1); i++) {
        assert_int_equal(try(&spread, 0), STATUS_OK);
    }
    assert_int_equal(spread.instances[0].echo.calls, ROUNDS);
    assert_int_equal(spread.instances[1].echo.calls, ROUNDS);
    assert_int_equal(spread.instances[2].echo.calls, 0);
    close_spread(&spread);
}
FIXTURE_LOOPBACK_TEST(a_round_gives_each_its_turn)

static void call_in_fiber(void *argument)
{
    struct spread *spread = argument;
    assert_int_equal(try(spread, spread->delay_ms), STATUS_OK);
}

/* How far the instance with most calls is above its share, when all are under way at once. */
static unsigned measure_excess(struct spread *spread, unsigned calls)
{
    struct fiber_group group;
    unsigned most = 0;
    fiber_group_init(&group);
    for (unsigned i = 0; i < calls; i++) {
        assert_int_equal(fiber_group_start(&group, call_in_fiber, spread), STATUS_OK);
    }
    fiber_group_join(&group);
    for (size_t i = 0; i < INSTANCES; i++) {
        most = spread->instances[i].echo.calls > most ? spread->instances[i].echo.calls : most;
        spread->instances[i].echo.calls = 0;
    }
    return most - calls / INSTANCES;
}

/* Simulated a million times, five rounds exceed by 12 in all at most, by 3 as a rule; a choice that
 * does not look at the load by 25 as a rule. */
static void the_less_loaded_gets_the_call(struct grpc_fixture *fixture)
{
    struct spread spread;
    unsigned excess = 0;
    open_spread(fixture, &spread, GRPC_BALANCE_LEAST_OF_TWO);
    spread.delay_ms = 50;
    for (int round = 0; round < 5; round++) {
        excess += measure_excess(&spread, 90);
    }
    assert_in_range(excess, 0, 14);
    close_spread(&spread);
}
FIXTURE_LOOPBACK_TEST(the_less_loaded_gets_the_call)

static void update_endpoints(struct spread *spread, const struct grpc_endpoint *endpoints,
                             size_t count)
{
    assert_int_equal(grpc_channel_update_endpoints(spread->channel, endpoints, count), STATUS_OK);
}

static void call_often(struct spread *spread, unsigned calls)
{
    for (size_t i = 0; i < INSTANCES; i++) {
        spread->instances[i].echo.calls = 0;
    }
    for (unsigned i = 0; i < calls; i++) {
        assert_int_equal(try(spread, 0), STATUS_OK);
        arena_reset(&spread->fixture->arena);
    }
}

/* An instance by its place in the spread. */
static struct grpc_endpoint endpoint(const struct spread *spread, size_t at, uint16_t weight,
                                     bool is_near)
{
    return (struct grpc_endpoint){text_of(spread->instances[at].address), weight, is_near};
}

/* Within five standard deviations of a binomial share. */
static void assert_share(unsigned found, unsigned calls, double share)
{
    double wanted = calls * share;
    double deviation = 5 * sqrt(calls * share * (1 - share));
    if (fabs(found - wanted) > deviation) {
        fail_msg("%u of %u, not %.0f +- %.0f", found, calls, wanted, deviation);
    }
}

static void a_round_follows_the_weights(struct grpc_fixture *fixture)
{
    enum { ROUNDS = 20 };
    static const unsigned weights[INSTANCES] = {1, 2, 5};
    struct grpc_endpoint endpoints[INSTANCES];
    struct spread spread;
    open_spread(fixture, &spread, GRPC_BALANCE_ROUND_ROBIN);
    for (size_t i = 0; i < INSTANCES; i++) {
        endpoints[i] = endpoint(&spread, i, (uint16_t)weights[i], false);
    }
    update_endpoints(&spread, endpoints, INSTANCES);
    call_often(&spread, 8 * ROUNDS);
    for (size_t i = 0; i < INSTANCES; i++) { /* a round may be cut at either end */
        assert_in_range(spread.instances[i].echo.calls, weights[i] * ROUNDS - 1,
                        weights[i] * ROUNDS + 1);
    }
    close_spread(&spread);
}
FIXTURE_LOOPBACK_TEST(a_round_follows_the_weights)

static void chance_follows_the_weights(struct grpc_fixture *fixture)
{
    enum { CALLS = 3000 };
    static const uint16_t weights[INSTANCES] = {1, 2, 5};
    struct grpc_endpoint endpoints[INSTANCES];
    struct spread spread;
    open_spread(fixture, &spread, GRPC_BALANCE_LEAST_OF_TWO);
    for (size_t i = 0; i < INSTANCES; i++) {
        endpoints[i] = endpoint(&spread, i, weights[i], false);
    }
    update_endpoints(&spread, endpoints, INSTANCES);
    call_often(&spread, CALLS);
    for (size_t i = 0; i < INSTANCES; i++) {
        assert_share(spread.instances[i].echo.calls, CALLS, weights[i] / 8.0);
    }
    close_spread(&spread);
}
FIXTURE_LOOPBACK_TEST(chance_follows_the_weights)

/* All of the zone is ready: nothing leaves it. Half of it is: seven tenths of the calls stay. None
 * is: all leave. */
static void calls_stay_in_the_zone(struct grpc_fixture *fixture)
{
    enum { CALLS = 2000 };
    char refusing[2][HTTP_ADDRESS_BYTES_MAX];
    int reserved[2] = {grpc_fixture_reserve(refusing[0]), grpc_fixture_reserve(refusing[1])};
    struct spread spread;
    open_spread(fixture, &spread, GRPC_BALANCE_LEAST_OF_TWO);
    struct grpc_endpoint endpoints[] = {endpoint(&spread, 0, 1, false),
                                        endpoint(&spread, 1, 1, true),
                                        endpoint(&spread, 2, 1, true)};
    update_endpoints(&spread, endpoints, INSTANCES);
    call_often(&spread, CALLS / 10);
    assert_int_equal(spread.instances[0].echo.calls, 0);
    endpoints[2].address = text_of(refusing[0]);
    update_endpoints(&spread, endpoints, INSTANCES);
    call_often(&spread, CALLS);
    assert_share(spread.instances[1].echo.calls, CALLS, GRPC_ZONE_OVERPROVISION / 2);
    assert_int_equal(spread.instances[0].echo.calls + spread.instances[1].echo.calls, CALLS);
    endpoints[1].address = text_of(refusing[1]);
    update_endpoints(&spread, endpoints, INSTANCES);
    call_often(&spread, CALLS / 10);
    assert_int_equal(spread.instances[0].echo.calls, CALLS / 10);
    close_spread(&spread);
    (void)close(reserved[0]);
    (void)close(reserved[1]);
}
FIXTURE_LOOPBACK_TEST(calls_stay_in_the_zone)

/* Of more instances than it is to connect to, a channel leaves the rest alone; the same key makes
 * the same choice. */
static void a_subset_is_connected_to(struct grpc_fixture *fixture)
{
    struct spread spread;
    open_spread(fixture, &spread, GRPC_BALANCE_LEAST_OF_TWO);
    const struct grpc_channel_options options = {
        .pool = fixture->pool, .target = "subset", .subset_max = 1, .subset_key = 4711};
    size_t chosen[2] = {0, 0};
    for (size_t round = 0; round < 2; round++) {
        grpc_channel_destroy(spread.channel);
        assert_int_equal(grpc_channel_create(fixture->loop, &options, &spread.channel), STATUS_OK);
        update(&spread, INSTANCES);
        call_often(&spread, 20);
        while (spread.instances[chosen[round]].echo.calls == 0) {
            chosen[round]++;
        }
        assert_int_equal(spread.instances[chosen[round]].echo.calls, 20);
    }
    assert_int_equal(chosen[0], chosen[1]);
    close_spread(&spread);
}
FIXTURE_LOOPBACK_TEST(a_subset_is_connected_to)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_round_gives_each_its_turn_loopback),
        cmocka_unit_test(the_less_loaded_gets_the_call_loopback),
        cmocka_unit_test(a_round_follows_the_weights_loopback),
        cmocka_unit_test(chance_follows_the_weights_loopback),
        cmocka_unit_test(calls_stay_in_the_zone_loopback),
        cmocka_unit_test(a_subset_is_connected_to_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
