/* What the server answers to requests that our own client would not send. */
#include "base/buffer.h"
#include "base/clock.h"
#include "grpc/grpc_frame.h"
#include "grpc/grpc_gzip.h"
#include "support/cmocka_test.h"
#include "unit/grpc/raw_client.h"

#define ECHO "/marquee.test.EchoService/Echo"

static struct text find(const struct http_header *headers, size_t count, const char *name)
{
    return http_header_find(headers, count, text_of(name));
}

static void assert_header(const struct http_header *headers, size_t count, const char *name,
                          const char *want)
{
    struct text value = find(headers, count, name);
    if (!text_equal(value, text_of(want))) {
        fail_msg("%s: '%.*s', not '%s'", name, TEXT_ARGUMENTS(value), want);
    }
}

/* Requests that are answered with a status, all in one block of headers. */
static const struct {
    const char *name;
    struct raw_request request;
    const char *want;
} failures[] = {
    {"unknown method", {.path = "/marquee.test.EchoService/None", .body = TEXT_INIT("")}, "12"},
    {"unknown service", {.path = "/nobody/Knows", .body = TEXT_INIT("")}, "12"},
    {"no message, body ends", {.path = ECHO, .body = TEXT_INIT("")}, "12"},
    {"no message, headers end", {.path = ECHO}, "12"},
    {"two messages", {.path = ECHO, .body = TEXT_INIT("\0\0\0\0\0\0\0\0\0\0")}, "12"},
    {"malformed message", {.path = ECHO, .body = TEXT_INIT("\0\0\0\0\1\x0a")}, "13"},
    {"bad UTF-8", {.path = ECHO, .body = TEXT_INIT("\0\0\0\0\3\x0a\1\xff")}, "3"},
    {"cut prefix", {.path = ECHO, .body = TEXT_INIT("\0\0\0")}, "13"},
    {"cut message", {.path = ECHO, .body = TEXT_INIT("\0\0\0\0\5abc")}, "13"},
    {"unknown flag", {.path = ECHO, .body = TEXT_INIT("\4\0\0\0\0")}, "13"},
    {"compressed without encoding", {.path = ECHO, .body = TEXT_INIT("\1\0\0\0\1a")}, "13"},
    {"compressed by identity",
     {.path = ECHO,
      .headers = {{TEXT_INIT("grpc-encoding"), TEXT_INIT("identity")}},
      .body = TEXT_INIT("\1\0\0\0\1a")},
     "13"},
    {"not gzip",
     {.path = ECHO,
      .headers = {{TEXT_INIT("grpc-encoding"), TEXT_INIT("gzip")}},
      .body = TEXT_INIT("\1\0\0\0\1a")},
     "13"},
    {"unknown encoding",
     {.path = ECHO,
      .headers = {{TEXT_INIT("grpc-encoding"), TEXT_INIT("snappy")}},
      .body = TEXT_INIT("\0\0\0\0\0")},
     "12"},
    {"too large", {.path = ECHO, .body = TEXT_INIT("\0\0\1\0\1")}, "8"},
    {"malformed timeout",
     {.path = ECHO,
      .headers = {{TEXT_INIT("grpc-timeout"), TEXT_INIT("soon")}},
      .body = TEXT_INIT("\0\0\0\0\0")},
     "13"},
    {"unknown codec",
     {.path = ECHO, .content_type = "application/grpc+thrift", .body = TEXT_INIT("\0\0\0\0\0")},
     "12"},
    {"no time at all",
     {.path = ECHO,
      .headers = {{TEXT_INIT("grpc-timeout"), TEXT_INIT("0n")}},
      .body = TEXT_INIT("\0\0\0\0\0")},
     "4"},
};

static void failures_are_one_block_of_headers(struct grpc_fixture *fixture)
{
    for (size_t i = 0; i < ARRAY_LENGTH(failures); i++) {
        struct raw_request request = failures[i].request;
        struct raw_reply reply;
        if (request.content_type == NULL) {
            request.content_type = "application/grpc";
        }
        raw_http2(fixture, &request, &reply);
        struct text status = find(reply.trailers, reply.trailer_count, "grpc-status");
        if (reply.status != 200 || !reply.headers_only ||
            !text_equal(status, text_of(failures[i].want))) {
            fail_msg("%s: HTTP %d, grpc-status '%.*s', one block %d", failures[i].name,
                     (int)reply.status, TEXT_ARGUMENTS(status), reply.headers_only);
        }
        assert_true(text_starts_with(find(reply.headers, reply.header_count, "content-type"),
                                     TEXT("application/grpc")));
    }
    assert_int_equal(fixture->server.echo.calls, 0);
}
FIXTURE_LOOPBACK_TEST(failures_are_one_block_of_headers)

static void an_unknown_encoding_is_told_the_known_ones(struct grpc_fixture *fixture)
{
    const struct raw_request request = {
        .path = ECHO,
        .content_type = "application/grpc",
        .headers = {{TEXT("grpc-encoding"), TEXT("snappy")}},
        .body = TEXT("\0\0\0\0\0"),
    };
    struct raw_reply reply;
    raw_http2(fixture, &request, &reply);
    assert_header(reply.headers, reply.header_count, "grpc-accept-encoding", "identity,gzip");
}
FIXTURE_LOOPBACK_TEST(an_unknown_encoding_is_told_the_known_ones)

static void an_unknown_method_is_told_in_the_type_asked_for(struct grpc_fixture *fixture)
{
    static const char *const types[][2] = {
        {"application/grpc", "application/grpc"},
        {"application/grpc+proto", "application/grpc+proto"},
        {"application/grpc+json; charset=utf-8", "application/grpc+json"},
        {"application/grpc+thrift", "application/grpc"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
        const struct raw_request request = {
            .path = "/nobody/Knows", .content_type = types[i][0], .body = TEXT("")};
        struct raw_reply reply;
        raw_http2(fixture, &request, &reply);
        assert_header(reply.headers, reply.header_count, "content-type", types[i][1]);
        assert_header(reply.trailers, reply.trailer_count, "grpc-status", "12");
    }
}
FIXTURE_LOOPBACK_TEST(an_unknown_method_is_told_in_the_type_asked_for)

static void content_types_are_told_apart(struct grpc_fixture *fixture)
{
    static const struct {
        const char *given;
        uint64_t status;
        const char *want;
        struct text body;
        struct text reply;
    } cases[] = {
        {"application/grpc", 200, "application/grpc", TEXT_INIT("\0\0\0\0\2\x10\7"),
         TEXT_INIT("\0\0\0\0\2\x10\7")},
        {"application/grpc+proto", 200, "application/grpc+proto", TEXT_INIT("\0\0\0\0\2\x10\7"),
         TEXT_INIT("\0\0\0\0\2\x10\7")},
        {"application/grpc;charset=utf-8", 200, "application/grpc", TEXT_INIT("\0\0\0\0\2\x10\7"),
         TEXT_INIT("\0\0\0\0\2\x10\7")},
        {"application/grpc+json", 200, "application/grpc+json",
         TEXT_INIT("\0\0\0\0\x0b{\"count\":7}"), TEXT_INIT("\0\0\0\0\x0b{\"count\":7}")},
        {"application/grpc-we", 415, "application/problem+json", TEXT_INIT("\0\0\0\0\0"),
         TEXT_INIT("")},
        {"application/grpcx", 415, "application/problem+json", TEXT_INIT("\0\0\0\0\0"),
         TEXT_INIT("")},
        {"text/plain", 415, "application/problem+json", TEXT_INIT("\0\0\0\0\0"), TEXT_INIT("")},
        {NULL, 415, "application/problem+json", TEXT_INIT("\0\0\0\0\0"), TEXT_INIT("")},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct raw_request request = {
            .path = ECHO, .content_type = cases[i].given, .body = cases[i].body};
        struct raw_reply reply;
        raw_http2(fixture, &request, &reply);
        assert_int_equal(reply.status, cases[i].status);
        assert_header(reply.headers, reply.header_count, "content-type", cases[i].want);
        if (reply.status == 200) {
            assert_true(text_equal(reply.body, cases[i].reply));
            assert_header(reply.trailers, reply.trailer_count, "grpc-status", "0");
        }
    }
}
FIXTURE_LOOPBACK_TEST(content_types_are_told_apart)

static void only_posts_over_http2_are_calls(struct grpc_fixture *fixture)
{
    struct raw_request request = {.path = ECHO, .content_type = "application/grpc"};
    struct raw_reply reply;
    request.method = "GET";
    raw_http2(fixture, &request, &reply);
    assert_int_equal(reply.status, 405);
    assert_header(reply.headers, reply.header_count, "allow", "POST");
    request.method = "POST";
    request.body = TEXT("\0\0\0\0\0");
    raw_http1(fixture, &request, &reply);
    assert_int_equal(reply.status, 505);
}
FIXTURE_LOOPBACK_TEST(only_posts_over_http2_are_calls)

/* The client's own deadline is far away here, so the answer is the server's. */
static void a_handler_that_overruns_is_answered_for(struct grpc_fixture *fixture)
{
    struct raw_reply reply;
    const struct raw_request waiting = {
        .path = ECHO,
        .content_type = "application/grpc",
        .headers = {{TEXT("grpc-timeout"), TEXT("20m")}},
        .body = TEXT("\0\0\0\0\5\x22\3\x08\x90\x4e"), /* plan.delay_ms 10000 */
    };
    raw_http2(fixture, &waiting, &reply);
    assert_header(reply.trailers, reply.trailer_count, "grpc-status", "4");
    const struct raw_request busy = {
        .path = ECHO,
        .content_type = "application/grpc",
        .headers = {{TEXT("grpc-timeout"), TEXT("1m")}},
        .body = TEXT("\0\0\0\0\xd\x22\xb\x08\xfe\xff\xff\xff\xff\xff\xff\xff\xff\1"), /* -2 */
    };
    raw_http2(fixture, &busy, &reply);
    assert_header(reply.trailers, reply.trailer_count, "grpc-status", "4");
    assert_int_equal(reply.body.length, 0);
    assert_int_equal(fixture->server.echo.calls, 2);
}
FIXTURE_LOOPBACK_TEST(a_handler_that_overruns_is_answered_for)

static struct text compressed_frame(struct grpc_fixture *fixture, struct text message)
{
    CLEANUP(buffer_deinit) struct buffer payload;
    CLEANUP(buffer_deinit) struct buffer frame;
    char prefix[GRPC_FRAME_PREFIX_BYTES];
    buffer_init(&payload, 1 << 24);
    buffer_init(&frame, 1 << 24);
    assert_true(grpc_gzip_deflate(message, &payload));
    grpc_frame_prefix(true, payload.length, prefix);
    assert_true(buffer_append(&frame, text_of_bytes(prefix, sizeof(prefix))));
    assert_true(buffer_append(&frame, buffer_text(&payload)));
    return arena_copy(&fixture->arena, buffer_text(&frame));
}

static void replies_are_compressed_for_those_who_accept_it(struct grpc_fixture *fixture)
{
    static const struct {
        const char *accepted;
        bool want;
    } cases[] = {{"identity,gzip", true}, {"gzip", true}, {"identity", false}, {NULL, false}};
    struct text frame = compressed_frame(fixture, TEXT("\x10\7"));
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct raw_request request = {
            .path = ECHO,
            .content_type = "application/grpc",
            .headers = {{TEXT("grpc-encoding"), TEXT("gzip")}},
            .body = frame,
        };
        struct raw_reply reply;
        if (cases[i].accepted != NULL) {
            request.headers[1] =
                (struct http_header){TEXT("grpc-accept-encoding"), text_of(cases[i].accepted)};
        }
        raw_http2(fixture, &request, &reply);
        assert_header(reply.trailers, reply.trailer_count, "grpc-status", "0");
        assert_int_equal(reply.body.data[0], cases[i].want);
        assert_header(reply.headers, reply.header_count, "grpc-encoding",
                      cases[i].want ? "gzip" : "");
    }
}
FIXTURE_LOOPBACK_TEST(replies_are_compressed_for_those_who_accept_it)

static void a_handler_chooses_compression(struct grpc_fixture *fixture)
{
    static const struct http_header gzip_accepted = {TEXT_INIT("grpc-accept-encoding"),
                                                     TEXT_INIT("gzip")};
    static const struct http_header gzip_used = {TEXT_INIT("grpc-encoding"), TEXT_INIT("gzip")};
    static const struct http_header nothing = {TEXT_INIT("x-none"), TEXT_INIT("")};
    /* The message has plan.compress, 1 or 2. */
    static const struct {
        const struct http_header *first;
        const struct http_header *second;
        struct text body;
        const char *status;
        char flag;
    } cases[] = {
        {&gzip_accepted, &nothing, TEXT_INIT("\0\0\0\0\4\x22\2\x18\1"), "0", 1},
        {&gzip_accepted, &gzip_used, TEXT_INIT("\0\0\0\0\4\x22\2\x18\2"), "0", 0},
        {&gzip_used, &nothing, TEXT_INIT("\0\0\0\0\4\x22\2\x18\1"), "9", 0},
        {&gzip_used, &nothing, TEXT_INIT("\0\0\0\0\4\x22\2\x18\2"), "0", 0},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct raw_request request = {
            .path = ECHO,
            .content_type = "application/grpc",
            .headers = {*cases[i].first, *cases[i].second},
            .body = cases[i].body,
        };
        struct raw_reply reply;
        raw_http2(fixture, &request, &reply);
        assert_header(reply.trailers, reply.trailer_count, "grpc-status", cases[i].status);
        if (reply.body.length > 0) {
            assert_int_equal(reply.body.data[0], cases[i].flag);
        }
        assert_int_equal(reply.body.length > 0, cases[i].status[0] == '0');
    }
}
FIXTURE_LOOPBACK_TEST(a_handler_chooses_compression)

static void a_gzip_bomb_is_refused(struct grpc_fixture *fixture)
{
    size_t size = FIXTURE_SERVER_MESSAGE_BYTES_MAX * 100;
    char *zeros = arena_calloc(&fixture->arena, size, 1);
    assert_non_null(zeros);
    const struct raw_request request = {
        .path = ECHO,
        .content_type = "application/grpc",
        .headers = {{TEXT("grpc-encoding"), TEXT("gzip")}},
        .body = compressed_frame(fixture, text_of_bytes(zeros, size)),
    };
    struct raw_reply reply;
    assert_true(request.body.length < FIXTURE_SERVER_MESSAGE_BYTES_MAX);
    raw_http2(fixture, &request, &reply);
    assert_header(reply.trailers, reply.trailer_count, "grpc-status", "8");
}
FIXTURE_LOOPBACK_TEST(a_gzip_bomb_is_refused)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failures_are_one_block_of_headers_loopback),
        cmocka_unit_test(an_unknown_encoding_is_told_the_known_ones_loopback),
        cmocka_unit_test(an_unknown_method_is_told_in_the_type_asked_for_loopback),
        cmocka_unit_test(content_types_are_told_apart_loopback),
        cmocka_unit_test(only_posts_over_http2_are_calls_loopback),
        cmocka_unit_test(a_handler_that_overruns_is_answered_for_loopback),
        cmocka_unit_test(replies_are_compressed_for_those_who_accept_it_loopback),
        cmocka_unit_test(a_handler_chooses_compression_loopback),
        cmocka_unit_test(a_gzip_bomb_is_refused_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
