/* What comes with a reply besides its message: headers and trailers as a whole, and the details of
 * failures. */
#include "base/arena.h"
#include "base/clock.h"
#include "grpc/grpc_metadata.h"
#include "grpc/grpc_stream.h"
#include "support/cmocka_test.h"
#include "unit/grpc/raw_client.h"

#define ECHO "/marquee.test.EchoService/Echo"
#define DETAIL TEXT("\0\1\xff")

static const struct grpc_metadata metadata[] = {{TEXT_INIT("x-echo"), TEXT_INIT("a")},
                                                {TEXT_INIT("x-echo-bin"), TEXT_INIT("\xff")}};

struct failing_request {
    Marquee__Test__EchoFailure failure;
    Marquee__Test__EchoPlan plan;
    Marquee__Test__EchoRequest request;
};

static void init_failing(struct failing_request *self, struct text detail)
{
    marquee__test__echo_failure__init(&self->failure);
    marquee__test__echo_plan__init(&self->plan);
    marquee__test__echo_request__init(&self->request);
    self->failure.code = STATUS_FAILED_PRECONDITION;
    self->failure.message = proto_bytes(TEXT("no"));
    self->failure.detail = proto_bytes(detail);
    self->plan.failure = &self->failure;
    self->request.plan = &self->plan;
}

static enum status call_echo(struct grpc_fixture *fixture, const struct grpc_call_options *options,
                             const Marquee__Test__EchoRequest *request)
{
    ProtobufCMessage *response = NULL;
    struct call call = grpc_fixture_call(fixture, 0);
    return grpc_call_unary(fixture->channel, &call, ECHO, options, &request->base,
                           &marquee__test__echo_response__descriptor, &response);
}

static struct text header(const struct grpc_reply *reply, const char *name)
{
    return http_header_find(reply->headers, reply->header_count, text_of(name));
}

static struct text trailer(const struct grpc_reply *reply, const char *name)
{
    return http_header_find(reply->trailers, reply->trailer_count, text_of(name));
}

static void a_reply_is_kept_as_a_whole(struct grpc_fixture *fixture)
{
    struct grpc_reply reply;
    const struct grpc_call_options options = {.metadata = metadata,
                                              .metadata_count = ARRAY_LENGTH(metadata),
                                              .compress = true,
                                              .ret_reply = &reply};
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    assert_int_equal(call_echo(fixture, &options, &request), STATUS_OK);
    assert_true(text_equal(header(&reply, ":status"), TEXT("200")));
    assert_true(text_equal(header(&reply, "x-echo"), TEXT("a")));
    assert_true(text_equal(trailer(&reply, "x-echo-bin"), TEXT("/w"))); /* as it came */
    assert_true(text_equal(trailer(&reply, "grpc-status"), TEXT("0")));
    assert_true(reply.compressed);
}
FIXTURE_TEST(a_reply_is_kept_as_a_whole)

/* A failure without initial metadata is one block of headers, all of them trailing; with it, two.
 */
static void initial_metadata_stays_initial(struct grpc_fixture *fixture)
{
    struct failing_request failing;
    struct grpc_reply reply;
    struct grpc_call_options options = {.ret_reply = &reply};
    init_failing(&failing, (struct text){NULL, 0});
    assert_int_equal(call_echo(fixture, &options, &failing.request), STATUS_FAILED_PRECONDITION);
    assert_int_equal(reply.header_count, 0);
    assert_true(text_equal(trailer(&reply, "grpc-status"), TEXT("9")));

    options.metadata = metadata;
    options.metadata_count = ARRAY_LENGTH(metadata);
    assert_int_equal(call_echo(fixture, &options, &failing.request), STATUS_FAILED_PRECONDITION);
    assert_true(text_equal(header(&reply, "x-echo"), TEXT("a")));
    assert_null(trailer(&reply, "x-echo").data);
    assert_true(text_equal(trailer(&reply, "x-echo-bin"), TEXT("/w")));
    assert_true(text_equal(trailer(&reply, "grpc-status"), TEXT("9")));
}
FIXTURE_TEST(initial_metadata_stays_initial)

/* google.rpc.Status, by hand: code 9, message "no", one Any. */
static void details_come_in_a_trailer(struct grpc_fixture *fixture)
{
    struct failing_request failing;
    struct grpc_reply reply;
    const struct grpc_call_options options = {.ret_reply = &reply};
    init_failing(&failing, DETAIL);
    assert_int_equal(call_echo(fixture, &options, &failing.request), STATUS_FAILED_PRECONDITION);
    struct text bytes = grpc_metadata_find(&fixture->arena, reply.trailers, reply.trailer_count,
                                           TEXT("grpc-status-details-bin"));
    assert_true(text_equal(bytes, TEXT("\x08\x09\x12\x02no\x1a\x2e\x0a\x27"
                                       "type.googleapis.com/marquee.test.Detail"
                                       "\x12\x03\0\1\xff")));

    /* A call that succeeds has none. */
    failing.request.plan = NULL;
    assert_int_equal(call_echo(fixture, &options, &failing.request), STATUS_OK);
    assert_null(trailer(&reply, "grpc-status-details-bin").data);
}
FIXTURE_TEST(details_come_in_a_trailer)

static void details_come_in_connect_errors(struct grpc_fixture *fixture)
{
    static const struct raw_request request = {
        .path = ECHO,
        .content_type = "application/json",
        .body = TEXT_INIT(
            "{\"plan\":{\"failure\":{\"code\":9,\"message\":\"no\",\"detail\":\"AAH/\"}}}"),
    };
    struct raw_reply reply;
    raw_http1(fixture, &request, &reply);
    assert_int_equal(reply.status, 400);
    assert_true(text_equal(reply.body, TEXT("{\"code\":\"failed_precondition\",\"message\":\"no\","
                                            "\"details\":[{\"type\":\"marquee.test.Detail\","
                                            "\"value\":\"AAH/\"}]}")));
}
FIXTURE_LOOPBACK_TEST(details_come_in_connect_errors)

/* A client that gives up has the headers that came before the reply. */
static void headers_come_early(struct grpc_fixture *fixture)
{
    Marquee__Test__EchoPlan plan = MARQUEE__TEST__ECHO_PLAN__INIT;
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    struct grpc_reply reply;
    const struct grpc_call_options options = {.ret_reply = &reply};
    plan.early_headers = true;
    plan.delay_ms = FIXTURE_TIMEOUT_MS * 2;
    request.plan = &plan;
    ProtobufCMessage *response = NULL;
    struct call call = grpc_fixture_call(fixture, 50);
    assert_int_equal(grpc_call_unary(fixture->channel, &call, ECHO, &options, &request.base,
                                     &marquee__test__echo_response__descriptor, &response),
                     STATUS_DEADLINE_EXCEEDED);
    assert_true(text_equal(header(&reply, ":status"), TEXT("200")));
    assert_int_equal(reply.trailer_count, 0);
    grpc_fixture_await(fixture, &fixture->server.echo.running, 0);

    /* And once is enough. */
    plan.delay_ms = 0;
    assert_int_equal(call_echo(fixture, &options, &request), STATUS_OK);
    assert_true(text_equal(trailer(&reply, "grpc-status"), TEXT("0")));
}
FIXTURE_TEST(headers_come_early)

/* Whether each message is compressed is the sender's to say. */
static void a_stream_chooses_compression(struct grpc_fixture *fixture)
{
    static const struct grpc_call_options options = {.compress = true};
    struct grpc_stream *stream;
    assert_int_equal(grpc_client_open(fixture->channel, &fixture->call,
                                      "/marquee.test.EchoService/Chat", &options,
                                      &marquee__test__echo_response__descriptor, &stream),
                     STATUS_OK);
    for (int i = 0; i < 4; i++) {
        Marquee__Test__EchoPlan plan = MARQUEE__TEST__ECHO_PLAN__INIT;
        Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
        ProtobufCMessage *message = NULL;
        bool compress = i % 2 == 0;
        plan.compress = compress ? 2 : 1; /* the reply: the other way */
        request.plan = &plan;
        grpc_client_compress(stream, compress);
        assert_int_equal(grpc_send(stream, &request.base), STATUS_OK);
        assert_int_equal(grpc_receive(stream, &message), STATUS_OK);
        assert_non_null(message);
        assert_int_equal(grpc_received_compressed(stream), !compress);
    }
    assert_int_equal(grpc_client_close_send(stream), STATUS_OK);
    ProtobufCMessage *message = NULL;
    assert_int_equal(grpc_receive(stream, &message), STATUS_OK);
    assert_null(message);
    assert_int_equal(grpc_client_finish(stream), STATUS_OK);
}
FIXTURE_TEST(a_stream_chooses_compression)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_UNIT_TESTS(a_reply_is_kept_as_a_whole),
        FIXTURE_UNIT_TESTS(initial_metadata_stays_initial),
        FIXTURE_UNIT_TESTS(details_come_in_a_trailer),
        cmocka_unit_test(details_come_in_connect_errors_loopback),
        FIXTURE_UNIT_TESTS(headers_come_early),
        FIXTURE_UNIT_TESTS(a_stream_chooses_compression),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
