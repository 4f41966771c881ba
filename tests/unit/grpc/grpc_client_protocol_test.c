/* What the client makes of replies that our own server would not give. */
#include "base/arena.h"
#include "grpc/grpc_stream.h"
#include "support/cmocka_test.h"
#include "unit/grpc/grpc_fixture.h"

enum { HEADERS_MAX = 5 };

/* A reply as a server gives it, word for word. */
struct canned_reply {
    int status; /* HTTP; 0: the stream is reset with `reset` */
    struct http_header headers[HEADERS_MAX];
    struct text body;
    struct http_header trailers[HEADERS_MAX];
    uint32_t reset;
};

struct canned_server {
    const struct canned_reply *reply;
    struct http_server *http;
    struct grpc_channel *channel;
    unsigned requests;
    unsigned refused_first; /* so many requests are refused before the reply is given */
};

static size_t count_headers(const struct http_header *headers)
{
    size_t count = 0;
    while (count < HEADERS_MAX && headers[count].name.length > 0) {
        count++;
    }
    return count;
}

static void serve(void *state, struct http_exchange *exchange)
{
    struct canned_server *server = state;
    const struct canned_reply *reply = server->reply;
    struct text body;
    server->requests++;
    if (server->requests <= server->refused_first) {
        http_abort(exchange, 0x7);
        return;
    }
    assert_int_equal(http_read_all(exchange, 1 << 20, &body), STATUS_OK);
    if (reply->status == 0) {
        http_abort(exchange, reply->reset);
        return;
    }
    http_reply_start(exchange, reply->status, reply->headers, count_headers(reply->headers));
    if (reply->body.data != NULL) {
        assert_int_equal(http_write(exchange, reply->body), STATUS_OK);
    }
    http_finish(exchange, reply->trailers, count_headers(reply->trailers));
}

static void open_server(struct grpc_fixture *fixture, struct canned_server *server)
{
    const struct http_server_options http = {.fallback = serve, .fallback_state = server};
    const struct grpc_channel_options options = {
        .pool = fixture->pool,
        .target = "canned",
        .message_bytes_max = FIXTURE_CHANNEL_MESSAGE_BYTES_MAX,
    };
    assert_int_equal(http_server_create(fixture->loop, &http, &server->http), STATUS_OK);
    assert_int_equal(
        grpc_channel_create_loopback(fixture->loop, server->http, &options, &server->channel),
        STATUS_OK);
}

static void close_server(struct canned_server *server)
{
    grpc_channel_destroy(server->channel);
    http_server_destroy(server->http);
}

#define GRPC_TYPE                                                                                  \
    {                                                                                              \
        TEXT_INIT("content-type"), TEXT_INIT("application/grpc")                                   \
    }
#define GRPC_STATUS(code)                                                                          \
    {                                                                                              \
        TEXT_INIT("grpc-status"), TEXT_INIT(code)                                                  \
    }
#define EMPTY_MESSAGE TEXT_INIT("\0\0\0\0\0")
#define REPLY(bytes, ...)                                                                          \
    {                                                                                              \
        .status = 200, .headers = {GRPC_TYPE}, .body = bytes, .trailers = { __VA_ARGS__ }          \
    }
#define TYPED_REPLY(type)                                                                          \
    {                                                                                              \
        .status = 200, .headers = {{TEXT_INIT("content-type"), TEXT_INIT(type)}},                  \
        .body = EMPTY_MESSAGE, .trailers = {                                                       \
            GRPC_STATUS("0")                                                                       \
        }                                                                                          \
    }
#define TRAILERS_ONLY(...)                                                                         \
    {                                                                                              \
        .status = 200, .headers = {GRPC_TYPE}, .trailers = { __VA_ARGS__ }                         \
    }
#define HTTP(code)                                                                                 \
    {                                                                                              \
        .status = code, .body = TEXT_INIT("words")                                                 \
    }
#define RESET(code)                                                                                \
    {                                                                                              \
        .reset = code                                                                              \
    }

static const struct {
    const char *name;
    struct canned_reply reply;
    enum status want;
} cases[] = {
    {"whole", REPLY(EMPTY_MESSAGE, GRPC_STATUS("0")), STATUS_OK},
    {"with a codec", TYPED_REPLY("application/grpc+proto;x=y"), STATUS_OK},
    {"another codec", TYPED_REPLY("application/grpc+json"), STATUS_INTERNAL},
    {"a web page", TYPED_REPLY("text/html"), STATUS_UNKNOWN},
    {"HTTP 400", HTTP(400), STATUS_INTERNAL},
    {"HTTP 401", HTTP(401), STATUS_UNAUTHENTICATED},
    {"HTTP 403", HTTP(403), STATUS_PERMISSION_DENIED},
    {"HTTP 404", HTTP(404), STATUS_UNIMPLEMENTED},
    {"HTTP 418", HTTP(418), STATUS_UNKNOWN},
    {"HTTP 429", HTTP(429), STATUS_UNAVAILABLE},
    {"HTTP 502", HTTP(502), STATUS_UNAVAILABLE},
    {"HTTP 503", HTTP(503), STATUS_UNAVAILABLE},
    {"HTTP 504", HTTP(504), STATUS_UNAVAILABLE},
    {"trailers only", TRAILERS_ONLY(GRPC_STATUS("9")), STATUS_FAILED_PRECONDITION},
    {"trailers only that say OK", TRAILERS_ONLY(GRPC_STATUS("0")), STATUS_UNIMPLEMENTED},
    {"an early status with a body behind it",
     {.status = 200,
      .headers = {GRPC_TYPE, GRPC_STATUS("9")},
      .body = EMPTY_MESSAGE,
      .trailers = {GRPC_STATUS("0")}},
     STATUS_OK},
    {"no status", {.status = 200, .headers = {GRPC_TYPE}, .body = EMPTY_MESSAGE}, STATUS_UNKNOWN},
    {"no status at all", {.status = 200, .headers = {GRPC_TYPE}}, STATUS_UNKNOWN},
    {"a status outside the table", REPLY(EMPTY_MESSAGE, GRPC_STATUS("99")), STATUS_UNKNOWN},
    {"a status that is no number", REPLY(EMPTY_MESSAGE, GRPC_STATUS("-1")), STATUS_UNKNOWN},
    {"two messages", REPLY(TEXT_INIT("\0\0\0\0\0\0\0\0\0\0"), GRPC_STATUS("0")),
     STATUS_UNIMPLEMENTED},
    {"a message and a failure", REPLY(EMPTY_MESSAGE, GRPC_STATUS("10")), STATUS_ABORTED},
    {"a message cut by a failure", REPLY(TEXT_INIT("\0\0\0\0\5ab"), GRPC_STATUS("10")),
     STATUS_ABORTED},
    {"a message cut short", REPLY(TEXT_INIT("\0\0\0\0\5ab"), GRPC_STATUS("0")), STATUS_INTERNAL},
    {"no protobuf", REPLY(TEXT_INIT("\0\0\0\0\1\x0a"), GRPC_STATUS("0")), STATUS_INTERNAL},
    {"bad UTF-8", REPLY(TEXT_INIT("\0\0\0\0\3\x0a\1\xff"), GRPC_STATUS("0")), STATUS_INTERNAL},
    {"too large", REPLY(TEXT_INIT("\0\0\2\0\1"), GRPC_STATUS("0")), STATUS_RESOURCE_EXHAUSTED},
    {"compressed without encoding", REPLY(TEXT_INIT("\1\0\0\0\1a"), GRPC_STATUS("0")),
     STATUS_INTERNAL},
    {"compressed by what was not offered",
     {.status = 200,
      .headers = {GRPC_TYPE, {TEXT_INIT("grpc-encoding"), TEXT_INIT("snappy")}},
      .body = TEXT_INIT("\1\0\0\0\1a"),
      .trailers = {GRPC_STATUS("0")}},
     STATUS_INTERNAL},
    {"reset with NO_ERROR", RESET(0x0), STATUS_INTERNAL},
    {"reset with PROTOCOL_ERROR", RESET(0x1), STATUS_INTERNAL},
    {"reset with INTERNAL_ERROR", RESET(0x2), STATUS_INTERNAL},
    {"reset with REFUSED_STREAM", RESET(0x7), STATUS_UNAVAILABLE},
    {"reset with CANCEL", RESET(0x8), STATUS_CANCELLED},
    {"reset with ENHANCE_YOUR_CALM", RESET(0xb), STATUS_RESOURCE_EXHAUSTED},
    {"reset with INADEQUATE_SECURITY", RESET(0xc), STATUS_PERMISSION_DENIED},
};

static void replies_become_statuses(struct grpc_fixture *fixture)
{
    struct canned_server server = {.requests = 0};
    open_server(fixture, &server);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
        ProtobufCMessage *response = NULL;
        struct call call = grpc_fixture_call(fixture, 0);
        server.reply = &cases[i].reply;
        enum status status = grpc_call_unary(server.channel, &call, "/x", NULL, &request.base,
                                             &marquee__test__echo_response__descriptor, &response);
        if (status != cases[i].want || (response != NULL) != (status == STATUS_OK)) {
            fail_msg("%s: %s: %.*s", cases[i].name, status_name(status),
                     TEXT_ARGUMENTS(call.error.message));
        }
        assert_int_equal(call.error.message.length > 0, status != STATUS_OK);
    }
    close_server(&server);
}
FIXTURE_LOOPBACK_TEST(replies_become_statuses)

/* What nobody has processed is tried again, once; everything else is not. */
static void only_refused_calls_are_repeated(struct grpc_fixture *fixture)
{
    static const struct canned_reply refused = RESET(0x7);
    static const struct canned_reply internal = TRAILERS_ONLY(GRPC_STATUS("13"));
    static const struct canned_reply unavailable = TRAILERS_ONLY(GRPC_STATUS("14"));
    static const struct canned_reply never =
        TRAILERS_ONLY(GRPC_STATUS("14"), {TEXT_INIT("grpc-retry-pushback-ms"), TEXT_INIT("-1")});
    static const struct canned_reply soon =
        TRAILERS_ONLY(GRPC_STATUS("14"), {TEXT_INIT("grpc-retry-pushback-ms"), TEXT_INIT("1")});
    static const struct {
        const char *name;
        const struct canned_reply *reply;
        bool idempotent;
        unsigned want;
    } attempts[] = {
        {"refused", &refused, false, 2},
        {"refused, idempotent", &refused, true, 1 + GRPC_ATTEMPTS_MAX},
        {"unavailable", &unavailable, false, 1},
        {"unavailable, idempotent", &unavailable, true, GRPC_ATTEMPTS_MAX},
        {"told never", &never, true, 1},
        {"told soon", &soon, true, GRPC_ATTEMPTS_MAX},
        {"internal, idempotent", &internal, true, 1},
    };
    struct canned_server server = {.requests = 0};
    open_server(fixture, &server);
    for (size_t i = 0; i < ARRAY_LENGTH(attempts); i++) {
        const struct grpc_call_options options = {.idempotent = attempts[i].idempotent};
        Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
        ProtobufCMessage *response = NULL;
        struct call call = grpc_fixture_call(fixture, 0);
        server.reply = attempts[i].reply;
        server.requests = 0;
        assert_int_not_equal(grpc_call_unary(server.channel, &call, "/x", &options, &request.base,
                                             &marquee__test__echo_response__descriptor, &response),
                             STATUS_OK);
        if (server.requests != attempts[i].want) {
            fail_msg("%s: %u attempts", attempts[i].name, server.requests);
        }
    }
    close_server(&server);
}
FIXTURE_LOOPBACK_TEST(only_refused_calls_are_repeated)

/* A stream is repeated too, with all that was sent. */
static void a_refused_stream_is_repeated(struct grpc_fixture *fixture)
{
    static const struct canned_reply reply = REPLY(EMPTY_MESSAGE, GRPC_STATUS("0"));
    static const struct {
        unsigned messages;
        unsigned refused;
        enum status want;
    } streams[] = {
        {0, 1, STATUS_OK},
        {1, 1, STATUS_OK},
        {2, 1, STATUS_OK},
        {1, 2, STATUS_UNAVAILABLE},
    };
    struct canned_server server = {.reply = &reply};
    open_server(fixture, &server);
    for (size_t i = 0; i < ARRAY_LENGTH(streams); i++) {
        Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
        ProtobufCMessage *message = NULL;
        struct grpc_stream *stream;
        struct call call = grpc_fixture_call(fixture, 0);
        server.requests = 0;
        server.refused_first = streams[i].refused;
        assert_int_equal(grpc_client_open(server.channel, &call, "/x", NULL,
                                          &marquee__test__echo_response__descriptor, &stream),
                         STATUS_OK);
        for (unsigned j = 0; j < streams[i].messages; j++) {
            assert_int_equal(grpc_send(stream, &request.base), STATUS_OK);
        }
        assert_int_equal(grpc_client_close_send(stream), STATUS_OK);
        assert_int_equal(grpc_receive(stream, &message), STATUS_OK);
        assert_int_equal(message != NULL, streams[i].want == STATUS_OK);
        if (message != NULL) {
            assert_int_equal(grpc_receive(stream, &message), STATUS_OK);
            assert_null(message);
        }
        assert_int_equal(grpc_client_finish(stream), streams[i].want);
    }
    close_server(&server);
}
FIXTURE_LOOPBACK_TEST(a_refused_stream_is_repeated)

/* The one reply of a client's stream counts only with the status OK. */
static void a_failed_call_has_no_reply(struct grpc_fixture *fixture)
{
    static const struct canned_reply reply = REPLY(EMPTY_MESSAGE, GRPC_STATUS("9"));
    static const struct grpc_call_options options = {.one_reply = true};
    struct canned_server server = {.reply = &reply};
    ProtobufCMessage *message = NULL;
    struct grpc_stream *stream;
    open_server(fixture, &server);
    assert_int_equal(grpc_client_open(server.channel, &fixture->call, "/x", &options,
                                      &marquee__test__echo_response__descriptor, &stream),
                     STATUS_OK);
    assert_int_equal(grpc_client_close_send(stream), STATUS_OK);
    assert_int_equal(grpc_receive(stream, &message), STATUS_OK);
    assert_null(message);
    assert_int_equal(grpc_client_finish(stream), STATUS_FAILED_PRECONDITION);
    close_server(&server);
}
FIXTURE_LOOPBACK_TEST(a_failed_call_has_no_reply)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_become_statuses_loopback),
        cmocka_unit_test(only_refused_calls_are_repeated_loopback),
        cmocka_unit_test(a_refused_stream_is_repeated_loopback),
        cmocka_unit_test(a_failed_call_has_no_reply_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
