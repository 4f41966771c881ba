/* What callers of an overloaded server are told, and who is served all the same. */
#include "base/clock.h"
#include "grpc/grpc_frame.h"
#include "grpc/grpc_stream.h"
#include "support/cmocka_test.h"
#include "unit/grpc/raw_client.h"
#include "unit/http/http2_frames.h"

#define ECHO "/marquee.test.EchoService/Echo"

static const struct text empty_frame = TEXT_INIT("\0\0\0\0\0");

static void take_one(struct grpc_fixture *fixture, struct grpc_server_options *options,
                     struct http_server_options *http)
{
    (void)fixture;
    (void)options;
    http->calls_max = 1;
}

/* A call that is there until the stream is finished. */
static struct grpc_stream *hold(struct grpc_fixture *fixture)
{
    struct grpc_stream *stream = NULL;
    assert_int_equal(grpc_client_open(fixture->channel, &fixture->call,
                                      "/marquee.test.EchoService/Chat", NULL,
                                      &marquee__test__echo_response__descriptor, &stream),
                     STATUS_OK);
    grpc_fixture_await(fixture, &fixture->server.echo.running, 1);
    return stream;
}

static void assert_refused_by_grpc(struct grpc_fixture *fixture, const char *path)
{
    struct raw_reply reply;
    const struct raw_request request = {
        .path = path, .content_type = "application/grpc", .body = empty_frame};
    uint64_t pushback_ms = 0;
    raw_http2(fixture, &request, &reply);
    assert_int_equal(reply.status, 200);
    assert_true(reply.headers_only);
    assert_true(text_equal(raw_header(&reply, "grpc-status"), TEXT("14")));
    assert_true(raw_header(&reply, "grpc-message").length > 0);
    assert_true(text_to_u64(raw_header(&reply, "grpc-retry-pushback-ms"), &pushback_ms));
    assert_in_range(pushback_ms, HTTP_RETRY_AFTER_MS, 2 * HTTP_RETRY_AFTER_MS);
}

static void each_protocol_is_told(struct grpc_fixture *fixture)
{
    struct echo *echo = &fixture->server.echo;
    struct grpc_stream *held = hold(fixture);
    assert_refused_by_grpc(fixture, ECHO);
    assert_int_equal(echo->observed, STATUS_UNAVAILABLE);
    assert_int_equal(echo->observations, 1);
    assert_refused_by_grpc(fixture, "/marquee.test.EchoService/Split");
    assert_refused_by_grpc(fixture, "/grpc.health.v1.Health/Watch"); /* for ever */

    struct raw_reply reply;
    struct raw_request request = {
        .path = ECHO, .content_type = "application/json", .body = TEXT("{}")};
    raw_http1(fixture, &request, &reply);
    assert_int_equal(reply.status, 503);
    assert_true(text_equal(raw_header(&reply, "retry-after"), TEXT("2")));
    assert_true(text_equal(raw_header(&reply, "content-type"), TEXT("application/json")));
    assert_true(text_starts_with(reply.body, TEXT("{\"code\":\"unavailable\",")));
    assert_string_equal(echo->observed_protocol, "connect");

    /* Whose replies end in a body gets none: to write it might mean to wait. */
    const struct raw_request in_body[] = {
        {.path = ECHO, .content_type = "application/grpc-web", .body = empty_frame},
        {.path = "/marquee.test.EchoService/Split",
         .content_type = "application/connect+json",
         .body = empty_frame},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(in_body); i++) {
        raw_http2(fixture, &in_body[i], &reply);
        assert_int_equal(reply.status, 503);
        assert_true(text_equal(raw_header(&reply, "retry-after"), TEXT("2")));
        assert_string_equal(echo->observed_protocol, i == 0 ? "grpc-web" : "connect");
        assert_int_equal(echo->observed, STATUS_UNAVAILABLE);
    }

    request.path = "/nowhere";
    raw_http1(fixture, &request, &reply);
    assert_int_equal(reply.status, 503);
    assert_true(text_equal(raw_header(&reply, "content-type"), TEXT("application/problem+json")));

    request.path = "/grpc.health.v1.Health/Check";
    raw_http1(fixture, &request, &reply);
    assert_int_equal(reply.status, 200);

    assert_int_equal(echo->calls, 1);
    assert_int_equal(http_server_refused_count(fixture->server.http), 7);
    status_ignore(grpc_client_finish(held));
    grpc_fixture_await(fixture, &echo->running, 0);
    request.path = ECHO;
    raw_http1(fixture, &request, &reply);
    assert_int_equal(reply.status, 200);
}

/* A client whose windows are closed must not make the server wait where it cannot. */
static void closed_windows_hold_nothing_up(struct grpc_fixture *fixture)
{
    static const char *const types[] = {"application/grpc", "application/grpc-web",
                                        "application/grpc-web-text", "application/connect+proto",
                                        "application/json"};
    struct grpc_stream *held = hold(fixture);
    struct http_transport *transport = NULL;
    struct raw_peer peer;
    struct http2_frame frame;
    size_t offset = 0;
    assert_int_equal(http_server_connect_loopback(fixture->server.http, &transport), STATUS_OK);
    raw_peer_open(&peer, transport);
    http2_frames_open(&peer);
    http2_frames_send(&peer, FRAME_SETTINGS, 0, 0, TEXT("\0\4\0\0\0\0")); /* initial window */
    for (uint32_t i = 0; i < ARRAY_LENGTH(types); i++) {
        for (uint32_t j = 0; j < 2; j++) {
            const char *path = j == 0 ? ECHO : "/marquee.test.EchoService/Split";
            http2_frames_request(&peer, 4 * i + 2 * j + 1, "POST", path, "content-type", types[i],
                                 true);
            assert_true(http2_frames_find(&peer, &offset, FRAME_HEADERS, &frame));
            assert_int_equal(frame.stream_id, 4 * i + 2 * j + 1);
        }
    }
    assert_int_equal(http_server_refused_count(fixture->server.http), 2 * ARRAY_LENGTH(types));
    raw_peer_close(&peer);
    status_ignore(grpc_client_finish(held));
    grpc_fixture_await(fixture, &fixture->server.echo.running, 0);
}

static int64_t pushback_ms;
static struct grpc_interceptor limiter;

/* What an interceptor that limits a rate would do. */
static enum status limit(void *state, struct call *call, const char *method)
{
    (void)state;
    (void)method;
    grpc_set_pushback(call, pushback_ms);
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "too often");
}

static void configure_limiter(struct grpc_fixture *fixture, struct grpc_server_options *options,
                              struct http_server_options *http)
{
    (void)fixture;
    (void)http;
    limiter = (struct grpc_interceptor){.before = limit};
    options->interceptors = &limiter;
    options->interceptor_count = 1;
}

static void a_pushback_is_told(struct grpc_fixture *fixture)
{
    static const struct {
        int64_t pushback_ms;
        const char *by_grpc;
        const char *by_connect;
    } cases[] = {{1500, "1500", "2"}, {1000, "1000", "1"}, {0, "0", "0"}, {-1, "-1", ""}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct raw_reply reply;
        struct raw_request request = {
            .path = ECHO, .content_type = "application/grpc", .body = empty_frame};
        pushback_ms = cases[i].pushback_ms;
        raw_http2(fixture, &request, &reply);
        assert_true(text_equal(raw_header(&reply, "grpc-status"), TEXT("8")));
        assert_true(
            text_equal(raw_header(&reply, "grpc-retry-pushback-ms"), text_of(cases[i].by_grpc)));
        request.content_type = "application/json";
        request.body = TEXT("{}");
        raw_http1(fixture, &request, &reply);
        assert_int_equal(reply.status, 429);
        assert_true(text_equal(raw_header(&reply, "retry-after"), text_of(cases[i].by_connect)));
    }
}

enum {
    CALLS_MAX = 16,
    CROWD = 4 * CALLS_MAX,
    HONEST = 2,
    ROUNDS = 20,
    WORK_MS = 5,
    LATENCY_MS_MAX = 1000,
};

static void take_few(struct grpc_fixture *fixture, struct grpc_server_options *options,
                     struct http_server_options *http)
{
    (void)fixture;
    (void)options;
    http->calls_max = CALLS_MAX;
}

/* Callers that ask again and again over one channel. */
struct crowd {
    struct grpc_fixture *fixture;
    struct grpc_channel *channel;
    unsigned served;
    unsigned refused;
    unsigned running_most; /* handlers that were seen at once */
    int64_t latency_ms_most;
};

static void call_rounds(void *argument)
{
    struct crowd *crowd = argument;
    struct grpc_fixture *fixture = crowd->fixture;
    Marquee__Test__EchoPlan plan = MARQUEE__TEST__ECHO_PLAN__INIT;
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    plan.delay_ms = WORK_MS;
    request.plan = &plan;
    for (unsigned i = 0; i < ROUNDS; i++) {
        ProtobufCMessage *response = NULL;
        struct call call = grpc_fixture_call(fixture, 0);
        int64_t started_ns = clock_monotonic_ns();
        enum status status = grpc_call_unary(crowd->channel, &call, ECHO, NULL, &request.base,
                                             &marquee__test__echo_response__descriptor, &response);
        int64_t latency_ms = (clock_monotonic_ns() - started_ns) / CLOCK_NS_PER_MS;
        if (status == STATUS_OK) {
            crowd->served++;
        } else {
            assert_true(status == STATUS_RESOURCE_EXHAUSTED || status == STATUS_UNAVAILABLE);
            crowd->refused++;
            assert_int_equal(fiber_sleep(&fixture->call, CLOCK_NS_PER_MS), STATUS_OK);
        }
        unsigned running = fixture->server.echo.running;
        crowd->running_most = running > crowd->running_most ? running : crowd->running_most;
        if (status == STATUS_OK && latency_ms > crowd->latency_ms_most) {
            crowd->latency_ms_most = latency_ms;
        }
    }
}

/* Four times what there is room for, from one client; another asks for little, and gets it. */
static void the_honest_are_served(struct grpc_fixture *fixture)
{
    const struct grpc_channel_options options = {.pool = fixture->pool, .target = "honest"};
    struct grpc_channel *channel = NULL;
    struct fiber_group group;
    assert_int_equal(
        grpc_channel_create_loopback(fixture->loop, fixture->server.http, &options, &channel),
        STATUS_OK);
    struct crowd greedy = {.fixture = fixture, .channel = fixture->channel};
    struct crowd honest = {.fixture = fixture, .channel = channel};
    fiber_group_init(&group);
    for (unsigned i = 0; i < CROWD; i++) {
        assert_int_equal(fiber_group_start(&group, call_rounds, &greedy), STATUS_OK);
    }
    for (unsigned i = 0; i < HONEST; i++) {
        assert_int_equal(fiber_group_start(&group, call_rounds, &honest), STATUS_OK);
    }
    fiber_group_join(&group);
    assert_int_equal(honest.served, HONEST * ROUNDS);
    assert_in_range(honest.latency_ms_most, WORK_MS, LATENCY_MS_MAX);
    assert_int_equal(greedy.served + greedy.refused, CROWD * ROUNDS);
    assert_true(greedy.served > 0 && greedy.refused > 0);
    assert_in_range(greedy.latency_ms_most, WORK_MS, LATENCY_MS_MAX);
    assert_in_range(greedy.running_most, 1, CALLS_MAX);
    assert_int_equal(http_server_refused_count(fixture->server.http), greedy.refused);
    /* All that was taken is given back. */
    assert_int_equal(http_server_exchange_count(fixture->server.http), 0);
    grpc_channel_destroy(channel);
}

static void test_told(void **state)
{
    (void)state;
    grpc_fixture_run_with(each_protocol_is_told, take_one);
    grpc_fixture_run_with(closed_windows_hold_nothing_up, take_one);
}

static void test_pushback(void **state)
{
    (void)state;
    grpc_fixture_run_with(a_pushback_is_told, configure_limiter);
}

static void test_honest(void **state)
{
    (void)state;
    grpc_fixture_run_with(the_honest_are_served, take_few);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_told),
        cmocka_unit_test(test_pushback),
        cmocka_unit_test(test_honest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
