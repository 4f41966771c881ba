/* Streaming calls between our channel and our server, and metadata. */
#include "grpc/grpc_stream.h"
#include "loop/fiber.h"
#include "support/cmocka_test.h"
#include "unit/grpc/grpc_fixture.h"

static struct grpc_stream *open_stream(struct grpc_fixture *fixture, struct call *call,
                                       const char *path, const struct grpc_call_options *options)
{
    struct grpc_stream *stream = NULL;
    assert_int_equal(grpc_client_open(fixture->channel, call, path, options,
                                      &marquee__test__echo_response__descriptor, &stream),
                     STATUS_OK);
    return stream;
}

static void send_text(struct grpc_stream *stream, const char *text, int32_t count)
{
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    request.text = proto_bytes(text_of(text));
    request.payload = request.text;
    request.count = count;
    assert_int_equal(grpc_send(stream, &request.base), STATUS_OK);
}

static const Marquee__Test__EchoResponse *receive(struct grpc_stream *stream)
{
    ProtobufCMessage *message = NULL;
    assert_int_equal(grpc_receive(stream, &message), STATUS_OK);
    return (const Marquee__Test__EchoResponse *)message;
}

static void a_server_streams(struct grpc_fixture *fixture)
{
    for (int32_t count = 0; count < 20; count += 19) {
        struct grpc_stream *stream =
            open_stream(fixture, &fixture->call, "/marquee.test.EchoService/Split", NULL);
        send_text(stream, "part", count);
        assert_int_equal(grpc_client_close_send(stream), STATUS_OK);
        for (int32_t i = 0; i < count; i++) {
            const Marquee__Test__EchoResponse *reply = receive(stream);
            assert_non_null(reply);
            assert_int_equal(reply->count, i);
        }
        assert_null(receive(stream));
        assert_null(receive(stream)); /* the end stays the end */
        assert_int_equal(grpc_client_finish(stream), STATUS_OK);
    }
    assert_int_equal(fixture->observations, 2);
}
FIXTURE_TEST(a_server_streams)

static void a_client_streams(struct grpc_fixture *fixture)
{
    const struct grpc_call_options options = {.one_reply = true};
    struct grpc_stream *stream =
        open_stream(fixture, &fixture->call, "/marquee.test.EchoService/Join", &options);
    send_text(stream, "ab", 0);
    send_text(stream, "", 0);
    send_text(stream, "cd", 0);
    assert_int_equal(grpc_client_close_send(stream), STATUS_OK);
    const Marquee__Test__EchoResponse *reply = receive(stream);
    assert_non_null(reply);
    assert_int_equal(reply->count, 3);
    assert_true(text_equal(proto_text(reply->payload), TEXT("abcd")));
    assert_int_equal(grpc_client_finish(stream), STATUS_OK);
}
FIXTURE_TEST(a_client_streams)

/* Each message comes alone, and the first is still there when the last has come. */
static void messages_stay_as_long_as_the_call(struct grpc_fixture *fixture)
{
    enum { MESSAGES = 10, TURNS = 10 };
    const struct grpc_call_options options = {.one_reply = true};
    struct grpc_stream *stream =
        open_stream(fixture, &fixture->call, "/marquee.test.EchoService/Join", &options);
    for (int i = 0; i < MESSAGES; i++) {
        send_text(stream, i == 0 ? "first" : "later", 0);
        for (int turn = 0; turn < TURNS; turn++) {
            fiber_yield();
        }
    }
    assert_int_equal(grpc_client_close_send(stream), STATUS_OK);
    const Marquee__Test__EchoResponse *reply = receive(stream);
    assert_non_null(reply);
    assert_int_equal(reply->count, MESSAGES);
    assert_true(text_equal(proto_text(reply->text), TEXT("first")));
    assert_int_equal(grpc_client_finish(stream), STATUS_OK);
}
FIXTURE_TEST(messages_stay_as_long_as_the_call)

static void both_stream_in_turns(struct grpc_fixture *fixture)
{
    struct grpc_stream *stream =
        open_stream(fixture, &fixture->call, "/marquee.test.EchoService/Chat", NULL);
    for (int32_t i = 0; i < 100; i++) {
        send_text(stream, "ping", i);
        const Marquee__Test__EchoResponse *reply = receive(stream);
        assert_non_null(reply);
        assert_int_equal(reply->count, i);
    }
    assert_int_equal(grpc_client_close_send(stream), STATUS_OK);
    assert_null(receive(stream));
    assert_int_equal(grpc_client_finish(stream), STATUS_OK);
}
FIXTURE_TEST(both_stream_in_turns)

static void more_than_the_windows_flows(struct grpc_fixture *fixture)
{
    enum { MESSAGES = 200, PAYLOAD_BYTES = 60 * 1024 };
    static char payload[PAYLOAD_BYTES];
    struct grpc_stream *stream =
        open_stream(fixture, &fixture->call, "/marquee.test.EchoService/Split", NULL);
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    request.payload = proto_bytes(text_of_bytes(payload, sizeof(payload)));
    request.count = MESSAGES;
    assert_int_equal(grpc_send(stream, &request.base), STATUS_OK);
    assert_int_equal(grpc_client_close_send(stream), STATUS_OK);
    int32_t received = 0;
    for (;;) {
        ProtobufCMessage *message = NULL;
        assert_int_equal(grpc_receive_into(stream, &arena, &message), STATUS_OK);
        if (message == NULL) {
            break;
        }
        assert_int_equal(((Marquee__Test__EchoResponse *)message)->payload.len, PAYLOAD_BYTES);
        received++;
        arena_reset(&arena);
    }
    assert_int_equal(received, MESSAGES);
    assert_int_equal(grpc_client_finish(stream), STATUS_OK);
    arena_deinit(&arena);
}
FIXTURE_TEST(more_than_the_windows_flows)

static void metadata_goes_both_ways(struct grpc_fixture *fixture)
{
    const struct grpc_metadata metadata[] = {
        {TEXT("x-echo"), TEXT("there and back")},
        {TEXT("x-echo-bin"), TEXT("\xab\0\xab")},
    };
    const struct grpc_call_options options = {
        .one_reply = true, .metadata = metadata, .metadata_count = ARRAY_LENGTH(metadata)};
    struct grpc_stream *stream =
        open_stream(fixture, &fixture->call, "/marquee.test.EchoService/Echo", &options);
    send_text(stream, "", 0);
    assert_int_equal(grpc_client_close_send(stream), STATUS_OK);
    assert_non_null(receive(stream));
    assert_true(
        text_equal(grpc_client_initial_metadata(stream, TEXT("x-echo")), TEXT("there and back")));
    assert_true(
        text_equal(grpc_client_trailing_metadata(stream, TEXT("x-echo-bin")), TEXT("\xab\0\xab")));
    assert_null(grpc_client_trailing_metadata(stream, TEXT("x-echo")).data);
    assert_null(grpc_client_initial_metadata(stream, TEXT("x-other")).data);
    assert_int_equal(grpc_client_finish(stream), STATUS_OK);
}
FIXTURE_TEST(metadata_goes_both_ways)

/* A failure before the first message is one block of headers, unless there is initial metadata. */
static void an_early_failure_keeps_metadata_apart(struct grpc_fixture *fixture)
{
    const struct grpc_metadata metadata[] = {{TEXT("x-echo-bin"), TEXT("b")}};
    const struct grpc_call_options options = {
        .one_reply = true, .metadata = metadata, .metadata_count = ARRAY_LENGTH(metadata)};
    struct grpc_stream *stream =
        open_stream(fixture, &fixture->call, "/marquee.test.EchoService/Join", &options);
    Marquee__Test__EchoFailure failure = MARQUEE__TEST__ECHO_FAILURE__INIT;
    Marquee__Test__EchoPlan plan = MARQUEE__TEST__ECHO_PLAN__INIT;
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    failure.code = STATUS_ABORTED;
    failure.message = proto_bytes(TEXT("enough"));
    plan.failure = &failure;
    request.plan = &plan;
    assert_int_equal(grpc_send(stream, &request.base), STATUS_OK);
    assert_null(receive(stream));
    assert_int_equal(grpc_client_reply(stream).header_count, 0);
    assert_true(text_equal(grpc_client_trailing_metadata(stream, TEXT("x-echo-bin")), TEXT("b")));
    assert_int_equal(grpc_client_finish(stream), STATUS_ABORTED);
    assert_true(text_equal(fixture->call.error.message, TEXT("enough")));
}
FIXTURE_TEST(an_early_failure_keeps_metadata_apart)

static void a_late_failure_follows_the_messages(struct grpc_fixture *fixture)
{
    struct grpc_stream *stream =
        open_stream(fixture, &fixture->call, "/marquee.test.EchoService/Split", NULL);
    Marquee__Test__EchoFailure failure = MARQUEE__TEST__ECHO_FAILURE__INIT;
    Marquee__Test__EchoPlan plan = MARQUEE__TEST__ECHO_PLAN__INIT;
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    failure.code = STATUS_DATA_LOSS;
    plan.failure = &failure;
    request.plan = &plan;
    request.count = 2;
    assert_int_equal(grpc_send(stream, &request.base), STATUS_OK);
    assert_int_equal(grpc_client_close_send(stream), STATUS_OK);
    assert_non_null(receive(stream));
    assert_non_null(receive(stream));
    assert_null(receive(stream));
    assert_int_equal(grpc_client_finish(stream), STATUS_DATA_LOSS);
}
FIXTURE_TEST(a_late_failure_follows_the_messages)

static void the_wrong_number_of_messages_is_unimplemented(struct grpc_fixture *fixture)
{
    for (int sent = 0; sent <= 2; sent += 2) {
        struct call call = grpc_fixture_call(fixture, 0);
        struct grpc_stream *stream =
            open_stream(fixture, &call, "/marquee.test.EchoService/Echo", NULL);
        for (int i = 0; i < sent; i++) {
            send_text(stream, "x", 0);
        }
        assert_int_equal(grpc_client_close_send(stream), STATUS_OK);
        assert_null(receive(stream));
        assert_int_equal(grpc_client_finish(stream), STATUS_UNIMPLEMENTED);
    }
    for (int32_t replies = 0; replies <= 2; replies += 2) {
        const struct grpc_call_options options = {.one_reply = true};
        struct call call = grpc_fixture_call(fixture, 0);
        struct grpc_stream *stream =
            open_stream(fixture, &call, "/marquee.test.EchoService/Split", &options);
        ProtobufCMessage *message = NULL;
        send_text(stream, "x", replies);
        assert_int_equal(grpc_client_close_send(stream), STATUS_OK);
        assert_int_equal(grpc_receive(stream, &message), STATUS_UNIMPLEMENTED);
        assert_int_equal(grpc_client_finish(stream), STATUS_UNIMPLEMENTED);
    }
    assert_int_equal(fixture->server.echo.calls, 2);
}
FIXTURE_TEST(the_wrong_number_of_messages_is_unimplemented)

static void finishing_a_running_call_cancels_it(struct grpc_fixture *fixture)
{
    struct grpc_stream *stream =
        open_stream(fixture, &fixture->call, "/marquee.test.EchoService/Chat", NULL);
    send_text(stream, "ping", 1);
    assert_non_null(receive(stream));
    assert_int_equal(grpc_client_finish(stream), STATUS_CANCELLED);
    grpc_fixture_await(fixture, &fixture->server.echo.running, 0);
    assert_int_equal(fixture->server.echo.cancelled, 1);
    assert_int_equal(fixture->server.echo.observed, STATUS_CANCELLED);
}
FIXTURE_TEST(finishing_a_running_call_cancels_it)

/* Nobody reads, so the handler parks in sending, until it is cancelled. */
static void a_writer_that_is_stuck_is_cancelled(struct grpc_fixture *fixture)
{
    static char payload[60 * 1024];
    struct grpc_stream *stream =
        open_stream(fixture, &fixture->call, "/marquee.test.EchoService/Split", NULL);
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    request.payload = proto_bytes(text_of_bytes(payload, sizeof(payload)));
    request.count = INT32_MAX;
    assert_int_equal(grpc_send(stream, &request.base), STATUS_OK);
    assert_int_equal(grpc_client_close_send(stream), STATUS_OK);
    assert_non_null(receive(stream));
    assert_int_equal(grpc_client_finish(stream), STATUS_CANCELLED);
    grpc_fixture_await(fixture, &fixture->server.echo.running, 0);
    assert_int_equal(fixture->server.echo.cancelled, 1);
}
FIXTURE_TEST(a_writer_that_is_stuck_is_cancelled)

static void a_stream_ends_at_its_deadline(struct grpc_fixture *fixture)
{
    struct call call = grpc_fixture_call(fixture, 30);
    struct grpc_stream *stream =
        open_stream(fixture, &call, "/marquee.test.EchoService/Chat", NULL);
    ProtobufCMessage *message = NULL;
    assert_int_equal(grpc_receive(stream, &message), STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(grpc_client_finish(stream), STATUS_DEADLINE_EXCEEDED);
    grpc_fixture_await(fixture, &fixture->server.echo.running, 0);
}
FIXTURE_TEST(a_stream_ends_at_its_deadline)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_UNIT_TESTS(a_server_streams),
        FIXTURE_UNIT_TESTS(a_client_streams),
        FIXTURE_UNIT_TESTS(messages_stay_as_long_as_the_call),
        FIXTURE_UNIT_TESTS(both_stream_in_turns),
        FIXTURE_UNIT_TESTS(more_than_the_windows_flows),
        FIXTURE_UNIT_TESTS(metadata_goes_both_ways),
        FIXTURE_UNIT_TESTS(an_early_failure_keeps_metadata_apart),
        FIXTURE_UNIT_TESTS(a_late_failure_follows_the_messages),
        FIXTURE_UNIT_TESTS(the_wrong_number_of_messages_is_unimplemented),
        FIXTURE_UNIT_TESTS(finishing_a_running_call_cancels_it),
        FIXTURE_UNIT_TESTS(a_writer_that_is_stuck_is_cancelled),
        FIXTURE_UNIT_TESTS(a_stream_ends_at_its_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
