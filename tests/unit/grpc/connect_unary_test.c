/* The Connect protocol's unary calls, over HTTP/1.1 and HTTP/2. */
#include "base/buffer.h"
#include "grpc/grpc_gzip.h"
#include "support/cmocka_test.h"
#include "unit/grpc/raw_client.h"

#define ECHO "/marquee.test.EchoService/Echo"

struct exchange_case {
    const char *name;
    struct raw_request request;
    uint64_t status;
    const char *content_type;
    struct text body; /* {NULL, 0}: not looked at */
};

static void check_cases(struct grpc_fixture *fixture, const struct exchange_case *cases,
                        size_t count)
{
    for (size_t version = 0; version < ARRAY_LENGTH(raw_versions); version++) {
        for (size_t i = 0; i < count; i++) {
            struct raw_reply reply;
            raw_versions[version](fixture, &cases[i].request, &reply);
            if (reply.status != cases[i].status ||
                !text_equal(raw_header(&reply, "content-type"), text_of(cases[i].content_type)) ||
                (cases[i].body.data != NULL && !text_equal(reply.body, cases[i].body))) {
                fail_msg("%s, HTTP/%zu: %d %.*s '%.*s'", cases[i].name, version + 1,
                         (int)reply.status, TEXT_ARGUMENTS(raw_header(&reply, "content-type")),
                         TEXT_ARGUMENTS(reply.body));
            }
        }
    }
}

#define JSON_TYPE "application/json"
#define PROTO_TYPE "application/proto"
#define PROBLEM_TYPE "application/problem+json"

static const struct exchange_case good_posts[] = {
    {"JSON",
     {.path = ECHO, .content_type = JSON_TYPE, .body = TEXT_INIT("{\"text\":\"a\"}")},
     200,
     JSON_TYPE,
     TEXT_INIT("{\"text\":\"a\"}")},
    {"JSON with a charset",
     {.path = ECHO,
      .content_type = JSON_TYPE "; charset=utf-8",
      .body = TEXT_INIT("{\"count\":3}")},
     200,
     JSON_TYPE,
     TEXT_INIT("{\"count\":3}")},
    {"unknown members",
     {.path = ECHO, .content_type = JSON_TYPE, .body = TEXT_INIT("{\"new\":[1],\"count\":3}")},
     200,
     JSON_TYPE,
     TEXT_INIT("{\"count\":3}")},
    {"zero fields",
     {.path = ECHO, .content_type = JSON_TYPE, .body = TEXT_INIT("{}")},
     200,
     JSON_TYPE,
     TEXT_INIT("{}")},
    {"protobuf",
     {.path = ECHO, .content_type = PROTO_TYPE, .body = TEXT_INIT("\x10\7")},
     200,
     PROTO_TYPE,
     TEXT_INIT("\x10\7")},
    {"empty protobuf",
     {.path = ECHO, .content_type = PROTO_TYPE, .body = TEXT_INIT("")},
     200,
     PROTO_TYPE,
     TEXT_INIT("")},
    {"the version said",
     {.path = ECHO,
      .content_type = JSON_TYPE,
      .headers = {{TEXT_INIT("connect-protocol-version"), TEXT_INIT("1")}},
      .body = TEXT_INIT("{}")},
     200,
     JSON_TYPE,
     TEXT_INIT("{}")},
    {"identity",
     {.path = ECHO,
      .content_type = JSON_TYPE,
      .headers = {{TEXT_INIT("content-encoding"), TEXT_INIT("identity")}},
      .body = TEXT_INIT("{}")},
     200,
     JSON_TYPE,
     TEXT_INIT("{}")},
    {"side effects",
     {.path = "/marquee.test.EchoService/Store",
      .content_type = JSON_TYPE,
      .body = TEXT_INIT("{}")},
     200,
     JSON_TYPE,
     TEXT_INIT("{}")},
    {"health",
     {.path = "/grpc.health.v1.Health/Check", .content_type = JSON_TYPE, .body = TEXT_INIT("{}")},
     200,
     JSON_TYPE,
     TEXT_INIT("{\"status\":\"NOT_SERVING\"}")},
};

static void posts_are_answered(struct grpc_fixture *fixture)
{
    check_cases(fixture, good_posts, ARRAY_LENGTH(good_posts));
    assert_string_equal(fixture->server.echo.observed_protocol, "connect");
}
FIXTURE_LOOPBACK_TEST(posts_are_answered)

static const struct exchange_case bad_posts[] = {
    {"no JSON",
     {.path = ECHO, .content_type = JSON_TYPE, .body = TEXT_INIT("")},
     400,
     JSON_TYPE,
     {NULL, 0}},
    {"JSON of another kind",
     {.path = ECHO, .content_type = JSON_TYPE, .body = TEXT_INIT("{\"count\":\"x\"}")},
     400,
     JSON_TYPE,
     {NULL, 0}},
    {"malformed protobuf",
     {.path = ECHO, .content_type = PROTO_TYPE, .body = TEXT_INIT("\x0a")},
     400,
     JSON_TYPE,
     {NULL, 0}},
    {"another version",
     {.path = ECHO,
      .content_type = JSON_TYPE,
      .headers = {{TEXT_INIT("connect-protocol-version"), TEXT_INIT("2")}},
      .body = TEXT_INIT("{}")},
     400,
     JSON_TYPE,
     TEXT_INIT("{\"code\":\"invalid_argument\","
               "\"message\":\"connect-protocol-version is not 1\"}")},
    {"a malformed timeout",
     {.path = ECHO,
      .content_type = JSON_TYPE,
      .headers = {{TEXT_INIT("connect-timeout-ms"), TEXT_INIT("12345678901")}},
      .body = TEXT_INIT("{}")},
     400,
     JSON_TYPE,
     {NULL, 0}},
    {"an unknown compression",
     {.path = ECHO,
      .content_type = JSON_TYPE,
      .headers = {{TEXT_INIT("content-encoding"), TEXT_INIT("br")}},
      .body = TEXT_INIT("{}")},
     501,
     JSON_TYPE,
     {NULL, 0}},
    {"not gzip",
     {.path = ECHO,
      .content_type = JSON_TYPE,
      .headers = {{TEXT_INIT("content-encoding"), TEXT_INIT("gzip")}},
      .body = TEXT_INIT("{}")},
     400,
     JSON_TYPE,
     {NULL, 0}},
    {"another codec",
     {.path = ECHO, .content_type = "application/xml", .body = TEXT_INIT("")},
     415,
     PROBLEM_TYPE,
     {NULL, 0}},
    {"no content-type", {.path = ECHO, .body = TEXT_INIT("{}")}, 415, PROBLEM_TYPE, {NULL, 0}},
    {"a streaming method",
     {.path = "/marquee.test.EchoService/Split",
      .content_type = JSON_TYPE,
      .body = TEXT_INIT("{}")},
     415,
     PROBLEM_TYPE,
     {NULL, 0}},
    {"another HTTP method",
     {.method = "PUT", .path = ECHO, .content_type = JSON_TYPE, .body = TEXT_INIT("{}")},
     405,
     PROBLEM_TYPE,
     {NULL, 0}},
    {"an unknown method",
     {.path = "/marquee.test.EchoService/None", .content_type = JSON_TYPE, .body = TEXT_INIT("{}")},
     404,
     PROBLEM_TYPE,
     {NULL, 0}},
};

static void bad_posts_are_refused(struct grpc_fixture *fixture)
{
    check_cases(fixture, bad_posts, ARRAY_LENGTH(bad_posts));
    assert_int_equal(fixture->server.echo.calls, 0);
}
FIXTURE_LOOPBACK_TEST(bad_posts_are_refused)

#define GRPC_TYPES                                                                                 \
    "application/grpc, application/grpc+proto, application/grpc+json, application/grpc-web, "      \
    "application/grpc-web+proto, application/grpc-web+json, application/grpc-web-text, "           \
    "application/grpc-web-text+proto, application/grpc-web-text+json"
#define QUERY(parameters) ECHO "?" parameters

static const struct exchange_case gets[] = {
    {"JSON",
     {.method = "GET",
      .path = QUERY("encoding=json&connect=v1&message=%7B%22text%22%3A%22a%20b%22%7D")},
     200,
     JSON_TYPE,
     TEXT_INIT("{\"text\":\"a b\"}")},
    {"JSON in base64",
     {.method = "GET", .path = QUERY("encoding=json&base64=1&message=eyJjb3VudCI6M30")},
     200,
     JSON_TYPE,
     TEXT_INIT("{\"count\":3}")},
    {"protobuf in base64",
     {.method = "GET", .path = QUERY("encoding=proto&base64=1&message=EAc%3D")},
     200,
     PROTO_TYPE,
     TEXT_INIT("\x10\7")},
    {"an empty message",
     {.method = "GET", .path = QUERY("encoding=proto&message=")},
     200,
     PROTO_TYPE,
     TEXT_INIT("")},
    {"no message", {.method = "GET", .path = QUERY("encoding=json")}, 400, JSON_TYPE, {NULL, 0}},
    {"no codec", {.method = "GET", .path = QUERY("message=%7B%7D")}, 415, PROBLEM_TYPE, {NULL, 0}},
    {"an unknown codec",
     {.method = "GET", .path = QUERY("encoding=xml&message=%7B%7D")},
     415,
     PROBLEM_TYPE,
     {NULL, 0}},
    {"not base64",
     {.method = "GET", .path = QUERY("encoding=proto&base64=1&message=%21")},
     400,
     JSON_TYPE,
     {NULL, 0}},
    {"another version",
     {.method = "GET", .path = QUERY("encoding=json&connect=v2&message=%7B%7D")},
     400,
     JSON_TYPE,
     {NULL, 0}},
    {"an unknown compression",
     {.method = "GET", .path = QUERY("encoding=json&compression=br&message=%7B%7D")},
     501,
     JSON_TYPE,
     {NULL, 0}},
    {"a method with side effects",
     {.method = "GET", .path = "/marquee.test.EchoService/Store?encoding=json&message=%7B%7D"},
     405,
     PROBLEM_TYPE,
     {NULL, 0}},
};

static void gets_are_answered_where_nothing_changes(struct grpc_fixture *fixture)
{
    check_cases(fixture, gets, ARRAY_LENGTH(gets));
}
FIXTURE_LOOPBACK_TEST(gets_are_answered_where_nothing_changes)

static void what_is_allowed_is_said(struct grpc_fixture *fixture)
{
    static const struct {
        struct raw_request request;
        const char *name;
        const char *want;
    } cases[] = {
        {{.method = "PUT", .path = ECHO}, "allow", "GET, HEAD, POST"},
        {{.method = "GET", .path = "/marquee.test.EchoService/Store"}, "allow", "POST"},
        {{.path = ECHO, .content_type = "text/plain", .body = TEXT_INIT("")},
         "accept-post",
         "application/json, application/proto, " GRPC_TYPES},
        {{.path = "/marquee.test.EchoService/Chat",
          .content_type = JSON_TYPE,
          .body = TEXT_INIT("")},
         "accept-post",
         "application/connect+json, application/connect+proto, " GRPC_TYPES},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct raw_reply reply;
        raw_http1(fixture, &cases[i].request, &reply);
        assert_true(text_equal(raw_header(&reply, cases[i].name), text_of(cases[i].want)));
    }
}
FIXTURE_LOOPBACK_TEST(what_is_allowed_is_said)

static void failures_have_a_code_and_the_http_status(struct grpc_fixture *fixture)
{
    for (int code = 1; code < STATUS_COUNT; code++) {
        struct text body =
            arena_format(&fixture->arena,
                         "{\"plan\":{\"failure\":{\"code\":%d,\"message\":\"\\\"so\\\"\"}}}", code);
        struct text want =
            arena_format(&fixture->arena, "{\"code\":\"%s\",\"message\":\"\\\"so\\\"\"}",
                         status_connect_name((enum status)code));
        const struct raw_request request = {.path = ECHO, .content_type = JSON_TYPE, .body = body};
        struct raw_reply reply;
        raw_versions[code % 2](fixture, &request, &reply);
        assert_int_equal(reply.status, status_to_http((enum status)code));
        assert_true(text_equal(reply.body, want));
    }
}
FIXTURE_LOOPBACK_TEST(failures_have_a_code_and_the_http_status)

static void metadata_is_headers(struct grpc_fixture *fixture)
{
    static const char *const bodies[] = {"{}", "{\"plan\":{\"failure\":{\"code\":5}}}"};
    for (size_t version = 0; version < ARRAY_LENGTH(raw_versions); version++) {
        for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++) {
            const struct raw_request request = {
                .path = ECHO,
                .content_type = JSON_TYPE,
                .headers = {{TEXT("x-echo"), TEXT("a b")}, {TEXT("x-echo-bin"), TEXT("q6s=")}},
                .body = text_of(bodies[i]),
            };
            struct raw_reply reply;
            raw_versions[version](fixture, &request, &reply);
            assert_true(text_equal(raw_header(&reply, "x-echo"), TEXT("a b")));
            assert_true(text_equal(raw_header(&reply, "trailer-x-echo-bin"), TEXT("q6s")));
        }
    }
}
FIXTURE_LOOPBACK_TEST(metadata_is_headers)

static void a_timeout_is_kept(struct grpc_fixture *fixture)
{
    const struct raw_request request = {
        .path = ECHO,
        .content_type = JSON_TYPE,
        .headers = {{TEXT("connect-timeout-ms"), TEXT("20")}},
        .body = TEXT("{\"plan\":{\"delayMs\":\"10000\"}}"),
    };
    struct raw_reply reply;
    raw_http1(fixture, &request, &reply);
    assert_int_equal(reply.status, 504);
    assert_true(text_starts_with(reply.body, TEXT("{\"code\":\"deadline_exceeded\"")));
    assert_int_equal(fixture->server.echo.running, 0);
}
FIXTURE_LOOPBACK_TEST(a_timeout_is_kept)

static void large_replies_are_compressed_on_request(struct grpc_fixture *fixture)
{
    CLEANUP(buffer_deinit) struct buffer json;
    CLEANUP(buffer_deinit) struct buffer compressed;
    CLEANUP(buffer_deinit) struct buffer inflated;
    buffer_init(&json, 1 << 20);
    buffer_init(&compressed, 1 << 20);
    buffer_init(&inflated, 1 << 20);
    assert_true(buffer_append(&json, TEXT("{\"text\":\"")));
    for (int i = 0; i < 5000; i++) {
        assert_true(buffer_append_byte(&json, 'x'));
    }
    assert_true(buffer_append(&json, TEXT("\"}")));
    assert_true(grpc_gzip_deflate(buffer_text(&json), &compressed));
    const struct raw_request request = {
        .path = ECHO,
        .content_type = JSON_TYPE,
        .headers = {{TEXT("content-encoding"), TEXT("gzip")},
                    {TEXT("accept-encoding"), TEXT("br, gzip")}},
        .body = buffer_text(&compressed),
    };
    struct raw_reply reply;
    raw_http1(fixture, &request, &reply);
    assert_int_equal(reply.status, 200);
    assert_true(text_equal(raw_header(&reply, "content-encoding"), TEXT("gzip")));
    assert_int_equal(grpc_gzip_inflate(&fixture->call, reply.body, &inflated), STATUS_OK);
    assert_true(text_equal(buffer_text(&inflated), buffer_text(&json)));
}
FIXTURE_LOOPBACK_TEST(large_replies_are_compressed_on_request)

static void bodies_are_bounded(struct grpc_fixture *fixture)
{
    static const struct {
        size_t size;
        uint64_t status;
    } cases[] = {
        {FIXTURE_SERVER_MESSAGE_BYTES_MAX, 200},
        {FIXTURE_SERVER_MESSAGE_BYTES_MAX + 1, 429},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char *body = arena_alloc(&fixture->arena, cases[i].size);
        assert_non_null(body);
        memset(body, ' ', cases[i].size);
        memcpy(body, "{}", 2);
        const struct raw_request request = {
            .path = ECHO, .content_type = JSON_TYPE, .body = text_of_bytes(body, cases[i].size)};
        struct raw_reply reply;
        raw_http2(fixture, &request, &reply);
        assert_int_equal(reply.status, cases[i].status);
    }
}
FIXTURE_LOOPBACK_TEST(bodies_are_bounded)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posts_are_answered_loopback),
        cmocka_unit_test(bad_posts_are_refused_loopback),
        cmocka_unit_test(gets_are_answered_where_nothing_changes_loopback),
        cmocka_unit_test(what_is_allowed_is_said_loopback),
        cmocka_unit_test(failures_have_a_code_and_the_http_status_loopback),
        cmocka_unit_test(metadata_is_headers_loopback),
        cmocka_unit_test(a_timeout_is_kept_loopback),
        cmocka_unit_test(large_replies_are_compressed_on_request_loopback),
        cmocka_unit_test(bodies_are_bounded_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
