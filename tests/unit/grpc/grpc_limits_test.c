/* Limits that a method has for itself, over gRPC and Connect. */
#include "base/clock.h"
#include "grpc/grpc_stream.h"
#include "support/cmocka_test.h"
#include "unit/grpc/raw_client.h"

enum {
    METHODS = 5,
    DEADLINE_MAX_MS = 2000,
    DEADLINE_DEFAULT_MS = 1000,
    REQUEST_BYTES_MAX = 100,
};

static struct grpc_method methods[METHODS];
static struct grpc_service service;

static struct grpc_method *find(const char *name)
{
    size_t place = 0;
    while (place < METHODS && strcmp(methods[place].name, name) != 0) {
        place++;
    }
    CHECK(place < METHODS);
    return &methods[place];
}

static void limit(struct grpc_fixture *fixture, struct grpc_server_options *options,
                  struct http_server_options *http)
{
    (void)http;
    service = fixture->server.service;
    assert_int_equal(service.method_count, METHODS);
    memcpy(methods, service.methods, sizeof(methods));
    service.methods = methods;
    options->services = &service;
    struct grpc_method *echo = find("Echo");
    echo->deadline_max_ms = DEADLINE_MAX_MS;
    echo->deadline_default_ms = DEADLINE_DEFAULT_MS;
    echo->request_bytes_max = REQUEST_BYTES_MAX;
    find("Store")->deadline_max_ms = DEADLINE_DEFAULT_MS / 2; /* below the usual default */
    find("Chat")->deadline_max_ms = DEADLINE_MAX_MS;
    find("Chat")->deadline_default_ms = 30;
    find("Chat")->request_bytes_max = REQUEST_BYTES_MAX;
}

static enum status call(struct grpc_fixture *fixture, const char *path, int64_t timeout_ms,
                        size_t payload_bytes)
{
    static char zeros[2 * REQUEST_BYTES_MAX];
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    ProtobufCMessage *response = NULL;
    struct call call;
    call_init(&call, &fixture->arena, timeout_ms);
    assert_true(payload_bytes <= sizeof(zeros));
    request.payload = proto_bytes((struct text){zeros, payload_bytes});
    return grpc_call_unary(fixture->channel, &call, path, NULL, &request.base,
                           &marquee__test__echo_response__descriptor, &response);
}

static void assert_deadline(struct grpc_fixture *fixture, const char *path, int64_t timeout_ms,
                            int64_t want_ms)
{
    assert_int_equal(call(fixture, path, timeout_ms, 0), STATUS_OK);
    int64_t seen_ms = fixture->server.echo.remaining_ns / CLOCK_NS_PER_MS;
    assert_in_range(seen_ms, want_ms - 400, want_ms);
}

static void a_method_has_deadlines_of_its_own(struct grpc_fixture *fixture)
{
    static const char echo[] = "/marquee.test.EchoService/Echo";
    static const char store[] = "/marquee.test.EchoService/Store";
    assert_deadline(fixture, echo, 0, DEADLINE_DEFAULT_MS);
    assert_deadline(fixture, echo, 1500, 1500);
    assert_deadline(fixture, echo, 60000, DEADLINE_MAX_MS);
    assert_deadline(fixture, store, 0, DEADLINE_DEFAULT_MS / 2);
    assert_deadline(fixture, store, 60000, DEADLINE_DEFAULT_MS / 2);
}

static void connect_has_them_too(struct grpc_fixture *fixture)
{
    struct raw_reply reply;
    const struct raw_request request = {
        .path = "/marquee.test.EchoService/Echo",
        .content_type = "application/json",
        .headers = {{TEXT_INIT("connect-timeout-ms"), TEXT_INIT("60000")}},
        .body = TEXT_INIT("{}"),
    };
    raw_http1(fixture, &request, &reply);
    assert_int_equal(reply.status, 200);
    assert_in_range(fixture->server.echo.remaining_ns / CLOCK_NS_PER_MS, DEADLINE_MAX_MS - 400,
                    DEADLINE_MAX_MS);
}

/* A stream that sends nothing ends at the default that it was given. */
static void a_stream_has_one_if_it_is_said(struct grpc_fixture *fixture)
{
    struct grpc_stream *stream = NULL;
    ProtobufCMessage *message = NULL;
    struct call call;
    call_init(&call, &fixture->arena, 0);
    assert_int_equal(grpc_client_open(fixture->channel, &call, "/marquee.test.EchoService/Chat",
                                      NULL, &marquee__test__echo_response__descriptor, &stream),
                     STATUS_OK);
    assert_int_equal(grpc_receive(stream, &message), STATUS_OK);
    assert_null(message);
    assert_int_equal(grpc_client_finish(stream), STATUS_DEADLINE_EXCEEDED);
}

static void a_method_has_a_size_of_its_own(struct grpc_fixture *fixture)
{
    enum { OVERHEAD = 2 }; /* the payload's key and length */
    static const char echo[] = "/marquee.test.EchoService/Echo";
    static const char store[] = "/marquee.test.EchoService/Store";
    assert_int_equal(call(fixture, echo, 0, REQUEST_BYTES_MAX - OVERHEAD), STATUS_OK);
    assert_int_equal(call(fixture, echo, 0, REQUEST_BYTES_MAX - OVERHEAD + 1),
                     STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(call(fixture, store, 0, 2 * REQUEST_BYTES_MAX), STATUS_OK);
}

static void connect_has_it_too(struct grpc_fixture *fixture)
{
    struct raw_reply reply;
    char body[REQUEST_BYTES_MAX + 2];
    struct raw_request request = {
        .path = "/marquee.test.EchoService/Echo",
        .content_type = "application/json",
        .body = {body, REQUEST_BYTES_MAX},
    };
    memset(body, ' ', sizeof(body));
    memcpy(body, "{}", 2);
    raw_http1(fixture, &request, &reply);
    assert_int_equal(reply.status, 200);
    request.body.length++;
    raw_http1(fixture, &request, &reply);
    assert_int_equal(reply.status, 429);
}

#define LIMITS_TEST(name)                                                                          \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        grpc_fixture_run_with(name, limit);                                                        \
    }
LIMITS_TEST(a_method_has_deadlines_of_its_own)
LIMITS_TEST(connect_has_them_too)
LIMITS_TEST(a_stream_has_one_if_it_is_said)
LIMITS_TEST(a_method_has_a_size_of_its_own)
LIMITS_TEST(connect_has_it_too)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_method_has_deadlines_of_its_own_test),
        cmocka_unit_test(connect_has_them_too_test),
        cmocka_unit_test(a_stream_has_one_if_it_is_said_test),
        cmocka_unit_test(a_method_has_a_size_of_its_own_test),
        cmocka_unit_test(connect_has_it_too_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
