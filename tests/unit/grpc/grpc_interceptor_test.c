/* What interceptors are asked and told, whatever the protocol; and the ones that we have. */
#include "grpc/grpc_interceptor.h"

#include <unistd.h>

#include "access/access_tokens.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/log.h"
#include "grpc/grpc_bearer.h"
#include "grpc/grpc_frame.h"
#include "grpc/grpc_observers.h"
#include "support/cmocka_test.h"
#include "telemetry/telemetry.h"
#include "unit/grpc/raw_client.h"

#define ECHO "/marquee.test.EchoService/Echo"
#define SPLIT "/marquee.test.EchoService/Split"

enum { WITNESSES = 3, FRAME_BYTES_MAX = 64 };

/* Writes its letter down: small when asked, capital when told. */
struct witness {
    char letter;
    bool refuses; /* who sends x-refuse */
};

static char witnessed[64];
static struct grpc_outcome outcome; /* the last one told to the first witness */

static void write_down(char letter)
{
    size_t length = strlen(witnessed);
    CHECK(length + 1 < sizeof(witnessed));
    witnessed[length] = letter;
    witnessed[length + 1] = '\0';
}

static enum status ask_witness(void *state, struct call *call, const char *method)
{
    const struct witness *witness = state;
    assert_true(text_starts_with(text_of(method), TEXT("/marquee.test.EchoService/")));
    write_down(witness->letter);
    if (witness->refuses && grpc_request_metadata(call, TEXT("x-refuse")).data != NULL) {
        return call_fail(call, STATUS_PERMISSION_DENIED, "refused by %c", witness->letter);
    }
    return STATUS_OK;
}

static void tell_witness(void *state, struct call *call, const struct grpc_outcome *told)
{
    const struct witness *witness = state;
    assert_int_equal(call->error.message.length > 0, told->status != STATUS_OK);
    write_down((char)(witness->letter - 'a' + 'A'));
    outcome = *told;
}

static struct witness witnesses[WITNESSES] = {{'a', false}, {'b', true}, {'c', true}};
static struct grpc_interceptor table[GRPC_INTERCEPTORS_MAX + 1];

static void configure_witnesses(struct grpc_fixture *fixture, struct grpc_server_options *options,
                                struct http_server_options *http)
{
    (void)fixture;
    (void)http;
    for (size_t i = 0; i < WITNESSES; i++) {
        table[i] = (struct grpc_interceptor){
            .before = ask_witness, .after = tell_witness, .state = &witnesses[i]};
    }
    options->interceptors = table;
    options->interceptor_count = WITNESSES;
}

static const struct http_header refuse_header = {TEXT_INIT("x-refuse"), TEXT_INIT("1")};

/* A frame with the bytes; in `room`. */
static struct text frame_of(struct text bytes, char room[static FRAME_BYTES_MAX])
{
    assert_true(bytes.length + GRPC_FRAME_PREFIX_BYTES <= FRAME_BYTES_MAX);
    grpc_frame_prefix(false, bytes.length, room);
    memcpy(room + GRPC_FRAME_PREFIX_BYTES, bytes.data, bytes.length);
    return (struct text){room, bytes.length + GRPC_FRAME_PREFIX_BYTES};
}

static void expect(struct grpc_fixture *fixture, const struct raw_request *request,
                   const char *want, enum status want_status, const char *want_protocol)
{
    struct raw_reply reply;
    unsigned calls = fixture->server.echo.calls;
    witnessed[0] = '\0';
    raw_http2(fixture, request, &reply);
    assert_string_equal(witnessed, want);
    assert_int_equal(outcome.status, want_status);
    assert_string_equal(outcome.protocol, want_protocol);
    assert_true(outcome.duration_ns >= 0);
    assert_int_equal(fixture->server.echo.calls - calls, want_status == STATUS_OK ? 1 : 0);
    /* Of gRPC-Web and of Connect's streams the body ends in a frame that is no message. */
    const char *type = request->content_type != NULL ? request->content_type : "";
    bool has_end = strstr(type, "-web") != NULL || strstr(type, "/connect") != NULL;
    size_t end_bytes = reply.body.length - outcome.sent_bytes;
    assert_int_equal(end_bytes > 0, has_end || (want_status != STATUS_OK && reply.body.length > 0));
    assert_int_equal(outcome.sent_bytes > 0, want_status == STATUS_OK);
    assert_int_equal(outcome.received_bytes, want_status == STATUS_OK ? request->body.length : 0);
}

static void they_are_asked_in_order(struct grpc_fixture *fixture)
{
    char room[FRAME_BYTES_MAX];
    /* text = "hello", count = 3 */
    struct text frame = frame_of(TEXT("\x0a\x05hello\x10\x03"), room);
    struct raw_request requests[] = {
        {.path = ECHO, .content_type = "application/grpc", .body = frame},
        {.path = SPLIT, .content_type = "application/grpc", .body = frame},
        {.path = ECHO, .content_type = "application/json", .body = TEXT("{\"text\":\"hello\"}")},
        {.method = "GET", .path = ECHO "?encoding=json&message=%7B%22count%22%3A3%7D"},
        {.path = SPLIT, .content_type = "application/connect+proto", .body = frame},
        {.path = ECHO, .content_type = "application/grpc-web", .body = frame},
        {.path = SPLIT, .content_type = "application/grpc-web", .body = frame},
    };
    static const char *const protocols[] = {"grpc",    "grpc",     "connect", "connect",
                                            "connect", "grpc-web", "grpc-web"};
    for (size_t i = 0; i < ARRAY_LENGTH(requests); i++) {
        expect(fixture, &requests[i], "abcCBA", STATUS_OK, protocols[i]);
        requests[i].headers[0] = refuse_header;
        expect(fixture, &requests[i], "abCBA", STATUS_PERMISSION_DENIED, protocols[i]);
    }
}

static void they_are_told_of_what_never_began(struct grpc_fixture *fixture)
{
    char room[FRAME_BYTES_MAX];
    const struct raw_request malformed = {
        .path = ECHO,
        .content_type = "application/grpc",
        .headers = {{TEXT_INIT("grpc-timeout"), TEXT_INIT("soon")}},
        .body = frame_of(TEXT(""), room),
    };
    expect(fixture, &malformed, "CBA", STATUS_INTERNAL, "grpc");
}

static struct grpc_bearer bearer;

static void configure_bearer(struct grpc_fixture *fixture, struct grpc_server_options *options,
                             struct http_server_options *http)
{
    static const char *const open[] = {"/grpc.health.v1.Health/",
                                       "/marquee.test.EchoService/Store"};
    (void)fixture;
    (void)http;
    bearer.open_paths = open;
    bearer.open_path_count = ARRAY_LENGTH(open);
    table[0] = grpc_require_bearer(&bearer);
    options->interceptors = table;
    options->interceptor_count = 1;
}

static void a_bearer_must_know_a_token(struct grpc_fixture *fixture)
{
    static const struct {
        const char *path;
        const char *authorization;
        uint64_t want;
    } cases[] = {
        {ECHO, NULL, 401},
        {ECHO, "", 401},
        {ECHO, "Bearer", 401},
        {ECHO, "Bearer ", 401},
        {ECHO, "Bearer a-token-of-length", 200},
        {ECHO, "bearer a-token-of-length", 200},
        {ECHO, "Bearer  a-token-of-length ", 200},
        {ECHO, "Bearer the-next-one-there-is", 200},
        {ECHO, "Bearer a-token-of-lengtH", 401},
        {ECHO, "Bearer A-token-of-length", 401},
        {ECHO, "Bearer a-token-of-lengt", 401},
        {ECHO, "Bearer a-token-of-length1", 401},
        {ECHO, "Basic a-token-of-length", 401},
        {ECHO, "a-token-of-length", 401},
        {"/marquee.test.EchoService/Store", NULL, 200},
        {"/grpc.health.v1.Health/Check", NULL, 200},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct raw_reply reply;
        struct raw_request request = {
            .path = cases[i].path, .content_type = "application/json", .body = TEXT("{}")};
        if (cases[i].authorization != NULL) {
            request.headers[0] =
                (struct http_header){TEXT("authorization"), text_of(cases[i].authorization)};
        }
        raw_http1(fixture, &request, &reply);
        if (reply.status != cases[i].want) {
            fail_msg("case %zu: %d", i, (int)reply.status);
        }
        struct text want = cases[i].want == 401 ? TEXT("Bearer") : TEXT("");
        assert_true(text_equal(raw_header(&reply, "www-authenticate"), want));
    }
}

/* Over gRPC it is one block, as any failure before the first message. */
static void a_stranger_is_unauthenticated(struct grpc_fixture *fixture)
{
    char room[FRAME_BYTES_MAX];
    struct raw_reply reply;
    const struct raw_request request = {
        .path = ECHO, .content_type = "application/grpc", .body = frame_of(TEXT(""), room)};
    raw_http2(fixture, &request, &reply);
    assert_true(reply.headers_only);
    assert_true(text_equal(raw_header(&reply, "grpc-status"), TEXT("16")));
    assert_true(text_equal(raw_header(&reply, "grpc-message"), TEXT("a bearer token is needed")));
    assert_int_equal(fixture->server.echo.calls, 0);
}

static struct log log_file = {.level = LOG_DEBUG, .service = "test"};
static struct telemetry *counts;

static void configure_observers(struct grpc_fixture *fixture, struct grpc_server_options *options,
                                struct http_server_options *http)
{
    (void)fixture;
    (void)http;
    table[0] = grpc_log_calls(&log_file);
    table[1] = grpc_count_calls(counts);
    options->interceptors = table;
    options->interceptor_count = 2;
}

static void calls_are_logged_and_counted(struct grpc_fixture *fixture)
{
    CLEANUP(buffer_deinit) struct buffer page;
    char line[1024];
    int ends[2];
    char room[FRAME_BYTES_MAX];
    struct raw_reply reply;
    const struct raw_request request = {
        .path = ECHO, .content_type = "application/grpc", .body = frame_of(TEXT(""), room)};
    assert_int_equal(pipe(ends), 0);
    log_file.fd = ends[1];
    raw_http2(fixture, &request, &reply);
    ssize_t length = read(ends[0], line, sizeof(line) - 1);
    assert_true(length > 0);
    line[length] = '\0';
    assert_non_null(strstr(line, "method=\"" ECHO "\" protocol=\"grpc\" status=\"OK\""));
    assert_non_null(strstr(line, "received_bytes=5 sent_bytes=5"));
    buffer_init(&page, 1024 * 1024);
    assert_true(telemetry_write(counts, &page));
    assert_true(buffer_append(&page, (struct text){"", 1}));
    assert_non_null(strstr(page.data, "marquee_requests_total{protocol=\"grpc\",method=\"" ECHO
                                      "\",status=\"OK\"} 1\n"));
    close(ends[0]);
    close(ends[1]);
}

static void test_observers(void **state)
{
    (void)state;
    assert_int_equal(telemetry_create(1, &counts), STATUS_OK);
    grpc_fixture_run_with(calls_are_logged_and_counted, configure_observers);
    telemetry_destroy(counts);
}

static void the_table_is_bounded(void **state)
{
    struct grpc_server *server = NULL;
    struct grpc_server_options options = {.interceptors = table,
                                          .interceptor_count = GRPC_INTERCEPTORS_MAX};
    (void)state;
    assert_int_equal(grpc_server_create(&options, &server), STATUS_OK);
    grpc_server_destroy(server);
    options.interceptor_count++;
    assert_int_equal(grpc_server_create(&options, &server), STATUS_INVALID_ARGUMENT);
}

static void test_order(void **state)
{
    (void)state;
    grpc_fixture_run_with(they_are_asked_in_order, configure_witnesses);
    grpc_fixture_run_with(they_are_told_of_what_never_began, configure_witnesses);
}

static void test_bearer(void **state)
{
    struct arena arena;
    struct call call;
    (void)state;
    arena_init(&arena, ARENA_CHUNK_BYTES);
    call_init(&call, &arena, 0);
    assert_int_equal(access_tokens_create(&call,
                                          TEXT("a-token-of-length\nnext the-next-one-there-is\n"),
                                          &bearer.tokens),
                     STATUS_OK);
    grpc_fixture_run_with(a_bearer_must_know_a_token, configure_bearer);
    grpc_fixture_run_with(a_stranger_is_unauthenticated, configure_bearer);
    access_tokens_destroy(bearer.tokens);
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_bearer),
        cmocka_unit_test(test_observers),
        cmocka_unit_test(the_table_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
