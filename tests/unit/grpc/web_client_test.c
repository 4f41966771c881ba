/* Unary calls as whole HTTP requests, to our own server. */
#include "base/buffer.h"
#include "grpc/web_client.h"
#include "http/http_client.h"
#include "support/cmocka_test.h"
#include "unit/grpc/grpc_fixture.h"

#define ECHO "/marquee.test.EchoService/Echo"
#define STORE "/marquee.test.EchoService/Store"

/* Every way of calling: which protocol, which codec, over which HTTP. */
enum { WAYS = 8 };

struct scene {
    struct grpc_fixture *fixture;
    struct http_client *http;
    struct web_client client;
    struct web_reply reply;
    struct web_call_options options;
    Marquee__Test__EchoRequest request;
    Marquee__Test__EchoPlan plan;
    Marquee__Test__EchoFailure failure;
    const Marquee__Test__EchoResponse *response;
};

static void open_scene(struct scene *scene, struct grpc_fixture *fixture)
{
    *scene = (struct scene){.fixture = fixture, .options.ret_reply = &scene->reply};
    assert_int_equal(http_client_create(fixture->loop, &scene->http), STATUS_OK);
    scene->client.pool = fixture->pool;
    scene->client.http = scene->http;
    scene->client.base_url = arena_format(&fixture->arena, "http://%s", fixture->server.address);
    scene->request = (Marquee__Test__EchoRequest)MARQUEE__TEST__ECHO_REQUEST__INIT;
    scene->plan = (Marquee__Test__EchoPlan)MARQUEE__TEST__ECHO_PLAN__INIT;
    scene->failure = (Marquee__Test__EchoFailure)MARQUEE__TEST__ECHO_FAILURE__INIT;
}

static void choose(struct scene *scene, int way)
{
    scene->client.protocol = (way & 1) != 0 ? WEB_GRPC : WEB_CONNECT;
    scene->client.codec = (way & 2) != 0 ? GRPC_CODEC_JSON : GRPC_CODEC_PROTO;
    scene->client.channel = (way & 4) != 0 ? scene->fixture->channel : NULL;
}

static enum status call_on(struct scene *scene, struct call *call, const char *path)
{
    ProtobufCMessage *message = NULL;
    enum status status =
        web_call_unary(&scene->client, call, path, &scene->options, &scene->request.base,
                       &marquee__test__echo_response__descriptor, &message);
    scene->response = (const Marquee__Test__EchoResponse *)message;
    return status;
}

static enum status call(struct scene *scene, const char *path)
{
    call_clear_error(&scene->fixture->call);
    return call_on(scene, &scene->fixture->call, path);
}

static const char *protocol_of(const struct scene *scene)
{
    return scene->client.protocol == WEB_CONNECT ? "connect" : "grpc-web";
}

static void calls_are_answered(struct grpc_fixture *fixture)
{
    const struct grpc_metadata metadata[] = {{TEXT("x-echo"), TEXT("a b")},
                                             {TEXT("x-echo-bin"), TEXT("\xab\xab")}};
    struct scene scene;
    open_scene(&scene, fixture);
    scene.options.metadata = metadata;
    scene.options.metadata_count = ARRAY_LENGTH(metadata);
    scene.request.text = proto_bytes(TEXT("\"words\" & \xc3\xa4"));
    scene.request.count = 7;
    for (int way = 0; way < 2 * WAYS; way++) {
        choose(&scene, way);
        scene.options.compress = way >= WAYS;
        assert_int_equal(call(&scene, ECHO), STATUS_OK);
        assert_true(text_equal(proto_text(scene.response->text), TEXT("\"words\" & \xc3\xa4")));
        assert_int_equal(scene.response->count, 7);
        assert_string_equal(fixture->server.echo.observed_protocol, protocol_of(&scene));
        assert_true(text_equal(
            http_header_find(scene.reply.headers, scene.reply.header_count, TEXT("x-echo")),
            TEXT("a b")));
        assert_true(text_equal(
            http_header_find(scene.reply.trailers, scene.reply.trailer_count, TEXT("x-echo-bin")),
            TEXT("q6s")));
    }
    assert_int_equal(fixture->server.echo.calls, 2 * WAYS);
    http_client_destroy(scene.http);
}
FIXTURE_TCP_TEST(calls_are_answered)

static void failures_are_the_servers(struct grpc_fixture *fixture)
{
    struct scene scene;
    open_scene(&scene, fixture);
    scene.request.plan = &scene.plan;
    scene.plan.failure = &scene.failure;
    scene.failure.code = STATUS_FAILED_PRECONDITION;
    scene.failure.message = proto_bytes(TEXT("50 % \xc3\xa4"));
    scene.failure.detail = proto_bytes(TEXT("\1\2\3\4"));
    for (int way = 0; way < WAYS; way++) {
        choose(&scene, way);
        assert_int_equal(call(&scene, ECHO), STATUS_FAILED_PRECONDITION);
        assert_true(text_equal(fixture->call.error.message, TEXT("50 % \xc3\xa4")));
        if (scene.client.protocol == WEB_CONNECT) {
            assert_int_equal(scene.reply.detail_count, 1);
            assert_true(text_equal(scene.reply.details[0].type_name, TEXT("marquee.test.Detail")));
            assert_true(text_equal(scene.reply.details[0].message, TEXT("\1\2\3\4")));
        } else {
            assert_non_null(http_header_find(scene.reply.trailers, scene.reply.trailer_count,
                                             TEXT("grpc-status-details-bin"))
                                .data);
        }
        assert_int_equal(call(&scene, "/marquee.test.EchoService/None"), STATUS_UNIMPLEMENTED);
    }
    http_client_destroy(scene.http);
}
FIXTURE_TCP_TEST(failures_are_the_servers)

static void deadlines_go_along(struct grpc_fixture *fixture)
{
    enum { TIMEOUT_MS = 50 };
    struct scene scene;
    open_scene(&scene, fixture);
    scene.request.plan = &scene.plan;
    scene.plan.delay_ms = 10000;
    for (int way = 0; way < WAYS; way++) {
        struct call brief = grpc_fixture_call(fixture, TIMEOUT_MS);
        choose(&scene, way);
        assert_int_equal(call_on(&scene, &brief, ECHO), STATUS_DEADLINE_EXCEEDED);
        assert_true(fixture->server.echo.remaining_ns <= (TIMEOUT_MS + 1) * INT64_C(1000000));
        grpc_fixture_await(fixture, &fixture->server.echo.running, 0);
    }
    http_client_destroy(scene.http);
}
FIXTURE_TCP_TEST(deadlines_go_along)

static void calls_can_be_cancelled(struct grpc_fixture *fixture)
{
    struct scene scene;
    open_scene(&scene, fixture);
    for (int way = 0; way < WAYS; way++) {
        struct cancellation cancellation;
        struct call cancelled = grpc_fixture_call(fixture, 0);
        cancellation_init(&cancellation);
        cancellation_request(&cancellation);
        cancelled.cancellation = &cancellation;
        choose(&scene, way);
        assert_int_equal(call_on(&scene, &cancelled, ECHO), STATUS_CANCELLED);
    }
    http_client_destroy(scene.http);
}
FIXTURE_TCP_TEST(calls_can_be_cancelled)

static struct text repeated(struct arena *arena, char character, size_t count)
{
    char *data = arena_alloc(arena, count);
    assert_non_null(data);
    memset(data, character, count);
    return text_of_bytes(data, count);
}

/* A method with side effects refuses GET, so that it tells what was sent. */
static void gets_are_gets_unless_too_long(struct grpc_fixture *fixture)
{
    struct scene scene;
    open_scene(&scene, fixture);
    scene.options.get = true;
    for (int way = 0; way < 2 * WAYS; way++) {
        choose(&scene, way & ~1);
        scene.options.compress = way >= WAYS;
        scene.request.text = proto_bytes(TEXT("a b?&+/\xc3\xa4"));
        assert_int_equal(call(&scene, ECHO), STATUS_OK);
        assert_true(text_equal(proto_text(scene.response->text), TEXT("a b?&+/\xc3\xa4")));
        assert_int_equal(call(&scene, STORE), STATUS_UNKNOWN); /* HTTP 405 */
    }
    /* "/…/Store?connect=v1&encoding=json&message=" and what JSON puts around it. */
    size_t around =
        TEXT(STORE "?connect=v1&encoding=json&message=%7B%22text%22%3A%22%22%7D").length;
    size_t fits = WEB_CLIENT_GET_BYTES_MAX - around;
    choose(&scene, 2 | 4);
    scene.options.compress = false;
    scene.request.text = proto_bytes(repeated(&fixture->arena, 'a', fits));
    assert_int_equal(call(&scene, ECHO), STATUS_OK);
    assert_int_not_equal(call(&scene, STORE), STATUS_OK);
    scene.request.text = proto_bytes(repeated(&fixture->arena, 'a', fits + 1));
    assert_int_equal(call(&scene, STORE), STATUS_OK);
    http_client_destroy(scene.http);
}
FIXTURE_TCP_TEST(gets_are_gets_unless_too_long)

static void replies_are_bounded(struct grpc_fixture *fixture)
{
    enum { TEXT_BYTES = 2000, PREFIX_BYTES = 3 };
    struct scene scene;
    open_scene(&scene, fixture);
    scene.request.text = proto_bytes(repeated(&fixture->arena, 'a', TEXT_BYTES));
    for (int way = 0; way < 2 * WAYS; way++) {
        choose(&scene, way & ~2);
        scene.options.compress = way >= WAYS; /* and so is the reply */
        scene.client.message_bytes_max = TEXT_BYTES + PREFIX_BYTES;
        assert_int_equal(call(&scene, ECHO), STATUS_OK);
        scene.client.message_bytes_max--;
        assert_int_equal(call(&scene, ECHO), STATUS_RESOURCE_EXHAUSTED);
    }
    http_client_destroy(scene.http);
}
FIXTURE_TCP_TEST(replies_are_bounded)

static void metadata_is_checked(struct grpc_fixture *fixture)
{
    const struct grpc_metadata bad = {TEXT("Upper"), TEXT("a")};
    struct grpc_metadata many[GRPC_METADATA_MAX + 1];
    struct scene scene;
    open_scene(&scene, fixture);
    for (size_t i = 0; i < ARRAY_LENGTH(many); i++) {
        many[i] = (struct grpc_metadata){TEXT("x-many"), TEXT("a")};
    }
    for (int way = 0; way < WAYS; way++) {
        choose(&scene, way);
        scene.options.metadata = &bad;
        scene.options.metadata_count = 1;
        assert_int_equal(call(&scene, ECHO), STATUS_INVALID_ARGUMENT);
        scene.options.metadata = many;
        scene.options.metadata_count = GRPC_METADATA_MAX;
        assert_int_equal(call(&scene, ECHO), STATUS_OK);
        scene.options.metadata_count++;
        assert_int_equal(call(&scene, ECHO), STATUS_INVALID_ARGUMENT);
    }
    http_client_destroy(scene.http);
}
FIXTURE_TCP_TEST(metadata_is_checked)

static void nobody_there_is_unavailable(struct grpc_fixture *fixture)
{
    struct scene scene;
    open_scene(&scene, fixture);
    scene.client.base_url = TEXT("http://127.0.0.1:1");
    for (int way = 0; way < 4; way++) {
        choose(&scene, way);
        assert_int_equal(call(&scene, ECHO), STATUS_UNAVAILABLE);
    }
    assert_int_equal(grpc_channel_update(fixture->channel, NULL, 0), STATUS_OK);
    choose(&scene, 4);
    assert_int_equal(call(&scene, ECHO), STATUS_UNAVAILABLE);
    http_client_destroy(scene.http);
}
FIXTURE_TCP_TEST(nobody_there_is_unavailable)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_answered_tcp),
        cmocka_unit_test(failures_are_the_servers_tcp),
        cmocka_unit_test(deadlines_go_along_tcp),
        cmocka_unit_test(calls_can_be_cancelled_tcp),
        cmocka_unit_test(gets_are_gets_unless_too_long_tcp),
        cmocka_unit_test(replies_are_bounded_tcp),
        cmocka_unit_test(metadata_is_checked_tcp),
        cmocka_unit_test(nobody_there_is_unavailable_tcp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
