/* gRPC-Web, over HTTP/1.1 and HTTP/2, byte for byte. */
#include "base/buffer.h"
#include "grpc/grpc_frame.h"
#include "grpc/grpc_gzip.h"
#include "support/cmocka_test.h"
#include "unit/grpc/raw_client.h"
#include "json/base64.h"

#define SERVICE "/marquee.test.EchoService/"
#define ECHO SERVICE "Echo"
#define WEB "application/grpc-web"
#define WEB_TEXT "application/grpc-web-text"

#define OK_TRAILERS "\x80\0\0\0\x10grpc-status: 0\r\n"
#define OK_TRAILERS_BASE64 "gAAAABBncnBjLXN0YXR1czogMA0K"
#define COUNT_7 "\0\0\0\0\2\x10\7"
#define COUNT_7_BASE64 "AAAAAAIQBw=="

struct exchange_case {
    const char *name;
    struct raw_request request;
    const char *content_type; /* NULL: the request's */
    struct text body;
};

static const struct exchange_case successes[] = {
    {"binary",
     {.path = ECHO, .content_type = WEB, .body = TEXT_INIT(COUNT_7)},
     NULL,
     TEXT_INIT(COUNT_7 OK_TRAILERS)},
    {"protobuf by name",
     {.path = ECHO, .content_type = WEB "+proto", .body = TEXT_INIT(COUNT_7)},
     NULL,
     TEXT_INIT(COUNT_7 OK_TRAILERS)},
    {"JSON",
     {.path = ECHO, .content_type = WEB "+json", .body = TEXT_INIT("\0\0\0\0\x0b{\"count\":7}")},
     NULL,
     TEXT_INIT("\0\0\0\0\x0b{\"count\":7}" OK_TRAILERS)},
    {"a parameter",
     {.path = ECHO, .content_type = WEB "; charset=utf-8", .body = TEXT_INIT(COUNT_7)},
     WEB,
     TEXT_INIT(COUNT_7 OK_TRAILERS)},
    {"text",
     {.path = ECHO, .content_type = WEB_TEXT, .body = TEXT_INIT(COUNT_7_BASE64)},
     NULL,
     TEXT_INIT(COUNT_7_BASE64 OK_TRAILERS_BASE64)},
    {"text, protobuf by name",
     {.path = ECHO, .content_type = WEB_TEXT "+proto", .body = TEXT_INIT(COUNT_7_BASE64)},
     NULL,
     TEXT_INIT(COUNT_7_BASE64 OK_TRAILERS_BASE64)},
    {"text without padding",
     {.path = ECHO, .content_type = WEB_TEXT, .body = TEXT_INIT("AAAAAAIQBw")},
     NULL,
     TEXT_INIT(COUNT_7_BASE64 OK_TRAILERS_BASE64)},
    {"text padded within the frame",
     {.path = ECHO, .content_type = WEB_TEXT, .body = TEXT_INIT("AA==AAAAAhAH")},
     NULL,
     TEXT_INIT(COUNT_7_BASE64 OK_TRAILERS_BASE64)},
    {"text for binary",
     {.path = ECHO,
      .content_type = WEB,
      .headers = {{TEXT_INIT("accept"), TEXT_INIT("text/html, " WEB_TEXT)}},
      .body = TEXT_INIT(COUNT_7)},
     WEB_TEXT,
     TEXT_INIT(COUNT_7_BASE64 OK_TRAILERS_BASE64)},
    {"binary for text",
     {.path = ECHO,
      .content_type = WEB_TEXT,
      .headers = {{TEXT_INIT("accept"), TEXT_INIT(WEB)}},
      .body = TEXT_INIT(COUNT_7_BASE64)},
     WEB,
     TEXT_INIT(COUNT_7 OK_TRAILERS)},
    {"text for text, whatever else is accepted",
     {.path = ECHO,
      .content_type = WEB_TEXT,
      .headers = {{TEXT_INIT("accept"), TEXT_INIT("*/*")}},
      .body = TEXT_INIT(COUNT_7_BASE64)},
     NULL,
     TEXT_INIT(COUNT_7_BASE64 OK_TRAILERS_BASE64)},
    {"several replies",
     {.path = SERVICE "Split", .content_type = WEB, .body = TEXT_INIT("\0\0\0\0\2\x10\2")},
     NULL,
     TEXT_INIT("\0\0\0\0\0"
               "\0\0\0\0\2\x10\1" OK_TRAILERS)},
    {"several replies as text",
     {.path = SERVICE "Split", .content_type = WEB_TEXT, .body = TEXT_INIT("AAAAAAIQAg==")},
     NULL,
     TEXT_INIT("AAAAAAA="
               "AAAAAAIQAQ==" OK_TRAILERS_BASE64)},
    {"several requests",
     {.path = SERVICE "Join", .content_type = WEB, .body = TEXT_INIT(COUNT_7 COUNT_7)},
     NULL,
     TEXT_INIT("\0\0\0\0\2\x10\2" OK_TRAILERS)},
    {"several of both",
     {.path = SERVICE "Chat", .content_type = WEB, .body = TEXT_INIT(COUNT_7 COUNT_7)},
     NULL,
     TEXT_INIT(COUNT_7 COUNT_7 OK_TRAILERS)},
};

static void check(const struct exchange_case *row, size_t version, const struct raw_reply *reply)
{
    const char *type = row->content_type != NULL ? row->content_type : row->request.content_type;
    if (reply->status != 200 || !text_equal(raw_header(reply, "content-type"), text_of(type)) ||
        !text_equal(reply->body, row->body) || reply->trailer_count > 0) {
        fail_msg("%s, HTTP/%zu: %d %.*s, %zu bytes '%.*s'", row->name, version + 1,
                 (int)reply->status, TEXT_ARGUMENTS(raw_header(reply, "content-type")),
                 reply->body.length, TEXT_ARGUMENTS(reply->body));
    }
}

static void calls_are_answered(struct grpc_fixture *fixture)
{
    for (size_t version = 0; version < ARRAY_LENGTH(raw_versions); version++) {
        for (size_t i = 0; i < ARRAY_LENGTH(successes); i++) {
            struct raw_reply reply;
            raw_versions[version](fixture, &successes[i].request, &reply);
            check(&successes[i], version, &reply);
        }
    }
    assert_string_equal(fixture->server.echo.observed_protocol, "grpc-web");
    assert_int_equal(fixture->server.echo.observed, STATUS_OK);
}
FIXTURE_LOOPBACK_TEST(calls_are_answered)

/* The status that a reply's last frame says, and nothing but that frame is there. */
static struct text only_status(const struct raw_reply *reply)
{
    struct text body = reply->body;
    if (body.length < GRPC_FRAME_PREFIX_BYTES || (unsigned char)body.data[0] != 0x80) {
        return TEXT("no trailers");
    }
    struct text lines = text_slice(body, GRPC_FRAME_PREFIX_BYTES, body.length);
    return text_slice(text_next(&lines, '\r'), TEXT("grpc-status: ").length, SIZE_MAX);
}

static const struct {
    const char *name;
    struct raw_request request;
    const char *want;
} failures[] = {
    {"an unknown method", {.path = SERVICE "None", .body = TEXT_INIT("")}, "12"},
    {"no message", {.path = ECHO, .body = TEXT_INIT("")}, "12"},
    {"two messages", {.path = ECHO, .body = TEXT_INIT("\0\0\0\0\0\0\0\0\0\0")}, "12"},
    {"a malformed message", {.path = ECHO, .body = TEXT_INIT("\0\0\0\0\1\x0a")}, "13"},
    {"a cut message", {.path = ECHO, .body = TEXT_INIT("\0\0\0\0\5abc")}, "13"},
    {"trailers in a request", {.path = ECHO, .body = TEXT_INIT("\x80\0\0\0\0")}, "13"},
    {"compressed without encoding", {.path = ECHO, .body = TEXT_INIT("\1\0\0\0\1a")}, "13"},
    {"an unknown encoding",
     {.path = ECHO,
      .headers = {{TEXT_INIT("grpc-encoding"), TEXT_INIT("snappy")}},
      .body = TEXT_INIT("\0\0\0\0\0")},
     "12"},
    {"too large", {.path = ECHO, .body = TEXT_INIT("\0\0\1\0\1")}, "8"},
    {"a malformed timeout",
     {.path = ECHO,
      .headers = {{TEXT_INIT("grpc-timeout"), TEXT_INIT("soon")}},
      .body = TEXT_INIT("\0\0\0\0\0")},
     "13"},
    {"no time",
     {.path = ECHO,
      .headers = {{TEXT_INIT("grpc-timeout"), TEXT_INIT("0n")}},
      .body = TEXT_INIT("\0\0\0\0\0")},
     "4"},
    {"an unknown codec",
     {.path = ECHO, .content_type = WEB "+thrift", .body = TEXT_INIT("\0\0\0\0\0")},
     "12"},
    {"not base64",
     {.path = ECHO,
      .content_type = WEB_TEXT,
      .headers = {{TEXT_INIT("accept"), TEXT_INIT(WEB)}},
      .body = TEXT_INIT("AAAAAA A")},
     "13"},
    {"base64 that is cut short",
     {.path = ECHO,
      .content_type = WEB_TEXT,
      .headers = {{TEXT_INIT("accept"), TEXT_INIT(WEB)}},
      .body = TEXT_INIT("AAAAAAA=A")},
     "13"},
};

static void failures_are_one_frame(struct grpc_fixture *fixture)
{
    for (size_t version = 0; version < ARRAY_LENGTH(raw_versions); version++) {
        for (size_t i = 0; i < ARRAY_LENGTH(failures); i++) {
            struct raw_request request = failures[i].request;
            struct raw_reply reply;
            if (request.content_type == NULL) {
                request.content_type = WEB "+proto";
            }
            raw_versions[version](fixture, &request, &reply);
            if (reply.status != 200 ||
                !text_equal(only_status(&reply), text_of(failures[i].want))) {
                fail_msg("%s, HTTP/%zu: %d '%.*s'", failures[i].name, version + 1,
                         (int)reply.status, TEXT_ARGUMENTS(only_status(&reply)));
            }
        }
    }
}
FIXTURE_LOOPBACK_TEST(failures_are_one_frame)

static const struct {
    const char *name;
    struct raw_request request;
    uint64_t want;
} refusals[] = {
    {"not quite the type", {.path = ECHO, .content_type = WEB "x", .body = TEXT_INIT("")}, 415},
    {"not quite text", {.path = ECHO, .content_type = WEB_TEXT "x", .body = TEXT_INIT("")}, 415},
    {"not quite, nowhere",
     {.path = SERVICE "None", .content_type = WEB "x", .body = TEXT_INIT("")},
     415},
    {"another HTTP method",
     {.method = "PUT", .path = ECHO, .content_type = WEB, .body = TEXT_INIT("")},
     405},
    {"a browser's question, where none is allowed",
     {.method = "OPTIONS",
      .path = ECHO,
      .headers = {{TEXT_INIT("origin"), TEXT_INIT("https://example.org")},
                  {TEXT_INIT("access-control-request-method"), TEXT_INIT("POST")}}},
     405},
};

static void other_requests_are_refused(struct grpc_fixture *fixture)
{
    for (size_t version = 0; version < ARRAY_LENGTH(raw_versions); version++) {
        for (size_t i = 0; i < ARRAY_LENGTH(refusals); i++) {
            struct raw_reply reply;
            raw_versions[version](fixture, &refusals[i].request, &reply);
            if (reply.status != refusals[i].want) {
                fail_msg("%s, HTTP/%zu: %d", refusals[i].name, version + 1, (int)reply.status);
            }
            assert_null(raw_header(&reply, "access-control-allow-origin").data);
        }
    }
    assert_int_equal(fixture->server.echo.calls, 0);
}
FIXTURE_LOOPBACK_TEST(other_requests_are_refused)

static void metadata_goes_before_and_behind(struct grpc_fixture *fixture)
{
    for (size_t version = 0; version < ARRAY_LENGTH(raw_versions); version++) {
        const struct raw_request request = {
            .path = ECHO,
            .content_type = WEB,
            .headers = {{TEXT("x-echo"), TEXT("a b")}, {TEXT("x-echo-bin"), TEXT("q6s=")}},
            .body = TEXT("\0\0\0\0\0"),
        };
        struct raw_reply reply;
        raw_versions[version](fixture, &request, &reply);
        assert_true(text_equal(raw_header(&reply, "x-echo"), TEXT("a b")));
        assert_true(text_ends_with(reply.body,
                                   TEXT("\x80\0\0\0\x21grpc-status: 0\r\nx-echo-bin: q6s\r\n")));
    }
}
FIXTURE_LOOPBACK_TEST(metadata_goes_before_and_behind)

/* Appends a JSON request in a frame. */
static void append_json(struct buffer *body, struct text json)
{
    char prefix[GRPC_FRAME_PREFIX_BYTES];
    grpc_frame_prefix(false, json.length, prefix);
    assert_true(buffer_append(body, text_of_bytes(prefix, sizeof(prefix))));
    assert_true(buffer_append(body, json));
}

static void words_of_a_failure_are_encoded(struct grpc_fixture *fixture)
{
    CLEANUP(buffer_deinit) struct buffer body;
    buffer_init(&body, 1024);
    append_json(&body, TEXT("{\"plan\":{\"failure\":{\"code\":5,\"message\":\"50 %\\r\\n\"}}}"));
    const struct raw_request request = {
        .path = ECHO, .content_type = WEB "+json", .body = buffer_text(&body)};
    struct raw_reply reply;
    raw_http1(fixture, &request, &reply);
    assert_true(text_equal(reply.body,
                           TEXT("\x80\0\0\0\x2cgrpc-status: 5\r\ngrpc-message: 50 %25%0D%0A\r\n")));
}
FIXTURE_LOOPBACK_TEST(words_of_a_failure_are_encoded)

static void a_timeout_is_kept(struct grpc_fixture *fixture)
{
    CLEANUP(buffer_deinit) struct buffer body;
    buffer_init(&body, 1024);
    append_json(&body, TEXT("{\"plan\":{\"delayMs\":\"10000\"}}"));
    const struct raw_request request = {
        .path = ECHO,
        .content_type = WEB "+json",
        .headers = {{TEXT("grpc-timeout"), TEXT("20m")}},
        .body = buffer_text(&body),
    };
    struct raw_reply reply;
    raw_http1(fixture, &request, &reply);
    assert_true(text_equal(only_status(&reply), TEXT("4")));
    assert_int_equal(fixture->server.echo.running, 0);
}
FIXTURE_LOOPBACK_TEST(a_timeout_is_kept)

/* Decodes the text of a reply, which is padded at the end of each frame. */
static void decode_text(struct arena *arena, struct text text, struct buffer *bytes)
{
    while (text.length > 0) {
        size_t end = text_find(text, 0, '=');
        while (end < text.length && text.data[end] == '=') {
            end++;
        }
        bool valid;
        assert_true(buffer_append(bytes, base64_decode(arena, text_slice(text, 0, end), &valid)));
        assert_true(valid);
        text = text_slice(text, end, text.length);
    }
}

static void large_messages_go_as_text(struct grpc_fixture *fixture)
{
    enum { TEXT_BYTES = 50000 };
    CLEANUP(buffer_deinit) struct buffer json;
    CLEANUP(buffer_deinit) struct buffer body;
    CLEANUP(buffer_deinit) struct buffer encoded;
    CLEANUP(buffer_deinit) struct buffer decoded;
    struct buffer *const buffers[] = {&json, &body, &encoded, &decoded};
    for (size_t i = 0; i < ARRAY_LENGTH(buffers); i++) {
        buffer_init(buffers[i], 1 << 20);
    }
    assert_true(buffer_append(&json, TEXT("{\"text\":\"")));
    for (int i = 0; i < TEXT_BYTES; i++) {
        assert_true(buffer_append_byte(&json, (char)('a' + i % 23)));
    }
    assert_true(buffer_append(&json, TEXT("\"}")));
    append_json(&body, buffer_text(&json));
    assert_true(base64_encode(buffer_text(&body), &encoded));
    assert_true(buffer_append(&body, TEXT(OK_TRAILERS)));
    for (size_t version = 0; version < ARRAY_LENGTH(raw_versions); version++) {
        const struct raw_request request = {
            .path = ECHO, .content_type = WEB_TEXT "+json", .body = buffer_text(&encoded)};
        struct raw_reply reply;
        raw_versions[version](fixture, &request, &reply);
        buffer_clear(&decoded);
        decode_text(&fixture->arena, reply.body, &decoded);
        assert_true(text_equal(buffer_text(&decoded), buffer_text(&body)));
    }
}
FIXTURE_LOOPBACK_TEST(large_messages_go_as_text)

static void compressed_requests_get_compressed_replies(struct grpc_fixture *fixture)
{
    CLEANUP(buffer_deinit) struct buffer body;
    CLEANUP(buffer_deinit) struct buffer inflated;
    buffer_init(&body, 1024);
    buffer_init(&inflated, 1024);
    assert_true(buffer_append(&body, TEXT("\1\0\0\0\0")));
    assert_true(grpc_gzip_deflate(TEXT("\x10\7"), &body));
    body.data[4] = (char)(body.length - GRPC_FRAME_PREFIX_BYTES);
    const struct raw_request request = {
        .path = ECHO,
        .content_type = WEB,
        .headers = {{TEXT("grpc-encoding"), TEXT("gzip")},
                    {TEXT("grpc-accept-encoding"), TEXT("gzip")}},
        .body = buffer_text(&body),
    };
    struct raw_reply reply;
    raw_http1(fixture, &request, &reply);
    assert_true(text_equal(raw_header(&reply, "grpc-encoding"), TEXT("gzip")));
    assert_int_equal(reply.body.data[0], 1);
    struct text message = text_slice(reply.body, GRPC_FRAME_PREFIX_BYTES,
                                     GRPC_FRAME_PREFIX_BYTES + (size_t)reply.body.data[4]);
    assert_int_equal(grpc_gzip_inflate(&fixture->call, message, &inflated), STATUS_OK);
    assert_true(text_equal(buffer_text(&inflated), TEXT("\x10\7")));
    assert_true(text_ends_with(reply.body, TEXT(OK_TRAILERS)));
}
FIXTURE_LOOPBACK_TEST(compressed_requests_get_compressed_replies)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_answered_loopback),
        cmocka_unit_test(failures_are_one_frame_loopback),
        cmocka_unit_test(other_requests_are_refused_loopback),
        cmocka_unit_test(metadata_goes_before_and_behind_loopback),
        cmocka_unit_test(words_of_a_failure_are_encoded_loopback),
        cmocka_unit_test(a_timeout_is_kept_loopback),
        cmocka_unit_test(large_messages_go_as_text_loopback),
        cmocka_unit_test(compressed_requests_get_compressed_replies_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
