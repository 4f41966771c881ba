/* What a call does while no instance can be reached, and how long that lasts. */
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "grpc/grpc_channel.h"
#include "grpc/grpc_service_config.h"
#include "support/cmocka_test.h"
#include "unit/grpc/grpc_fixture.h"

/* Well below the shortest first backoff, 0.8 s. */
#define SOON_NS (CLOCK_NS_PER_S / 2)

/* A channel to one address, at which nobody listens at first. */
struct late {
    struct grpc_fixture *fixture;
    struct grpc_channel *channel;
    struct grpc_instance instance;
    int fd;
    char address[HTTP_ADDRESS_BYTES_MAX];
    enum status status; /* of call_in_fiber() */
    bool done;
};

static void update(struct late *late)
{
    struct text address = text_of(late->address);
    assert_int_equal(grpc_channel_update(late->channel, &address, 1), STATUS_OK);
}

static void open_late(struct grpc_fixture *fixture, struct late *late)
{
    *late = (struct late){.fixture = fixture};
    late->fd = grpc_fixture_reserve(late->address);
    late->channel = grpc_fixture_channel(fixture);
}

static void open_instance(struct late *late)
{
    grpc_instance_open_at(late->fixture, &late->instance, late->fd);
}

static void close_late(struct late *late)
{
    grpc_channel_destroy(late->channel);
    if (late->instance.http != NULL) {
        grpc_instance_close(&late->instance);
    } else {
        close(late->fd);
    }
}

static enum status try(struct late *late, bool wait_for_ready, int64_t timeout_ms)
{
    const struct grpc_call_options options = {.wait_for_ready = wait_for_ready};
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    ProtobufCMessage *response = NULL;
    struct call call = grpc_fixture_call(late->fixture, timeout_ms);
    return grpc_call_unary(late->channel, &call, "/marquee.test.EchoService/Echo", &options,
                           &request.base, &marquee__test__echo_response__descriptor, &response);
}

static void call_in_fiber(void *argument)
{
    struct late *late = argument;
    late->status = try(late, true, 0);
    late->done = true;
}

static void an_instance_that_is_named_again_is_tried_at_once(struct grpc_fixture *fixture)
{
    struct late late;
    open_late(fixture, &late);
    int64_t started_ns = clock_monotonic_ns();
    update(&late);
    assert_int_equal(try(&late, false, 0), STATUS_UNAVAILABLE);
    open_instance(&late);
    if (clock_monotonic_ns() - started_ns < SOON_NS) {
        assert_int_equal(try(&late, false, 0), STATUS_UNAVAILABLE); /* it is backed off from */
    }
    update(&late);
    started_ns = clock_monotonic_ns();
    assert_int_equal(try(&late, false, 0), STATUS_OK);
    assert_true(clock_monotonic_ns() - started_ns < SOON_NS);
    close_late(&late);
}
FIXTURE_LOOPBACK_TEST(an_instance_that_is_named_again_is_tried_at_once)

static void a_call_may_wait_for_an_instance(struct grpc_fixture *fixture)
{
    struct late late;
    struct fiber_group group;
    open_late(fixture, &late);
    update(&late);
    assert_int_equal(try(&late, false, 0), STATUS_UNAVAILABLE);
    assert_int_equal(try(&late, true, 20), STATUS_DEADLINE_EXCEEDED);
    fiber_group_init(&group);
    assert_int_equal(fiber_group_start(&group, call_in_fiber, &late), STATUS_OK);
    fiber_yield();
    assert_false(late.done);
    open_instance(&late);
    update(&late);
    fiber_group_join(&group);
    assert_int_equal(late.status, STATUS_OK);
    close_late(&late);
}
FIXTURE_LOOPBACK_TEST(a_call_may_wait_for_an_instance)

/* The same, said by the service's owner. */
static void a_config_may_have_calls_wait(struct grpc_fixture *fixture)
{
    static const char json[] = "{\"methodConfig\":[{\"name\":[{}],\"waitForReady\":true}]}";
    struct late late;
    struct grpc_service_config *config;
    open_late(fixture, &late);
    grpc_channel_destroy(late.channel);
    assert_int_equal(grpc_service_config_parse(&fixture->call, text_of(json), &config), STATUS_OK);
    const struct grpc_channel_options options = {
        .pool = fixture->pool, .target = "late", .config = config};
    assert_int_equal(grpc_channel_create(fixture->loop, &options, &late.channel), STATUS_OK);
    update(&late);
    assert_int_equal(try(&late, false, 20), STATUS_DEADLINE_EXCEEDED);
    open_instance(&late);
    update(&late);
    assert_int_equal(try(&late, false, 0), STATUS_OK);
    close_late(&late);
    grpc_service_config_destroy(config);
}
FIXTURE_LOOPBACK_TEST(a_config_may_have_calls_wait)

static void it_is_found_again_without_being_named(struct grpc_fixture *fixture)
{
    struct late late;
    open_late(fixture, &late);
    update(&late);
    assert_int_equal(try(&late, false, 0), STATUS_UNAVAILABLE);
    open_instance(&late);
    assert_int_equal(try(&late, true, 0), STATUS_OK); /* when the backoff is over */
    close_late(&late);
}
FIXTURE_LOOPBACK_TEST(it_is_found_again_without_being_named)

static void a_call_may_wait_for_the_list_to_be_filled(struct grpc_fixture *fixture)
{
    struct late late;
    struct fiber_group group;
    open_late(fixture, &late);
    open_instance(&late);
    assert_int_equal(grpc_channel_update(late.channel, NULL, 0), STATUS_OK);
    assert_int_equal(try(&late, false, 0), STATUS_UNAVAILABLE);
    fiber_group_init(&group);
    assert_int_equal(fiber_group_start(&group, call_in_fiber, &late), STATUS_OK);
    fiber_yield();
    assert_false(late.done);
    update(&late);
    fiber_group_join(&group);
    assert_int_equal(late.status, STATUS_OK);
    close_late(&late);
}
FIXTURE_LOOPBACK_TEST(a_call_may_wait_for_the_list_to_be_filled)

/* The second attempt hangs, as towards a host that is gone: nobody waits for it but who said so. */
static void an_attempt_after_a_failure_is_not_waited_for(struct grpc_fixture *fixture)
{
    struct late late;
    int accepted = -1;
    open_late(fixture, &late);
    update(&late);
    assert_int_equal(try(&late, false, 0), STATUS_UNAVAILABLE);
    assert_int_equal(listen(late.fd, 1), 0);
    while (accepted < 0) {
        assert_int_equal(fiber_sleep(&fixture->call, CLOCK_NS_PER_MS), STATUS_OK);
        accepted = accept4(late.fd, NULL, NULL, SOCK_CLOEXEC);
    }
    int64_t started_ns = clock_monotonic_ns();
    assert_int_equal(try(&late, false, 0), STATUS_UNAVAILABLE);
    assert_true(clock_monotonic_ns() - started_ns < SOON_NS);
    assert_int_equal(try(&late, true, 20), STATUS_DEADLINE_EXCEEDED);
    close(accepted);
    close_late(&late);
}
FIXTURE_LOOPBACK_TEST(an_attempt_after_a_failure_is_not_waited_for)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_instance_that_is_named_again_is_tried_at_once_loopback),
        cmocka_unit_test(a_call_may_wait_for_an_instance_loopback),
        cmocka_unit_test(a_config_may_have_calls_wait_loopback),
        cmocka_unit_test(it_is_found_again_without_being_named_loopback),
        cmocka_unit_test(a_call_may_wait_for_the_list_to_be_filled_loopback),
        cmocka_unit_test(an_attempt_after_a_failure_is_not_waited_for_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
