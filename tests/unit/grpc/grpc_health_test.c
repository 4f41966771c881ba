/* Health, as its clients see it. */
#include <pthread.h>
#include <stdatomic.h>

#include "health.pb-c.h"

#include "grpc/grpc_stream.h"
#include "support/cmocka_test.h"
#include "unit/grpc/grpc_fixture.h"

#define SERVING GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
#define NOT_SERVING GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING
#define SERVICE_UNKNOWN GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN

static const struct text echo_name = TEXT_INIT("marquee.test.EchoService");

static void set_serving(struct grpc_fixture *fixture, struct text service, bool serving)
{
    assert_int_equal(grpc_server_set_serving(fixture->server.grpc, service, serving), STATUS_OK);
}

static enum status check(struct grpc_fixture *fixture, struct text service, int *ret_state)
{
    Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    ProtobufCMessage *response = NULL;
    struct call call = grpc_fixture_call(fixture, 0);
    request.service = proto_bytes(service);
    enum status status = grpc_call_unary(
        fixture->channel, &call, "/grpc.health.v1.Health/Check", NULL, &request.base,
        &grpc__health__v1__health_check_response__descriptor, &response);
    if (status == STATUS_OK) {
        *ret_state = (int)((Grpc__Health__V1__HealthCheckResponse *)response)->status;
    }
    return status;
}

static void assert_state(struct grpc_fixture *fixture, struct text service, int want)
{
    int got = -1;
    assert_int_equal(check(fixture, service, &got), STATUS_OK);
    assert_int_equal(got, want);
}

static void a_check_tells_the_state(struct grpc_fixture *fixture)
{
    int state;
    assert_state(fixture, TEXT(""), NOT_SERVING);
    assert_state(fixture, echo_name, NOT_SERVING);
    set_serving(fixture, TEXT(""), true);
    assert_state(fixture, TEXT(""), SERVING);
    assert_state(fixture, echo_name, NOT_SERVING);
    set_serving(fixture, echo_name, true);
    set_serving(fixture, TEXT(""), false);
    assert_state(fixture, TEXT(""), NOT_SERVING);
    assert_state(fixture, echo_name, SERVING);
    assert_int_equal(check(fixture, TEXT("nobody"), &state), STATUS_NOT_FOUND);
    assert_int_equal(grpc_server_set_serving(fixture->server.grpc, TEXT("nobody"), true),
                     STATUS_NOT_FOUND);
}
FIXTURE_LOOPBACK_TEST(a_check_tells_the_state)

static void a_list_has_every_service(struct grpc_fixture *fixture)
{
    Grpc__Health__V1__HealthListRequest request = GRPC__HEALTH__V1__HEALTH_LIST_REQUEST__INIT;
    ProtobufCMessage *message = NULL;
    set_serving(fixture, echo_name, true);
    assert_int_equal(grpc_call_unary(fixture->channel, &fixture->call,
                                     "/grpc.health.v1.Health/List", NULL, &request.base,
                                     &grpc__health__v1__health_list_response__descriptor, &message),
                     STATUS_OK);
    const Grpc__Health__V1__HealthListResponse *response =
        (const Grpc__Health__V1__HealthListResponse *)message;
    assert_int_equal(response->n_statuses, 2);
    assert_int_equal(response->statuses[0]->key.len, 0);
    assert_int_equal(response->statuses[0]->value->status, NOT_SERVING);
    assert_true(text_equal(proto_text(response->statuses[1]->key), echo_name));
    assert_int_equal(response->statuses[1]->value->status, SERVING);
}
FIXTURE_LOOPBACK_TEST(a_list_has_every_service)

static struct grpc_stream *watch(struct grpc_fixture *fixture, struct text service)
{
    Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    struct grpc_stream *stream = NULL;
    request.service = proto_bytes(service);
    assert_int_equal(
        grpc_client_open(fixture->channel, &fixture->call, "/grpc.health.v1.Health/Watch", NULL,
                         &grpc__health__v1__health_check_response__descriptor, &stream),
        STATUS_OK);
    assert_int_equal(grpc_send(stream, &request.base), STATUS_OK);
    assert_int_equal(grpc_client_close_send(stream), STATUS_OK);
    return stream;
}

static int next_state(struct grpc_stream *stream)
{
    ProtobufCMessage *message = NULL;
    assert_int_equal(grpc_receive(stream, &message), STATUS_OK);
    return message != NULL ? (int)((Grpc__Health__V1__HealthCheckResponse *)message)->status : -1;
}

static void a_watcher_is_told_of_changes(struct grpc_fixture *fixture)
{
    struct grpc_stream *stream = watch(fixture, echo_name);
    struct grpc_stream *other = watch(fixture, TEXT(""));
    assert_int_equal(next_state(stream), NOT_SERVING);
    assert_int_equal(next_state(other), NOT_SERVING);
    set_serving(fixture, echo_name, true);
    assert_int_equal(next_state(stream), SERVING);
    set_serving(fixture, echo_name, true); /* no change */
    set_serving(fixture, echo_name, false);
    assert_int_equal(next_state(stream), NOT_SERVING);
    set_serving(fixture, TEXT(""), true);
    assert_int_equal(next_state(other), SERVING);
    assert_int_equal(grpc_client_finish(stream), STATUS_CANCELLED);
    assert_int_equal(grpc_client_finish(other), STATUS_CANCELLED);
}
FIXTURE_TEST(a_watcher_is_told_of_changes)

static void a_watcher_of_an_unknown_service_stays(struct grpc_fixture *fixture)
{
    struct grpc_stream *stream = watch(fixture, TEXT("nobody"));
    assert_int_equal(next_state(stream), SERVICE_UNKNOWN);
    struct call call = grpc_fixture_call(fixture, 20);
    assert_int_equal(fiber_sleep(&call, 1000000000), STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(grpc_client_finish(stream), STATUS_CANCELLED);
}
FIXTURE_LOOPBACK_TEST(a_watcher_of_an_unknown_service_stays)

static void shutting_down_sends_watchers_away(struct grpc_fixture *fixture)
{
    set_serving(fixture, echo_name, true);
    struct grpc_stream *stream = watch(fixture, echo_name);
    assert_int_equal(next_state(stream), SERVING);
    grpc_server_shut_down(fixture->server.grpc);
    assert_int_equal(next_state(stream), NOT_SERVING);
    assert_int_equal(next_state(stream), -1);
    assert_int_equal(grpc_client_finish(stream), STATUS_UNAVAILABLE);
    assert_int_equal(http_server_drain(fixture->server.http, &fixture->call), STATUS_OK);
}
FIXTURE_TEST(shutting_down_sends_watchers_away)

struct toggler {
    struct grpc_server *grpc;
    atomic_bool done;
};

static void *toggle(void *argument)
{
    struct toggler *toggler = argument;
    for (int i = 0; i < 2001; i++) {
        CHECK(grpc_server_set_serving(toggler->grpc, echo_name, i % 2 == 0) == STATUS_OK);
    }
    atomic_store(&toggler->done, true);
    return NULL;
}

/* Watchers come and go while another thread changes what they watch. */
static void changes_come_from_any_thread(struct grpc_fixture *fixture)
{
    struct toggler toggler = {.grpc = fixture->server.grpc};
    pthread_t thread;
    struct grpc_stream *stream = watch(fixture, echo_name);
    assert_int_equal(pthread_create(&thread, NULL, toggle, &toggler), 0);
    for (int i = 0; i < 20 || !atomic_load(&toggler.done); i++) {
        struct grpc_stream *other = watch(fixture, echo_name);
        assert_true(next_state(other) >= 0);
        assert_int_equal(grpc_client_finish(other), STATUS_CANCELLED);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    while (next_state(stream) != SERVING) {
    }
    assert_int_equal(grpc_client_finish(stream), STATUS_CANCELLED);
}
FIXTURE_LOOPBACK_TEST(changes_come_from_any_thread)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_tells_the_state_loopback),
        cmocka_unit_test(a_list_has_every_service_loopback),
        FIXTURE_UNIT_TESTS(a_watcher_is_told_of_changes),
        cmocka_unit_test(changes_come_from_any_thread_loopback),
        cmocka_unit_test(a_watcher_of_an_unknown_service_stays_loopback),
        FIXTURE_UNIT_TESTS(shutting_down_sends_watchers_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
