/* The Connect protocol's streams, over HTTP/1.1 and HTTP/2, byte for byte. */
#include "grpc/grpc_frame.h"
#include "support/cmocka_test.h"
#include "unit/grpc/raw_client.h"

#define SERVICE "/marquee.test.EchoService/"
#define JSON_TYPE "application/connect+json"
#define PROTO_TYPE "application/connect+proto"
#define COUNT_7 "\0\0\0\0\x0b{\"count\":7}"
#define COUNT_2 "\0\0\0\0\x0b{\"count\":2}"
#define END "\2\0\0\0\2{}"

static const struct {
    const char *name;
    struct raw_request request;
    struct text body;
} streams[] = {
    {"several replies",
     {.path = SERVICE "Split", .content_type = JSON_TYPE, .body = TEXT_INIT(COUNT_2)},
     TEXT_INIT("\0\0\0\0\2{}\0\0\0\0\x0b{\"count\":1}" END)},
    {"no reply",
     {.path = SERVICE "Split", .content_type = PROTO_TYPE, .body = TEXT_INIT("\0\0\0\0\0")},
     TEXT_INIT(END)},
    {"several requests",
     {.path = SERVICE "Join", .content_type = JSON_TYPE, .body = TEXT_INIT(COUNT_7 COUNT_7)},
     TEXT_INIT(COUNT_2 END)},
    {"several of both",
     {.path = SERVICE "Chat", .content_type = JSON_TYPE, .body = TEXT_INIT(COUNT_7 COUNT_2)},
     TEXT_INIT(COUNT_7 COUNT_2 END)},
    {"the version said",
     {.path = SERVICE "Chat",
      .content_type = PROTO_TYPE,
      .headers = {{TEXT_INIT("connect-protocol-version"), TEXT_INIT("1")}},
      .body = TEXT_INIT("")},
     TEXT_INIT(END)},
    {"metadata",
     {.path = SERVICE "Chat",
      .content_type = PROTO_TYPE,
      .headers = {{TEXT_INIT("x-echo-bin"), TEXT_INIT("q6s=")}},
      .body = TEXT_INIT("")},
     TEXT_INIT("\2\0\0\0\x23{\"metadata\":{\"x-echo-bin\":[\"q6s\"]}}")},
    {"another version",
     {.path = SERVICE "Chat",
      .content_type = JSON_TYPE,
      .headers = {{TEXT_INIT("connect-protocol-version"), TEXT_INIT("2")}},
      .body = TEXT_INIT("")},
     TEXT_INIT("\2\0\0\0\x53{\"error\":{\"code\":\"invalid_argument\","
               "\"message\":\"connect-protocol-version is not 1\"}}")},
    {"a failure of the handler's",
     {.path = SERVICE "Chat",
      .content_type = JSON_TYPE,
      .body = TEXT_INIT(
          "\0\0\0\0\x34{\"plan\":{\"failure\":{\"code\":5,\"message\":\"\\\"so\\\"\"}}}  ")},
     TEXT_INIT("\2\0\0\0\x31{\"error\":{\"code\":\"not_found\",\"message\":\"\\\"so\\\"\"}}")},
};

static void streams_are_answered(struct grpc_fixture *fixture)
{
    for (size_t version = 0; version < ARRAY_LENGTH(raw_versions); version++) {
        for (size_t i = 0; i < ARRAY_LENGTH(streams); i++) {
            struct raw_reply reply;
            raw_versions[version](fixture, &streams[i].request, &reply);
            if (reply.status != 200 || !text_equal(reply.body, streams[i].body) ||
                !text_equal(raw_header(&reply, "content-type"),
                            text_of(streams[i].request.content_type)) ||
                reply.trailer_count > 0) {
                fail_msg("%s, HTTP/%zu: %d, %zu bytes '%.*s'", streams[i].name, version + 1,
                         (int)reply.status, reply.body.length, TEXT_ARGUMENTS(reply.body));
            }
        }
    }
    assert_string_equal(fixture->server.echo.observed_protocol, "connect");
}
FIXTURE_LOOPBACK_TEST(streams_are_answered)

static const struct {
    const char *name;
    struct raw_request request;
    const char *code;
} failures[] = {
    {"a malformed timeout",
     {.headers = {{TEXT_INIT("connect-timeout-ms"), TEXT_INIT("12345678901")}},
      .body = TEXT_INIT("\0\0\0\0\2{}")},
     "invalid_argument"},
    {"an unknown compression",
     {.headers = {{TEXT_INIT("connect-content-encoding"), TEXT_INIT("br")}},
      .body = TEXT_INIT("\0\0\0\0\2{}")},
     "unimplemented"},
    {"no time",
     {.headers = {{TEXT_INIT("connect-timeout-ms"), TEXT_INIT("0")}},
      .body = TEXT_INIT("\0\0\0\0\2{}")},
     "deadline_exceeded"},
    {"too large", {.body = TEXT_INIT("\0\0\1\0\1")}, "resource_exhausted"},
    {"no message", {.body = TEXT_INIT("")}, "unimplemented"},
    {"two messages", {.body = TEXT_INIT("\0\0\0\0\2{}\0\0\0\0\2{}")}, "unimplemented"},
    {"compressed though none was agreed", {.body = TEXT_INIT("\1\0\0\0\1a")}, "internal"},
    {"an end in a request", {.body = TEXT_INIT("\2\0\0\0\2{}")}, "internal"},
    {"not JSON", {.body = TEXT_INIT("\0\0\0\0\1{")}, "invalid_argument"},
};

static void failures_are_told_in_the_end(struct grpc_fixture *fixture)
{
    for (size_t version = 0; version < ARRAY_LENGTH(raw_versions); version++) {
        for (size_t i = 0; i < ARRAY_LENGTH(failures); i++) {
            struct raw_request request = failures[i].request;
            struct raw_reply reply;
            request.path = SERVICE "Split";
            request.content_type = JSON_TYPE;
            raw_versions[version](fixture, &request, &reply);
            struct text want =
                arena_format(&fixture->arena, "{\"error\":{\"code\":\"%s\"", failures[i].code);
            struct text end = text_slice(reply.body, GRPC_FRAME_PREFIX_BYTES, reply.body.length);
            if (reply.status != 200 || reply.body.length == 0 || reply.body.data[0] != 2 ||
                !text_starts_with(end, want)) {
                fail_msg("%s, HTTP/%zu: %d '%.*s'", failures[i].name, version + 1,
                         (int)reply.status, TEXT_ARGUMENTS(end));
            }
        }
    }
}
FIXTURE_LOOPBACK_TEST(failures_are_told_in_the_end)

static void types_go_with_the_kind_of_method(struct grpc_fixture *fixture)
{
    static const struct raw_request cases[] = {
        {.path = SERVICE "Echo", .content_type = JSON_TYPE, .body = TEXT_INIT("\0\0\0\0\2{}")},
        {.path = SERVICE "Split", .content_type = "application/json", .body = TEXT_INIT("{}")},
        {.path = SERVICE "Split", .content_type = "application/connect+xml", .body = TEXT_INIT("")},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct raw_reply reply;
        raw_http1(fixture, &cases[i], &reply);
        assert_int_equal(reply.status, 415);
    }
    assert_int_equal(fixture->server.echo.calls, 0);
}
FIXTURE_LOOPBACK_TEST(types_go_with_the_kind_of_method)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_are_answered_loopback),
        cmocka_unit_test(failures_are_told_in_the_end_loopback),
        cmocka_unit_test(types_go_with_the_kind_of_method_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
