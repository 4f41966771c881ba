/* Unary calls that are answered as they were at first, over each protocol. */
#include "grpc/grpc_server.h"

#include "base/arena.h"
#include "grpc/grpc_frame.h"
#include "idempotency/idempotency.h"
#include "support/cmocka_test.h"
#include "unit/grpc/raw_client.h"

#define ECHO "/marquee.test.EchoService/Echo"
#define STORE "/marquee.test.EchoService/Store"

enum { WINDOW_MS = 60000, FRAME_BYTES_MAX = 256 };

static struct idempotency_store *store;

static void configure(struct grpc_fixture *fixture, struct grpc_server_options *options,
                      struct http_server_options *http)
{
    (void)fixture;
    (void)http;
    options->idempotency = store;
}

static void run_with_store(void (*body)(struct grpc_fixture *fixture))
{
    assert_int_equal(idempotency_store_create(WINDOW_MS, &store), STATUS_OK);
    grpc_fixture_run_with(body, configure);
    idempotency_store_destroy(store);
}

#define STORE_TEST(name)                                                                           \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        run_with_store(name);                                                                      \
    }

/* How a message of the same content looks. */
enum form { GRPC_PROTO, GRPC_JSON, WEB_PROTO, CONNECT_PROTO, CONNECT_JSON, FORMS };

static const char *const types[FORMS] = {
    "application/grpc",  "application/grpc+json", "application/grpc-web",
    "application/proto", "application/json",
};

static bool is_framed(enum form form)
{
    return form != CONNECT_PROTO && form != CONNECT_JSON;
}

static bool is_json(enum form form)
{
    return form == GRPC_JSON || form == CONNECT_JSON;
}

static struct text framed(struct grpc_fixture *fixture, struct text bytes)
{
    char *frame = arena_alloc(&fixture->arena, GRPC_FRAME_PREFIX_BYTES + bytes.length);
    assert_non_null(frame);
    grpc_frame_prefix(false, bytes.length, frame);
    memcpy(frame + GRPC_FRAME_PREFIX_BYTES, bytes.data, bytes.length);
    return text_of_bytes(frame, GRPC_FRAME_PREFIX_BYTES + bytes.length);
}

/* A request with a key; proto and json are the same message. */
static struct raw_request request_of(struct grpc_fixture *fixture, enum form form, const char *path,
                                     const char *key, struct text proto, struct text json)
{
    struct text bytes = is_json(form) ? json : proto;
    struct raw_request request = {
        .path = path,
        .content_type = types[form],
        .body = is_framed(form) ? framed(fixture, bytes) : bytes,
    };
    request.headers[0] = (struct http_header){TEXT("idempotency-key"), text_of(key)};
    return request;
}

#define HELLO_PROTO TEXT("\x0a\x05hello\x10\x03")
#define HELLO_JSON TEXT("{ \"count\": 3, \"text\": \"hello\" }")

static struct raw_request hello(struct grpc_fixture *fixture, enum form form, const char *key)
{
    struct raw_request request = request_of(fixture, form, STORE, key, HELLO_PROTO, HELLO_JSON);
    request.headers[1] = (struct http_header){TEXT("x-echo"), TEXT("beside")};
    request.headers[2] = (struct http_header){TEXT("x-echo-bin"), TEXT("AQID")};
    return request;
}

static struct text header_or_trailer(const struct raw_reply *reply, const char *name)
{
    struct text found = raw_header(reply, name);
    return found.data != NULL
               ? found
               : http_header_find(reply->trailers, reply->trailer_count, text_of(name));
}

static bool is_replayed(const struct raw_reply *reply)
{
    return text_equal(header_or_trailer(reply, IDEMPOTENCY_REPLAYED_HEADER), TEXT("true"));
}

static void calls_are_done_once(struct grpc_fixture *fixture)
{
    static const char *const keys[FORMS] = {"a", "b", "c", "d", "e"};
    for (enum form form = GRPC_PROTO; form < FORMS; form++) {
        struct raw_reply first;
        struct raw_reply again;
        struct raw_request request = hello(fixture, form, keys[form]);
        raw_http2(fixture, &request, &first);
        raw_http2(fixture, &request, &again);
        assert_int_equal(fixture->server.echo.calls, form + 1);
        assert_false(is_replayed(&first));
        assert_true(is_replayed(&again));
        assert_int_equal(again.status, first.status);
        assert_true(text_equal(again.body, first.body));
        assert_true(text_equal(raw_header(&again, "x-echo"), TEXT("beside")));
        assert_true(text_equal(header_or_trailer(&again, "x-echo-bin"),
                               header_or_trailer(&first, "x-echo-bin")));
        assert_true(text_equal(header_or_trailer(&again, "grpc-status"),
                               header_or_trailer(&first, "grpc-status")));
    }
}
STORE_TEST(calls_are_done_once)

/* It is the message that counts, not how it came. */
static void protocols_are_one(struct grpc_fixture *fixture)
{
    for (enum form form = GRPC_PROTO; form < FORMS; form++) {
        struct raw_reply reply;
        struct raw_request request = hello(fixture, form, "k");
        raw_http2(fixture, &request, &reply);
        assert_int_equal(reply.status, 200);
        assert_int_equal(is_replayed(&reply), form != GRPC_PROTO);
        struct raw_request alone = {
            .path = STORE, .content_type = request.content_type, .body = request.body};
        struct raw_reply plain;
        raw_http2(fixture, &alone, &plain); /* without a key: done each time */
        assert_true(text_equal(plain.body, reply.body) || form == WEB_PROTO);
    }
    assert_int_equal(fixture->server.echo.calls, 1 + FORMS);
}
STORE_TEST(protocols_are_one)

/* With the words, and the details. plan.failure = {code, message, detail} */
static void failures_are_kept(struct grpc_fixture *fixture)
{
    static const struct {
        const char *json;
        const char *grpc_status;
        bool is_kept;
    } cases[] = {
        {"{\"plan\":{\"failure\":{\"code\":5,\"message\":\"no such "
         "thing\",\"detail\":\"cGFydA==\"}}}",
         "5", true},
        {"{\"plan\":{\"failure\":{\"code\":9,\"message\":\"not so\"}}}", "9", true},
        {"{\"plan\":{\"failure\":{\"code\":13}}}", "13", true},
        {"{\"plan\":{\"failure\":{\"code\":1}}}", "1", false},
        {"{\"plan\":{\"failure\":{\"code\":4}}}", "4", false},
        {"{\"plan\":{\"failure\":{\"code\":8}}}", "8", false},
        {"{\"plan\":{\"failure\":{\"code\":10}}}", "10", false},
        {"{\"plan\":{\"failure\":{\"code\":14,\"message\":\"away\"}}}", "14", false},
    };
    static const char *const names[] = {"grpc-status", "grpc-message", "grpc-status-details-bin"};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text key = arena_format(&fixture->arena, "k%zu", i);
        struct raw_request request = request_of(fixture, GRPC_JSON, STORE, key.data,
                                                (struct text){NULL, 0}, text_of(cases[i].json));
        struct raw_reply first;
        struct raw_reply again;
        unsigned before = fixture->server.echo.calls;
        raw_http2(fixture, &request, &first);
        raw_http2(fixture, &request, &again);
        assert_int_equal(fixture->server.echo.calls - before, cases[i].is_kept ? 1 : 2);
        assert_int_equal(is_replayed(&again), cases[i].is_kept);
        assert_true(
            text_equal(header_or_trailer(&again, "grpc-status"), text_of(cases[i].grpc_status)));
        for (size_t name = 0; name < ARRAY_LENGTH(names); name++) {
            assert_true(text_equal(header_or_trailer(&again, names[name]),
                                   header_or_trailer(&first, names[name])));
        }
    }
}
STORE_TEST(failures_are_kept)

static void expect_refusal(struct grpc_fixture *fixture, const struct raw_request *request,
                           const char *grpc_status, const char *message)
{
    struct raw_reply reply;
    unsigned before = fixture->server.echo.calls;
    raw_http2(fixture, request, &reply);
    assert_int_equal(fixture->server.echo.calls, before);
    assert_true(text_equal(header_or_trailer(&reply, "grpc-status"), text_of(grpc_status)));
    assert_true(text_equal(header_or_trailer(&reply, "grpc-message"), text_of(message)));
}

static void mistakes_are_told(struct grpc_fixture *fixture)
{
    static const char *const malformed[] = {"", "a b", "\"a", "a,b"};
    struct raw_reply reply;
    struct raw_request request = hello(fixture, GRPC_PROTO, "k");
    raw_http2(fixture, &request, &reply);
    struct raw_request other =
        request_of(fixture, GRPC_PROTO, STORE, "k", TEXT("\x10\x04"), (struct text){NULL, 0});
    expect_refusal(fixture, &other, "9", "the idempotency key was used for another request");
    for (size_t i = 0; i < ARRAY_LENGTH(malformed); i++) {
        struct raw_request wrong = hello(fixture, GRPC_PROTO, malformed[i]);
        expect_refusal(fixture, &wrong, "3",
                       "idempotency-key must be one string of 1 to 255 characters");
    }
    struct raw_request twice = hello(fixture, GRPC_PROTO, "k");
    twice.headers[3] = (struct http_header){TEXT("idempotency-key"), TEXT("k")};
    expect_refusal(fixture, &twice, "3",
                   "idempotency-key must be one string of 1 to 255 characters");
    /* Connect's status is what its code says. */
    struct raw_request json = request_of(fixture, CONNECT_JSON, STORE, "k", (struct text){NULL, 0},
                                         TEXT("{\"count\":4}"));
    raw_http1(fixture, &json, &reply);
    assert_int_equal(reply.status, 400);
    assert_true(text_equal(reply.body, TEXT("{\"code\":\"failed_precondition\",\"message\":\"the "
                                            "idempotency key was used for another request\"}")));
}
STORE_TEST(mistakes_are_told)

static void reads_ignore_keys(struct grpc_fixture *fixture)
{
    struct raw_reply reply;
    struct raw_request request =
        request_of(fixture, GRPC_PROTO, ECHO, "k", HELLO_PROTO, HELLO_JSON);
    struct raw_request malformed =
        request_of(fixture, CONNECT_JSON, ECHO, "a b", HELLO_PROTO, HELLO_JSON);
    raw_http2(fixture, &request, &reply);
    raw_http2(fixture, &request, &reply);
    assert_false(is_replayed(&reply));
    raw_http1(fixture, &malformed, &reply);
    assert_int_equal(reply.status, 200);
    assert_int_equal(fixture->server.echo.calls, 3);
}
STORE_TEST(reads_ignore_keys)

/* What is kept of a call that went well: its head, three lengths, the message with its tag. */
enum { BESIDE_BYTES = 128, FITS_BYTES = IDEMPOTENCY_REPLY_BYTES_MAX - BESIDE_BYTES };

static void store_large(struct grpc_fixture *fixture, const char *key, size_t text_bytes,
                        const char *want_again)
{
    struct raw_reply reply;
    char *text = arena_alloc(&fixture->arena, text_bytes);
    assert_non_null(text);
    memset(text, 'x', text_bytes);
    struct text json = arena_format(&fixture->arena, "{\"text\":\"%.*s\"}", (int)text_bytes, text);
    struct raw_request request =
        request_of(fixture, GRPC_JSON, STORE, key, (struct text){NULL, 0}, json);
    unsigned before = fixture->server.echo.calls;
    raw_http2(fixture, &request, &reply);
    assert_true(text_equal(header_or_trailer(&reply, "grpc-status"), TEXT("0")));
    raw_http2(fixture, &request, &reply);
    assert_true(text_equal(header_or_trailer(&reply, "grpc-status"), text_of(want_again)));
    assert_int_equal(fixture->server.echo.calls - before, 1);
}

static void large_replies_are_not_kept(struct grpc_fixture *fixture)
{
    store_large(fixture, "fits", FITS_BYTES, "0");
    store_large(fixture, "large", IDEMPOTENCY_REPLY_BYTES_MAX - 16, "6");
}
STORE_TEST(large_replies_are_not_kept)

struct left_call {
    struct grpc_fixture *fixture;
    struct cancellation cancellation;
    enum status status;
    bool has_ended;
};

/* Until it is cancelled: its handler would wait longer than the test may take. */
static void call_and_leave(void *argument)
{
    static const struct grpc_metadata key = {TEXT_INIT("idempotency-key"), TEXT_INIT("k")};
    struct left_call *left = argument;
    struct call call = grpc_fixture_call(left->fixture, 0);
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    Marquee__Test__EchoPlan plan = MARQUEE__TEST__ECHO_PLAN__INIT;
    ProtobufCMessage *response;
    const struct grpc_call_options options = {.metadata = &key, .metadata_count = 1};
    plan.delay_ms = INT64_C(3600000);
    request.plan = &plan;
    call.cancellation = &left->cancellation;
    left->status = grpc_call_unary(left->fixture->channel, &call, STORE, &options, &request.base,
                                   &marquee__test__echo_response__descriptor, &response);
    left->has_ended = true;
}

static void what_is_under_way_is_told(struct grpc_fixture *fixture)
{
    struct left_call left = {.fixture = fixture};
    struct raw_reply reply;
    struct text json = TEXT("{\"plan\":{\"delayMs\":3600000}}");
    cancellation_init(&left.cancellation);
    assert_int_equal(fiber_start(fixture->loop, call_and_leave, &left), STATUS_OK);
    grpc_fixture_await(fixture, &fixture->server.echo.running, 1);
    struct raw_request again =
        request_of(fixture, GRPC_JSON, STORE, "k", (struct text){NULL, 0}, json);
    raw_http2(fixture, &again, &reply);
    assert_true(text_equal(header_or_trailer(&reply, "grpc-status"), TEXT("10")));
    assert_true(text_equal(header_or_trailer(&reply, "grpc-retry-pushback-ms"), TEXT("1000")));
    struct raw_request connect =
        request_of(fixture, CONNECT_JSON, STORE, "k", (struct text){NULL, 0}, json);
    raw_http1(fixture, &connect, &reply);
    assert_int_equal(reply.status, 409);
    assert_true(text_equal(raw_header(&reply, "retry-after"), TEXT("1")));
    /* It goes on without who began it. */
    cancellation_request(&left.cancellation);
    while (!left.has_ended) {
        fiber_yield();
    }
    assert_int_equal(left.status, STATUS_CANCELLED);
    raw_http2(fixture, &again, &reply);
    assert_true(text_equal(header_or_trailer(&reply, "grpc-status"), TEXT("10")));
    assert_int_equal(fixture->server.echo.calls, 1);
    assert_int_equal(fixture->server.echo.cancelled, 0);
    /* What is left of it ends with the server. */
}
STORE_TEST(what_is_under_way_is_told)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls_are_done_once),
        cmocka_unit_test(test_protocols_are_one),
        cmocka_unit_test(test_failures_are_kept),
        cmocka_unit_test(test_mistakes_are_told),
        cmocka_unit_test(test_reads_ignore_keys),
        cmocka_unit_test(test_large_replies_are_not_kept),
        cmocka_unit_test(test_what_is_under_way_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
