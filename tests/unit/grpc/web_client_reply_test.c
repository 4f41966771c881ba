/* What a client of Connect or gRPC-Web makes of replies that no server of ours would give. */
#include "base/buffer.h"
#include "grpc/web_client_private.h"
#include "support/cmocka_test.h"
#include "unit/grpc/grpc_fixture.h"

#define COUNT_7 "\0\0\0\0\2\x10\7"
#define OK_TRAILERS "\x80\0\0\0\x10grpc-status: 0\r\n"

/* The reply to everything. */
struct canned {
    int status;
    struct http_header headers[4];
    struct text body;
};

static void answer(void *state, struct http_exchange *exchange)
{
    const struct canned *canned = *(const struct canned **)state;
    size_t count = 0;
    while (count < ARRAY_LENGTH(canned->headers) && canned->headers[count].name.length > 0) {
        count++;
    }
    http_reply(exchange, &(struct http_reply){.status = canned->status,
                                              .headers = canned->headers,
                                              .header_count = count,
                                              .body = canned->body});
}

/* A server of canned replies, and a channel to it. */
struct scene {
    const struct canned *canned;
    struct http_server *server;
    struct grpc_channel *channel;
    struct web_client client;
    struct web_reply reply;
};

static void open_scene(struct scene *scene, struct grpc_fixture *fixture,
                       enum web_protocol protocol)
{
    const struct http_server_options options = {.fallback = answer,
                                                .fallback_state = &scene->canned};
    const struct grpc_channel_options channel = {.pool = fixture->pool, .target = "canned"};
    *scene = (struct scene){.client = {.pool = fixture->pool, .protocol = protocol}};
    assert_int_equal(http_server_create(fixture->loop, &options, &scene->server), STATUS_OK);
    assert_int_equal(
        grpc_channel_create_loopback(fixture->loop, scene->server, &channel, &scene->channel),
        STATUS_OK);
    scene->client.channel = scene->channel;
}

static void close_scene(struct scene *scene)
{
    grpc_channel_destroy(scene->channel);
    http_server_destroy(scene->server);
}

static enum status call(struct scene *scene, struct grpc_fixture *fixture,
                        const struct canned *canned)
{
    const Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    const struct web_call_options options = {.ret_reply = &scene->reply};
    ProtobufCMessage *response = NULL;
    call_clear_error(&fixture->call);
    scene->canned = canned;
    return web_call_unary(&scene->client, &fixture->call, "/any.Service/Method", &options,
                          &request.base, &marquee__test__echo_response__descriptor, &response);
}

struct reply_case {
    const char *name;
    struct canned canned;
    enum status want;
};

static void check(struct grpc_fixture *fixture, enum web_protocol protocol,
                  const struct reply_case *cases, size_t count)
{
    struct scene scene;
    open_scene(&scene, fixture, protocol);
    for (size_t i = 0; i < count; i++) {
        enum status status = call(&scene, fixture, &cases[i].canned);
        if (status != cases[i].want) {
            fail_msg("%s: %s '%.*s'", cases[i].name, status_name(status),
                     TEXT_ARGUMENTS(fixture->call.error.message));
        }
        assert_true(status == STATUS_OK || fixture->call.error.message.length > 0);
    }
    close_scene(&scene);
}

#define TYPE(value)                                                                                \
    {                                                                                              \
        TEXT_INIT("content-type"), TEXT_INIT(value)                                                \
    }
#define WEB TYPE("application/grpc-web+proto")

static const struct reply_case web_cases[] = {
    {"well", {200, {WEB}, TEXT_INIT(COUNT_7 OK_TRAILERS)}, STATUS_OK},
    {"a bare type",
     {200, {TYPE("application/grpc-web")}, TEXT_INIT(COUNT_7 OK_TRAILERS)},
     STATUS_OK},
    {"upper case, no spaces, no last line end",
     {200, {WEB}, TEXT_INIT(COUNT_7 "\x80\0\0\0\x0dGRPC-Status:0")},
     STATUS_OK},
    {"all in the headers",
     {200, {WEB, {TEXT_INIT("grpc-status"), TEXT_INIT("5")}}, TEXT_INIT("")},
     STATUS_NOT_FOUND},
    {"headers say so, a body follows",
     {200, {WEB, {TEXT_INIT("grpc-status"), TEXT_INIT("5")}}, TEXT_INIT(COUNT_7 OK_TRAILERS)},
     STATUS_OK},
    {"nothing", {200, {WEB}, TEXT_INIT("")}, STATUS_INTERNAL},
    {"no trailers", {200, {WEB}, TEXT_INIT(COUNT_7)}, STATUS_INTERNAL},
    {"empty trailers", {200, {WEB}, TEXT_INIT(COUNT_7 "\x80\0\0\0\0")}, STATUS_INTERNAL},
    {"trailers that are none", {200, {WEB}, TEXT_INIT(COUNT_7 "\x80\0\0\0\3abc")}, STATUS_INTERNAL},
    {"no message", {200, {WEB}, TEXT_INIT(OK_TRAILERS)}, STATUS_UNIMPLEMENTED},
    {"two messages", {200, {WEB}, TEXT_INIT(COUNT_7 COUNT_7 OK_TRAILERS)}, STATUS_UNIMPLEMENTED},
    {"a message after the trailers",
     {200, {WEB}, TEXT_INIT(COUNT_7 OK_TRAILERS COUNT_7)},
     STATUS_INTERNAL},
    {"a cut prefix", {200, {WEB}, TEXT_INIT("\0\0\0")}, STATUS_INTERNAL},
    {"a cut message", {200, {WEB}, TEXT_INIT("\0\0\0\0\5ab")}, STATUS_INTERNAL},
    {"a length past everything",
     {200, {WEB}, TEXT_INIT("\0\xff\xff\xff\xff" OK_TRAILERS)},
     STATUS_INTERNAL},
    {"an unknown flag", {200, {WEB}, TEXT_INIT("\2\0\0\0\0" OK_TRAILERS)}, STATUS_INTERNAL},
    {"compressed, not agreed", {200, {WEB}, TEXT_INIT("\1\0\0\0\1a" OK_TRAILERS)}, STATUS_INTERNAL},
    {"not gzip",
     {200,
      {WEB, {TEXT_INIT("grpc-encoding"), TEXT_INIT("gzip")}},
      TEXT_INIT("\1\0\0\0\1a" OK_TRAILERS)},
     STATUS_INTERNAL},
    {"another compression",
     {200, {WEB, {TEXT_INIT("grpc-encoding"), TEXT_INIT("br")}}, TEXT_INIT(COUNT_7 OK_TRAILERS)},
     STATUS_INTERNAL},
    {"a malformed message", {200, {WEB}, TEXT_INIT("\0\0\0\0\1\x0a" OK_TRAILERS)}, STATUS_INTERNAL},
    {"text that is not UTF-8",
     {200, {WEB}, TEXT_INIT("\0\0\0\0\3\x0a\1\xff" OK_TRAILERS)},
     STATUS_INTERNAL},
    {"another codec",
     {200, {TYPE("application/grpc-web+json")}, TEXT_INIT(COUNT_7 OK_TRAILERS)},
     STATUS_INTERNAL},
    {"another type", {200, {TYPE("text/html")}, TEXT_INIT("<p>")}, STATUS_UNKNOWN},
    {"no type", {200, {{{NULL, 0}, {NULL, 0}}}, TEXT_INIT("")}, STATUS_UNKNOWN},
    {"HTTP 503", {503, {TYPE("text/html")}, TEXT_INIT("<p>")}, STATUS_UNAVAILABLE},
    {"a status out of range",
     {200, {WEB}, TEXT_INIT("\x80\0\0\0\x12grpc-status: 170\r\n")},
     STATUS_UNKNOWN},
};

static void web_replies_are_checked(struct grpc_fixture *fixture)
{
    check(fixture, WEB_GRPC, web_cases, ARRAY_LENGTH(web_cases));
}
FIXTURE_LOOPBACK_TEST(web_replies_are_checked)

#define PROTO TYPE("application/proto")
#define JSON TYPE("application/json")

static const struct reply_case connect_cases[] = {
    {"well", {200, {PROTO}, TEXT_INIT("\x10\7")}, STATUS_OK},
    {"a parameter", {200, {TYPE("application/proto; a=b")}, TEXT_INIT("\x10\7")}, STATUS_OK},
    {"an empty message", {200, {PROTO}, TEXT_INIT("")}, STATUS_OK},
    {"a malformed message", {200, {PROTO}, TEXT_INIT("\x0a")}, STATUS_INTERNAL},
    {"another codec", {200, {JSON}, TEXT_INIT("{}")}, STATUS_INTERNAL},
    {"another type", {200, {TYPE("text/html")}, TEXT_INIT("<p>")}, STATUS_UNKNOWN},
    {"not gzip",
     {200, {PROTO, {TEXT_INIT("content-encoding"), TEXT_INIT("gzip")}}, TEXT_INIT("a")},
     STATUS_INTERNAL},
    {"another compression",
     {200, {PROTO, {TEXT_INIT("content-encoding"), TEXT_INIT("br")}}, TEXT_INIT("a")},
     STATUS_INTERNAL},
    {"a code", {404, {JSON}, TEXT_INIT("{\"code\":\"not_found\"}")}, STATUS_NOT_FOUND},
    {"a code besides the status",
     {500, {JSON}, TEXT_INIT("{\"code\":\"aborted\",\"message\":\"a\"}")},
     STATUS_ABORTED},
    {"no code", {404, {JSON}, TEXT_INIT("{\"message\":\"a\"}")}, STATUS_UNIMPLEMENTED},
    {"null for a code", {404, {JSON}, TEXT_INIT("{\"code\":null}")}, STATUS_UNIMPLEMENTED},
    {"an unknown code", {503, {JSON}, TEXT_INIT("{\"code\":\"tired\"}")}, STATUS_UNAVAILABLE},
    {"OK is no failure", {503, {JSON}, TEXT_INIT("{\"code\":\"ok\"}")}, STATUS_UNAVAILABLE},
    {"not an object", {503, {JSON}, TEXT_INIT("[]")}, STATUS_UNAVAILABLE},
    {"not JSON", {503, {JSON}, TEXT_INIT("{")}, STATUS_UNAVAILABLE},
    {"nothing", {429, {JSON}, TEXT_INIT("")}, STATUS_UNAVAILABLE},
    {"words of somebody else", {502, {TYPE("text/html")}, TEXT_INIT("<p>")}, STATUS_UNAVAILABLE},
    {"details that are none",
     {404,
      {JSON},
      TEXT_INIT("{\"code\":\"not_found\",\"details\":[1,{\"type\":1},{\"type\":\"a\","
                "\"value\":\"!\"}]}")},
     STATUS_NOT_FOUND},
};

static void connect_replies_are_checked(struct grpc_fixture *fixture)
{
    check(fixture, WEB_CONNECT, connect_cases, ARRAY_LENGTH(connect_cases));
}
FIXTURE_LOOPBACK_TEST(connect_replies_are_checked)

static void details_are_bounded(struct grpc_fixture *fixture)
{
    CLEANUP(buffer_deinit) struct buffer body;
    struct scene scene;
    buffer_init(&body, 1 << 16);
    open_scene(&scene, fixture, WEB_CONNECT);
    for (size_t count = WEB_CLIENT_DETAILS_MAX - 1; count <= WEB_CLIENT_DETAILS_MAX + 1; count++) {
        size_t want = count < WEB_CLIENT_DETAILS_MAX ? count : (size_t)WEB_CLIENT_DETAILS_MAX;
        buffer_clear(&body);
        assert_true(buffer_append(&body, TEXT("{\"code\":\"aborted\",\"details\":[")));
        for (size_t i = 0; i < count; i++) {
            assert_true(
                buffer_format(&body, "%s{\"type\":\"a.B\",\"value\":\"AQI\"}", i > 0 ? "," : ""));
        }
        assert_true(buffer_append(&body, TEXT("]}")));
        const struct canned canned = {409, {JSON}, buffer_text(&body)};
        assert_int_equal(call(&scene, fixture, &canned), STATUS_ABORTED);
        assert_int_equal(scene.reply.detail_count, want);
        assert_true(text_equal(scene.reply.details[want - 1].message, TEXT("\1\2")));
    }
    close_scene(&scene);
}
FIXTURE_LOOPBACK_TEST(details_are_bounded)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(web_replies_are_checked_loopback),
        cmocka_unit_test(connect_replies_are_checked_loopback),
        cmocka_unit_test(details_are_bounded_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
