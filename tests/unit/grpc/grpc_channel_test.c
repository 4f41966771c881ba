/* A channel over several instances that come, go, refuse and die. */
#include "grpc/grpc_channel.h"

#include "base/clock.h"
#include "grpc/grpc_stream.h"
#include "support/cmocka_test.h"
#include "unit/grpc/grpc_fixture.h"

enum { INSTANCES = 2 };

/* Two instances of the service and a channel that is given their addresses. */
struct pair {
    struct grpc_fixture *fixture;
    struct grpc_instance instances[INSTANCES];
    struct grpc_channel *channel;
};

static void update(struct pair *pair, const struct text *addresses, size_t count)
{
    assert_int_equal(grpc_channel_update(pair->channel, addresses, count), STATUS_OK);
}

static void update_to_both(struct pair *pair)
{
    const struct text addresses[] = {
        text_of(pair->instances[0].address),
        text_of(pair->instances[1].address),
    };
    update(pair, addresses, ARRAY_LENGTH(addresses));
}

static void open_pair(struct grpc_fixture *fixture, struct pair *pair, uint32_t streams_max)
{
    pair->fixture = fixture;
    for (size_t i = 0; i < INSTANCES; i++) {
        grpc_instance_open(fixture, &pair->instances[i], streams_max);
    }
    pair->channel = grpc_fixture_channel(fixture);
}

static void close_pair(struct pair *pair)
{
    grpc_channel_destroy(pair->channel);
    for (size_t i = 0; i < INSTANCES; i++) {
        grpc_instance_close(&pair->instances[i]);
    }
}

struct attempt {
    int64_t timeout_ms; /* 0: the test's */
    int64_t delay_ms;
    bool idempotent;
};

static enum status try(struct pair *pair, struct attempt attempt)
{
    const struct grpc_call_options options = {.idempotent = attempt.idempotent};
    Marquee__Test__EchoPlan plan = MARQUEE__TEST__ECHO_PLAN__INIT;
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    ProtobufCMessage *response = NULL;
    struct call call = grpc_fixture_call(pair->fixture, attempt.timeout_ms);
    plan.delay_ms = attempt.delay_ms;
    request.plan = &plan;
    return grpc_call_unary(pair->channel, &call, "/marquee.test.EchoService/Echo", &options,
                           &request.base, &marquee__test__echo_response__descriptor, &response);
}

static const struct attempt plain = {.idempotent = false};

static void no_instance_fails_at_once(struct grpc_fixture *fixture)
{
    struct pair pair;
    open_pair(fixture, &pair, 0);
    update(&pair, NULL, 0);
    assert_int_equal(try(&pair, plain), STATUS_UNAVAILABLE);
    close_pair(&pair);
}
FIXTURE_LOOPBACK_TEST(no_instance_fails_at_once)

static void update_soon(void *argument)
{
    struct pair *pair = argument;
    assert_int_equal(fiber_sleep(&pair->fixture->call, 10 * CLOCK_NS_PER_MS), STATUS_OK);
    update_to_both(pair);
}

static void calls_wait_for_the_first_addresses(struct grpc_fixture *fixture)
{
    struct pair pair;
    struct fiber_group group;
    open_pair(fixture, &pair, 0);
    assert_int_equal(try(&pair, (struct attempt){.timeout_ms = 10}), STATUS_DEADLINE_EXCEEDED);
    fiber_group_init(&group);
    assert_int_equal(fiber_group_start(&group, update_soon, &pair), STATUS_OK);
    assert_int_equal(try(&pair, plain), STATUS_OK);
    fiber_group_join(&group);
    close_pair(&pair);
}
FIXTURE_LOOPBACK_TEST(calls_wait_for_the_first_addresses)

static void both_instances_get_calls_over_kept_connections(struct grpc_fixture *fixture)
{
    struct pair pair;
    open_pair(fixture, &pair, 0);
    update_to_both(&pair);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(try(&pair, plain), STATUS_OK);
    }
    for (size_t i = 0; i < INSTANCES; i++) {
        assert_in_range(pair.instances[i].echo.calls, 40, 160);
        assert_int_equal(http_server_connection_count(pair.instances[i].http), 1);
    }
    update_to_both(&pair); /* changes nothing */
    assert_int_equal(try(&pair, plain), STATUS_OK);
    for (size_t i = 0; i < INSTANCES; i++) {
        assert_int_equal(http_server_connection_count(pair.instances[i].http), 1);
    }
    close_pair(&pair);
}
FIXTURE_LOOPBACK_TEST(both_instances_get_calls_over_kept_connections)

static void one_that_refuses_does_not_matter(struct grpc_fixture *fixture)
{
    struct pair pair;
    open_pair(fixture, &pair, 0);
    /* Nobody listens any more where the first was. */
    struct text gone = arena_copy(&fixture->arena, text_of(pair.instances[0].address));
    grpc_instance_close(&pair.instances[0]);
    const struct text addresses[] = {gone, text_of(pair.instances[1].address)};
    update(&pair, addresses, ARRAY_LENGTH(addresses));
    for (int i = 0; i < 20; i++) {
        assert_int_equal(try(&pair, plain), STATUS_OK);
    }
    assert_int_equal(pair.instances[1].echo.calls, 20);
    /* Alone, it makes calls fail, and long before their deadline. */
    int64_t started_ns = clock_monotonic_ns();
    update(&pair, &gone, 1);
    assert_int_equal(try(&pair, plain), STATUS_UNAVAILABLE);
    assert_true(clock_monotonic_ns() - started_ns < 5 * CLOCK_NS_PER_S);
    close_pair(&pair);
}
FIXTURE_LOOPBACK_TEST(one_that_refuses_does_not_matter)

struct worker {
    struct pair *pair;
    struct attempt attempt;
    unsigned rounds;
    unsigned succeeded;
    unsigned failed;
    enum status failure;
};

static void work(void *argument)
{
    struct worker *worker = argument;
    for (unsigned i = 0; i < worker->rounds; i++) {
        enum status status = try(worker->pair, worker->attempt);
        if (status == STATUS_OK) {
            worker->succeeded++;
        } else {
            worker->failed++;
            worker->failure = status;
        }
    }
}

static void start_workers(struct fiber_group *group, struct worker *worker, unsigned count)
{
    fiber_group_init(group);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(fiber_group_start(group, work, worker), STATUS_OK);
    }
}

static void idempotent_calls_outlive_an_instance(struct grpc_fixture *fixture)
{
    enum { WORKERS = 20 };
    struct pair pair;
    struct fiber_group group;
    struct worker worker = {&pair, {.delay_ms = 100, .idempotent = true}, 1, 0, 0, STATUS_OK};
    open_pair(fixture, &pair, 0);
    update_to_both(&pair);
    assert_int_equal(try(&pair, plain), STATUS_OK);
    start_workers(&group, &worker, WORKERS);
    while (pair.instances[0].echo.running == 0) {
        fiber_yield();
    }
    grpc_instance_close(&pair.instances[0]);
    fiber_group_join(&group);
    assert_int_equal(worker.succeeded, WORKERS);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(try(&pair, plain), STATUS_OK);
    }
    close_pair(&pair);
}
FIXTURE_LOOPBACK_TEST(idempotent_calls_outlive_an_instance)

static void other_calls_are_told_of_the_loss(struct grpc_fixture *fixture)
{
    enum { WORKERS = 20 };
    struct pair pair;
    struct fiber_group group;
    struct worker worker = {&pair, {.delay_ms = 100}, 1, 0, 0, STATUS_OK};
    open_pair(fixture, &pair, 0);
    update_to_both(&pair);
    assert_int_equal(try(&pair, plain), STATUS_OK);
    start_workers(&group, &worker, WORKERS);
    while (pair.instances[0].echo.running == 0) {
        fiber_yield();
    }
    grpc_instance_close(&pair.instances[0]);
    fiber_group_join(&group);
    assert_true(worker.failed > 0);
    assert_true(worker.succeeded > 0);
    assert_int_equal(worker.failure, STATUS_UNAVAILABLE);
    close_pair(&pair);
}
FIXTURE_LOOPBACK_TEST(other_calls_are_told_of_the_loss)

/* GOAWAY in two steps: no call is lost, though none may be repeated once processed. */
static void a_drain_loses_no_call(struct grpc_fixture *fixture)
{
    enum { WORKERS = 10, ROUNDS = 100 };
    struct pair pair;
    struct fiber_group group;
    struct worker worker = {&pair, {.delay_ms = 1}, ROUNDS, 0, 0, STATUS_OK};
    open_pair(fixture, &pair, 0);
    update_to_both(&pair);
    start_workers(&group, &worker, WORKERS);
    while (pair.instances[0].echo.running == 0) {
        fiber_yield();
    }
    assert_int_equal(http_server_drain(pair.instances[0].http, &fixture->call), STATUS_OK);
    fiber_group_join(&group);
    if (worker.failed > 0) {
        fail_msg("%u calls failed: %s", worker.failed, status_name(worker.failure));
    }
    assert_int_equal(worker.succeeded, WORKERS * ROUNDS);
    close_pair(&pair);
}
FIXTURE_LOOPBACK_TEST(a_drain_loses_no_call)

static void a_removed_instance_finishes_its_calls(struct grpc_fixture *fixture)
{
    struct pair pair;
    struct fiber_group group;
    struct worker worker = {&pair, {.delay_ms = 50}, 1, 0, 0, STATUS_OK};
    open_pair(fixture, &pair, 0);
    struct text first = text_of(pair.instances[0].address);
    struct text second = text_of(pair.instances[1].address);
    update(&pair, &first, 1);
    start_workers(&group, &worker, 5);
    grpc_fixture_await(fixture, &pair.instances[0].echo.running, 5);
    update(&pair, &second, 1);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(try(&pair, plain), STATUS_OK);
    }
    assert_int_equal(pair.instances[0].echo.calls, 5);
    assert_int_equal(pair.instances[1].echo.calls, 10);
    fiber_group_join(&group);
    assert_int_equal(worker.succeeded, 5);
    while (http_server_connection_count(pair.instances[0].http) > 0) {
        assert_int_equal(fiber_sleep(&fixture->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
    close_pair(&pair);
}
FIXTURE_LOOPBACK_TEST(a_removed_instance_finishes_its_calls)

static void a_full_instance_gets_further_connections(struct grpc_fixture *fixture)
{
    enum { STREAMS = 3, WORKERS = 60 };
    struct pair pair;
    struct fiber_group group;
    struct worker worker = {&pair, {.delay_ms = 5}, 3, 0, 0, STATUS_OK};
    open_pair(fixture, &pair, STREAMS);
    struct text first = text_of(pair.instances[0].address);
    update(&pair, &first, 1);
    assert_int_equal(try(&pair, plain), STATUS_OK);
    start_workers(&group, &worker, WORKERS);
    fiber_group_join(&group);
    assert_int_equal(worker.failed, 0);
    assert_int_equal(worker.succeeded, 3 * WORKERS);
    assert_int_equal(http_server_connection_count(pair.instances[0].http),
                     GRPC_CHANNEL_CONNECTIONS_MAX);
    close_pair(&pair);
}
FIXTURE_LOOPBACK_TEST(a_full_instance_gets_further_connections)

/* The slot of a call that is given up is free only when its reset has left. */
static void a_slot_that_is_given_up_goes_to_who_waits(struct grpc_fixture *fixture)
{
    struct pair pair;
    struct fiber_group group;
    struct worker worker = {&pair, {.timeout_ms = 50, .delay_ms = 3600000}, 1, 0, 0, STATUS_OK};
    open_pair(fixture, &pair, 1);
    struct text first = text_of(pair.instances[0].address);
    update(&pair, &first, 1);
    start_workers(&group, &worker, GRPC_CHANNEL_CONNECTIONS_MAX);
    grpc_fixture_await(fixture, &pair.instances[0].echo.running, GRPC_CHANNEL_CONNECTIONS_MAX);
    assert_int_equal(try(&pair, plain), STATUS_OK);
    fiber_group_join(&group);
    assert_int_equal(worker.failure, STATUS_DEADLINE_EXCEEDED);
    close_pair(&pair);
}
FIXTURE_LOOPBACK_TEST(a_slot_that_is_given_up_goes_to_who_waits)

static void an_instance_that_returns_is_found_again(struct grpc_fixture *fixture)
{
    struct pair pair;
    open_pair(fixture, &pair, 0);
    struct text first = text_of(pair.instances[0].address);
    update(&pair, &first, 1);
    assert_int_equal(try(&pair, plain), STATUS_OK);
    assert_int_equal(http_server_drain(pair.instances[0].http, &fixture->call), STATUS_OK);
    /* The listening socket is the test's: connections queue there until somebody accepts again. */
    http_server_destroy(pair.instances[0].http);
    struct http_server_options http = {.fallback = grpc_server_fallback,
                                       .fallback_state = pair.instances[0].grpc};
    http.routes = grpc_server_routes(pair.instances[0].grpc, &http.route_count);
    assert_int_equal(http_server_create(fixture->loop, &http, &pair.instances[0].http), STATUS_OK);
    assert_int_equal(http_server_accept_from(pair.instances[0].http, pair.instances[0].fd),
                     STATUS_OK);
    enum status status = STATUS_UNAVAILABLE;
    while (status == STATUS_UNAVAILABLE) {
        assert_int_equal(fiber_sleep(&fixture->call, CLOCK_NS_PER_MS), STATUS_OK);
        status = try(&pair, plain);
    }
    assert_int_equal(status, STATUS_OK);
    close_pair(&pair);
}
FIXTURE_LOOPBACK_TEST(an_instance_that_returns_is_found_again)

/* A client that goes away without a word leaves no handler behind. */
static void a_vanished_client_is_noticed(struct grpc_fixture *fixture)
{
    struct pair pair;
    struct grpc_stream *streams[5];
    open_pair(fixture, &pair, 0);
    struct text first = text_of(pair.instances[0].address);
    update(&pair, &first, 1);
    for (size_t i = 0; i < ARRAY_LENGTH(streams); i++) {
        assert_int_equal(grpc_client_open(pair.channel, &fixture->call,
                                          "/marquee.test.EchoService/Chat", NULL,
                                          &marquee__test__echo_response__descriptor, &streams[i]),
                         STATUS_OK);
    }
    grpc_fixture_await(fixture, &pair.instances[0].echo.running, 5);
    for (size_t i = 0; i < ARRAY_LENGTH(streams); i++) {
        assert_int_equal(grpc_client_finish(streams[i]), STATUS_CANCELLED);
    }
    grpc_channel_destroy(pair.channel);
    pair.channel = NULL;
    grpc_fixture_await(fixture, &pair.instances[0].echo.running, 0);
    close_pair(&pair);
}
FIXTURE_LOOPBACK_TEST(a_vanished_client_is_noticed)

static void a_dying_server_ends_its_streams(struct grpc_fixture *fixture)
{
    struct pair pair;
    struct grpc_stream *stream;
    ProtobufCMessage *message = NULL;
    open_pair(fixture, &pair, 0);
    struct text first = text_of(pair.instances[0].address);
    update(&pair, &first, 1);
    assert_int_equal(grpc_client_open(pair.channel, &fixture->call,
                                      "/marquee.test.EchoService/Chat", NULL,
                                      &marquee__test__echo_response__descriptor, &stream),
                     STATUS_OK);
    grpc_fixture_await(fixture, &pair.instances[0].echo.running, 1);
    grpc_instance_close(&pair.instances[0]);
    assert_int_equal(grpc_receive(stream, &message), STATUS_OK);
    assert_null(message);
    enum status status = grpc_client_finish(stream);
    assert_true(status == STATUS_UNAVAILABLE || status == STATUS_CANCELLED);
    close_pair(&pair);
}
FIXTURE_LOOPBACK_TEST(a_dying_server_ends_its_streams)

static void too_many_addresses_are_refused(struct grpc_fixture *fixture)
{
    struct pair pair;
    open_pair(fixture, &pair, 0);
    struct text *addresses =
        arena_calloc(&fixture->arena, GRPC_CHANNEL_ADDRESSES_MAX + 1, sizeof(*addresses));
    assert_non_null(addresses);
    for (size_t i = 0; i <= GRPC_CHANNEL_ADDRESSES_MAX; i++) {
        addresses[i] = text_of(pair.instances[0].address); /* one, said often */
    }
    assert_int_equal(grpc_channel_update(pair.channel, addresses, GRPC_CHANNEL_ADDRESSES_MAX + 1),
                     STATUS_RESOURCE_EXHAUSTED);
    update(&pair, addresses, GRPC_CHANNEL_ADDRESSES_MAX);
    assert_int_equal(try(&pair, plain), STATUS_OK);
    assert_int_equal(http_server_connection_count(pair.instances[0].http), 1);
    close_pair(&pair);
}
FIXTURE_LOOPBACK_TEST(too_many_addresses_are_refused)

static void count_loss(void *state)
{
    ++*(unsigned *)state;
}

/* Who keeps the addresses hears of an end, and of each attempt that failed, but not of those that
 * were taken out. */
static void a_loss_is_told(struct grpc_fixture *fixture)
{
    struct pair pair;
    unsigned losses = 0;
    open_pair(fixture, &pair, 0);
    grpc_channel_destroy(pair.channel);
    const struct grpc_channel_options options = {
        .pool = fixture->pool, .target = "echo", .lost = count_loss, .lost_state = &losses};
    assert_int_equal(grpc_channel_create(fixture->loop, &options, &pair.channel), STATUS_OK);
    struct text first = text_of(pair.instances[0].address);
    struct text second = text_of(pair.instances[1].address);
    update(&pair, &first, 1);
    assert_int_equal(try(&pair, plain), STATUS_OK);
    update(&pair, &second, 1);
    assert_int_equal(try(&pair, plain), STATUS_OK);
    assert_int_equal(losses, 0);
    grpc_instance_close(&pair.instances[1]);
    while (losses < 2) { /* the end, and that nobody listens any more */
        assert_int_equal(fiber_sleep(&fixture->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
    close_pair(&pair);
}
FIXTURE_LOOPBACK_TEST(a_loss_is_told)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_instance_fails_at_once_loopback),
        cmocka_unit_test(calls_wait_for_the_first_addresses_loopback),
        cmocka_unit_test(both_instances_get_calls_over_kept_connections_loopback),
        cmocka_unit_test(one_that_refuses_does_not_matter_loopback),
        cmocka_unit_test(idempotent_calls_outlive_an_instance_loopback),
        cmocka_unit_test(other_calls_are_told_of_the_loss_loopback),
        cmocka_unit_test(a_drain_loses_no_call_loopback),
        cmocka_unit_test(a_removed_instance_finishes_its_calls_loopback),
        cmocka_unit_test(a_full_instance_gets_further_connections_loopback),
        cmocka_unit_test(a_slot_that_is_given_up_goes_to_who_waits_loopback),
        cmocka_unit_test(an_instance_that_returns_is_found_again_loopback),
        cmocka_unit_test(a_vanished_client_is_noticed_loopback),
        cmocka_unit_test(a_dying_server_ends_its_streams_loopback),
        cmocka_unit_test(too_many_addresses_are_refused_loopback),
        cmocka_unit_test(a_loss_is_told_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
