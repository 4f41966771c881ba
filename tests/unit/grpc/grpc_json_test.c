/* A channel that writes its messages as JSON. */
#include "grpc/grpc_stream.h"
#include "support/cmocka_test.h"
#include "unit/grpc/grpc_fixture.h"

static struct grpc_channel *open_json(struct grpc_fixture *fixture)
{
    const struct grpc_channel_options options = {
        .pool = fixture->pool, .target = "echo", .codec = GRPC_CODEC_JSON};
    struct grpc_channel *channel;
    assert_int_equal(
        grpc_channel_create_loopback(fixture->loop, fixture->server.http, &options, &channel),
        STATUS_OK);
    return channel;
}

static void assert_json(const struct grpc_reply *reply)
{
    assert_true(
        text_equal(http_header_find(reply->headers, reply->header_count, TEXT("content-type")),
                   TEXT("application/grpc+json")));
}

static void unary_calls_are_json(struct grpc_fixture *fixture)
{
    struct grpc_channel *channel = open_json(fixture);
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    request.text = proto_bytes(TEXT("\"quoted\""));
    request.count = 7;
    for (int compress = 0; compress <= 1; compress++) {
        ProtobufCMessage *message = NULL;
        struct grpc_reply reply;
        const struct grpc_call_options options = {.compress = compress == 1, .ret_reply = &reply};
        assert_int_equal(grpc_call_unary(channel, &fixture->call, "/marquee.test.EchoService/Echo",
                                         &options, &request.base,
                                         &marquee__test__echo_response__descriptor, &message),
                         STATUS_OK);
        const Marquee__Test__EchoResponse *response = (const Marquee__Test__EchoResponse *)message;
        assert_int_equal(response->count, 7);
        assert_true(text_equal(proto_text(response->text), TEXT("\"quoted\"")));
        assert_int_equal(fixture->server.echo.was_compressed, compress == 1);
        assert_json(&reply);
    }
    grpc_channel_destroy(channel);
}
FIXTURE_LOOPBACK_TEST(unary_calls_are_json)

static void streams_are_json(struct grpc_fixture *fixture)
{
    struct grpc_channel *channel = open_json(fixture);
    struct grpc_stream *stream;
    assert_int_equal(grpc_client_open(channel, &fixture->call, "/marquee.test.EchoService/Chat",
                                      NULL, &marquee__test__echo_response__descriptor, &stream),
                     STATUS_OK);
    for (int32_t i = 1; i <= 3; i++) {
        Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
        ProtobufCMessage *message = NULL;
        request.count = i;
        assert_int_equal(grpc_send(stream, &request.base), STATUS_OK);
        assert_int_equal(grpc_receive(stream, &message), STATUS_OK);
        assert_non_null(message);
        assert_int_equal(((const Marquee__Test__EchoResponse *)message)->count, i);
    }
    const struct grpc_reply reply = grpc_client_reply(stream);
    assert_json(&reply);
    assert_int_equal(grpc_client_close_send(stream), STATUS_OK);
    ProtobufCMessage *message = NULL;
    assert_int_equal(grpc_receive(stream, &message), STATUS_OK);
    assert_null(message);
    assert_int_equal(grpc_client_finish(stream), STATUS_OK);
    grpc_channel_destroy(channel);
}
FIXTURE_LOOPBACK_TEST(streams_are_json)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unary_calls_are_json_loopback),
        cmocka_unit_test(streams_are_json_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
