#include "unit/grpc/grpc_script.h"

#include "base/clock.h"
#include "support/cmocka_test.h"

static const struct http_header type = {TEXT_INIT("content-type"), TEXT_INIT("application/grpc")};

static void answer_status(struct http_exchange *exchange, const char *code, struct text pushback)
{
    const struct http_header trailers[] = {
        {TEXT("grpc-status"), text_of(code)},
        {TEXT("grpc-retry-pushback-ms"), pushback},
    };
    http_finish(exchange, trailers, pushback.length > 0 ? 2 : 1);
}

static void serve(void *state, struct http_exchange *exchange)
{
    struct script *script = state;
    struct text body;
    struct text none = {NULL, 0};
    assert_true(script->requests < REQUESTS_MAX);
    const struct http_request *request = http_exchange_request(exchange);
    struct text previous = http_header_find(request->headers, request->header_count,
                                            TEXT("grpc-previous-rpc-attempts"));
    assert_true(text_to_c_string(previous, script->previous[script->requests], PREVIOUS_BYTES));
    size_t place = script->requests < script->count ? script->requests : script->count - 1;
    script->requests++;
    if (script->answers[place] == ANSWER_REFUSED) {
        http_abort(exchange, 0x7);
        return;
    }
    assert_int_equal(http_read_all(exchange, 1 << 20, &body), STATUS_OK);
    if (script->answers[place] == ANSWER_NONE) {
        assert_int_equal(fiber_sleep(http_exchange_call(exchange), 3600 * CLOCK_NS_PER_S),
                         STATUS_CANCELLED);
        script->cancelled++;
        http_abort(exchange, 0x8);
        return;
    }
    script->body_bytes = body.length;
    http_reply_start(exchange, 200, &type, 1);
    switch (script->answers[place]) {
    case ANSWER_OK:
        assert_int_equal(http_write(exchange, TEXT("\0\0\0\0\0")), STATUS_OK);
        answer_status(exchange, "0", none);
        break;
    case ANSWER_ABORTED:
        answer_status(exchange, "10", none);
        break;
    case ANSWER_INTERNAL:
        answer_status(exchange, "13", none);
        break;
    case ANSWER_HEADERS_FIRST:
        assert_int_equal(http_write(exchange, TEXT("\0\0\0\0\0")), STATUS_OK);
        answer_status(exchange, "14", none);
        break;
    case ANSWER_UNAVAILABLE:
    case ANSWER_PUSHBACK:
    case ANSWER_REFUSED:
    case ANSWER_NONE:
    default:
        answer_status(exchange, "14",
                      script->answers[place] == ANSWER_PUSHBACK ? script->pushback : none);
        break;
    }
    script->answered++;
}

void script_open(struct grpc_fixture *fixture, struct script *script,
                 const struct grpc_channel_options *options)
{
    const struct http_server_options http = {.fallback = serve, .fallback_state = script};
    assert_int_equal(http_server_create(fixture->loop, &http, &script->http), STATUS_OK);
    assert_int_equal(
        grpc_channel_create_loopback(fixture->loop, script->http, options, &script->channel),
        STATUS_OK);
}

void script_close(struct script *script)
{
    grpc_channel_destroy(script->channel);
    http_server_destroy(script->http);
}

enum status script_call(struct script *script, struct call *call,
                        const struct grpc_call_options *options)
{
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    ProtobufCMessage *response = NULL;
    script->requests = 0;
    script->cancelled = 0;
    enum status status =
        grpc_call_unary(script->channel, call, script->path != NULL ? script->path : "/x", options,
                        &request.base, &marquee__test__echo_response__descriptor, &response);
    assert_int_equal(response != NULL, status == STATUS_OK);
    assert_int_equal(call->error.message.length > 0, status != STATUS_OK);
    return status;
}
