/* Unary calls between our channel and our server. */
#include <stdlib.h>

#include "base/clock.h"
#include "support/cmocka_test.h"
#include "unit/grpc/grpc_fixture.h"

static void an_echo_comes_back(struct grpc_fixture *fixture)
{
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    Marquee__Test__EchoResponse *response = NULL;
    request.text = proto_bytes(TEXT("gr\xc3\xbc\xc3\x9f"));
    request.count = -7;
    request.payload = proto_bytes(TEXT("\0\1\xff"));
    assert_int_equal(grpc_fixture_echo(fixture, &fixture->call, &request, &response), STATUS_OK);
    assert_true(text_equal(proto_text(response->text), TEXT("gr\xc3\xbc\xc3\x9f")));
    assert_int_equal(response->count, -7);
    assert_true(text_equal(proto_text(response->payload), TEXT("\0\1\xff")));
    assert_int_equal(fixture->observations, 1);
    assert_int_equal(fixture->observed, STATUS_OK);
    assert_int_equal(fixture->server.echo.observations, 1);
    assert_string_equal(fixture->server.echo.observed_protocol, "grpc");
}
FIXTURE_TEST(an_echo_comes_back)

static void empty_messages_go_both_ways(struct grpc_fixture *fixture)
{
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    Marquee__Test__EchoResponse *response = NULL;
    assert_int_equal(grpc_fixture_echo(fixture, &fixture->call, &request, &response), STATUS_OK);
    assert_int_equal(response->count, 0);
}
FIXTURE_TEST(empty_messages_go_both_ways)

static void failures_keep_status_and_words(struct grpc_fixture *fixture)
{
    static const char *const messages[] = {
        "plain",
        "",
        "\t\r\n 100% \xe2\x98\xba and \xf0\x9f\x98\x88",
        "trailing space ",
    };
    Marquee__Test__EchoFailure failure = MARQUEE__TEST__ECHO_FAILURE__INIT;
    Marquee__Test__EchoPlan plan = MARQUEE__TEST__ECHO_PLAN__INIT;
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    plan.failure = &failure;
    request.plan = &plan;
    for (int code = 1; code < STATUS_COUNT; code++) {
        for (size_t i = 0; i < ARRAY_LENGTH(messages); i++) {
            struct call call = grpc_fixture_call(fixture, 0);
            Marquee__Test__EchoResponse *response = NULL;
            failure.code = code;
            failure.message = proto_bytes(text_of(messages[i]));
            assert_int_equal(grpc_fixture_echo(fixture, &call, &request, &response), code);
            assert_null(response);
            /* Where the server has no words, ours may stand. */
            if (messages[i][0] != '\0' && !text_equal(call.error.message, text_of(messages[i]))) {
                fail_msg("%d '%s': '%.*s'", code, messages[i], TEXT_ARGUMENTS(call.error.message));
            }
        }
    }
    assert_int_equal(fixture->server.echo.observed, STATUS_UNAUTHENTICATED);
}
FIXTURE_TEST(failures_keep_status_and_words)

static void an_unknown_method_is_unimplemented(struct grpc_fixture *fixture)
{
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    ProtobufCMessage *response = NULL;
    assert_int_equal(grpc_call_unary(fixture->channel, &fixture->call, "/nobody/Knows", NULL,
                                     &request.base, &marquee__test__echo_response__descriptor,
                                     &response),
                     STATUS_UNIMPLEMENTED);
}
FIXTURE_TEST(an_unknown_method_is_unimplemented)

static void deadlines_reach_the_server(struct grpc_fixture *fixture)
{
    static const struct {
        int64_t timeout_ms;
        int64_t want_ms;
    } cases[] = {
        {0, GRPC_DEADLINE_DEFAULT_MS},
        {3000, 3000},
        {GRPC_DEADLINE_DEFAULT_MS + 5000, GRPC_DEADLINE_DEFAULT_MS + 5000},
        {GRPC_DEADLINE_MAX_MS * 10, GRPC_DEADLINE_MAX_MS},
    };
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        Marquee__Test__EchoResponse *response;
        struct call call;
        call_init(&call, &fixture->arena, cases[i].timeout_ms);
        assert_int_equal(grpc_fixture_echo(fixture, &call, &request, &response), STATUS_OK);
        int64_t seen_ms = fixture->server.echo.remaining_ns / CLOCK_NS_PER_MS;
        assert_in_range(seen_ms, cases[i].want_ms - 1000, cases[i].want_ms);
    }
}
FIXTURE_TEST(deadlines_reach_the_server)

static void both_sides_give_up_at_the_deadline(struct grpc_fixture *fixture)
{
    Marquee__Test__EchoPlan plan = MARQUEE__TEST__ECHO_PLAN__INIT;
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    Marquee__Test__EchoResponse *response = NULL;
    plan.delay_ms = 3600 * 1000;
    request.plan = &plan;
    struct call call = grpc_fixture_call(fixture, 30);
    int64_t started_ns = clock_monotonic_ns();
    assert_int_equal(grpc_fixture_echo(fixture, &call, &request, &response),
                     STATUS_DEADLINE_EXCEEDED);
    assert_true(clock_monotonic_ns() - started_ns >= 30 * CLOCK_NS_PER_MS);
    assert_true(call.error.message.length > 0);
    grpc_fixture_await(fixture, &fixture->server.echo.running, 0);
    assert_int_equal(fixture->observed, STATUS_DEADLINE_EXCEEDED);
}
FIXTURE_TEST(both_sides_give_up_at_the_deadline)

static void an_expired_call_is_not_made(struct grpc_fixture *fixture)
{
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    Marquee__Test__EchoResponse *response = NULL;
    struct call call = grpc_fixture_call(fixture, 1);
    assert_int_equal(fiber_sleep(&fixture->call, 2 * CLOCK_NS_PER_MS), STATUS_OK);
    assert_int_equal(grpc_fixture_echo(fixture, &call, &request, &response),
                     STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(fixture->server.echo.calls, 0);
}
FIXTURE_TEST(an_expired_call_is_not_made)

/* A fiber that cancels once the handler runs. */
struct canceller {
    struct grpc_fixture *fixture;
    struct cancellation cancellation;
};

static void cancel_when_running(void *argument)
{
    struct canceller *canceller = argument;
    grpc_fixture_await(canceller->fixture, &canceller->fixture->server.echo.running, 1);
    cancellation_request(&canceller->cancellation);
}

static void cancelling_a_call_cancels_its_handler(struct grpc_fixture *fixture)
{
    Marquee__Test__EchoPlan plan = MARQUEE__TEST__ECHO_PLAN__INIT;
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    Marquee__Test__EchoResponse *response = NULL;
    struct canceller canceller = {.fixture = fixture};
    struct fiber_group group;
    plan.delay_ms = 3600 * 1000;
    request.plan = &plan;
    cancellation_init(&canceller.cancellation);
    fiber_group_init(&group);
    struct call call = grpc_fixture_call(fixture, 0);
    call.cancellation = &canceller.cancellation;
    assert_int_equal(fiber_group_start(&group, cancel_when_running, &canceller), STATUS_OK);
    assert_int_equal(grpc_fixture_echo(fixture, &call, &request, &response), STATUS_CANCELLED);
    fiber_group_join(&group);
    grpc_fixture_await(fixture, &fixture->server.echo.running, 0);
    assert_int_equal(fixture->server.echo.cancelled, 1);
}
FIXTURE_TEST(cancelling_a_call_cancels_its_handler)

static void messages_up_to_the_limits_pass(struct grpc_fixture *fixture)
{
    static const struct {
        size_t payload_bytes;
        enum status want;
    } cases[] = {
        /* A field of that size has a tag and a length of three bytes. */
        {FIXTURE_SERVER_MESSAGE_BYTES_MAX - 4, STATUS_OK},
        {FIXTURE_SERVER_MESSAGE_BYTES_MAX - 3, STATUS_RESOURCE_EXHAUSTED},
        {FIXTURE_SERVER_MESSAGE_BYTES_MAX * 8, STATUS_RESOURCE_EXHAUSTED},
    };
    char *payload = calloc(FIXTURE_SERVER_MESSAGE_BYTES_MAX * 8, 1);
    assert_non_null(payload);
    for (int compress = 0; compress <= 1; compress++) {
        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
            struct grpc_call_options options = {.compress = compress == 1};
            Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
            ProtobufCMessage *response = NULL;
            struct call call = grpc_fixture_call(fixture, 0);
            request.payload = proto_bytes(text_of_bytes(payload, cases[i].payload_bytes));
            enum status status = grpc_call_unary(
                fixture->channel, &call, "/marquee.test.EchoService/Echo", &options, &request.base,
                &marquee__test__echo_response__descriptor, &response);
            if (status != cases[i].want) {
                fail_msg("%zu bytes, compressed %d: %s: %.*s", cases[i].payload_bytes, compress,
                         status_name(status), TEXT_ARGUMENTS(call.error.message));
            }
        }
    }
    free(payload);
}
FIXTURE_TEST(messages_up_to_the_limits_pass)

static void compressed_requests_get_compressed_replies(struct grpc_fixture *fixture)
{
    struct grpc_call_options options = {.compress = true};
    char words[2000];
    memset(words, 'w', sizeof(words));
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    Marquee__Test__EchoResponse *response = NULL;
    ProtobufCMessage *message = NULL;
    request.text = proto_bytes(text_of_bytes(words, sizeof(words)));
    assert_int_equal(grpc_call_unary(fixture->channel, &fixture->call,
                                     "/marquee.test.EchoService/Echo", &options, &request.base,
                                     &marquee__test__echo_response__descriptor, &message),
                     STATUS_OK);
    response = (Marquee__Test__EchoResponse *)message;
    assert_true(text_equal(proto_text(response->text), text_of_bytes(words, sizeof(words))));
    assert_true(fixture->server.echo.was_compressed);
}
FIXTURE_TEST(compressed_requests_get_compressed_replies)

static void bad_text_is_refused_with_its_place(struct grpc_fixture *fixture)
{
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    Marquee__Test__EchoResponse *response = NULL;
    request.text = proto_bytes(TEXT("a\0b"));
    assert_int_equal(grpc_fixture_echo(fixture, &fixture->call, &request, &response),
                     STATUS_INVALID_ARGUMENT);
    assert_true(text_starts_with(fixture->call.error.message, TEXT("text")));
    assert_int_equal(fixture->server.echo.calls, 0);
}
FIXTURE_TEST(bad_text_is_refused_with_its_place)

static void bad_metadata_is_refused_here(struct grpc_fixture *fixture)
{
    const struct grpc_metadata metadata = {TEXT("grpc-status"), TEXT("0")};
    const struct grpc_call_options options = {.metadata = &metadata, .metadata_count = 1};
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    ProtobufCMessage *response = NULL;
    assert_int_equal(grpc_call_unary(fixture->channel, &fixture->call,
                                     "/marquee.test.EchoService/Echo", &options, &request.base,
                                     &marquee__test__echo_response__descriptor, &response),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(fixture->server.echo.calls, 0);
}
FIXTURE_TEST(bad_metadata_is_refused_here)

struct crowd {
    struct grpc_fixture *fixture;
    unsigned next;
    unsigned succeeded;
};

static void call_once(void *argument)
{
    struct crowd *crowd = argument;
    Marquee__Test__EchoPlan plan = MARQUEE__TEST__ECHO_PLAN__INIT;
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    Marquee__Test__EchoResponse *response = NULL;
    struct call call = grpc_fixture_call(crowd->fixture, 0);
    plan.delay_ms = 1;
    request.plan = &plan;
    request.count = (int32_t)crowd->next++;
    if (grpc_fixture_echo(crowd->fixture, &call, &request, &response) == STATUS_OK) {
        crowd->succeeded += response->count == request.count;
    }
}

/* More than the stream limit of one connection, so that further ones are opened. */
static void many_calls_run_at_once(struct grpc_fixture *fixture)
{
    enum { CALLS = 5 * HTTP_STREAMS_DEFAULT };
    struct crowd crowd = {.fixture = fixture};
    struct fiber_group group;
    fiber_group_init(&group);
    for (unsigned i = 0; i < CALLS; i++) {
        assert_int_equal(fiber_group_start(&group, call_once, &crowd), STATUS_OK);
    }
    fiber_group_join(&group);
    assert_int_equal(crowd.succeeded, CALLS);
    assert_int_equal(fixture->server.echo.calls, CALLS);
}
FIXTURE_TEST(many_calls_run_at_once)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_UNIT_TESTS(an_echo_comes_back),
        FIXTURE_UNIT_TESTS(empty_messages_go_both_ways),
        FIXTURE_UNIT_TESTS(failures_keep_status_and_words),
        FIXTURE_UNIT_TESTS(an_unknown_method_is_unimplemented),
        FIXTURE_UNIT_TESTS(deadlines_reach_the_server),
        FIXTURE_UNIT_TESTS(both_sides_give_up_at_the_deadline),
        FIXTURE_UNIT_TESTS(an_expired_call_is_not_made),
        FIXTURE_UNIT_TESTS(cancelling_a_call_cancels_its_handler),
        FIXTURE_UNIT_TESTS(messages_up_to_the_limits_pass),
        FIXTURE_UNIT_TESTS(compressed_requests_get_compressed_replies),
        FIXTURE_UNIT_TESTS(bad_text_is_refused_with_its_place),
        FIXTURE_UNIT_TESTS(bad_metadata_is_refused_here),
        FIXTURE_UNIT_TESTS(many_calls_run_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
