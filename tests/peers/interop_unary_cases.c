/* The cases of single calls. */
#include "base/clock.h"
#include "loop/fiber.h"
#include "peers/interop_client.h"

enum status interop_unary(struct interop *self, struct call *call,
                          const struct grpc_call_options *options,
                          Grpc__Testing__SimpleRequest *request,
                          Grpc__Testing__SimpleResponse **ret_response)
{
    ProtobufCMessage *message = NULL;
    enum status status =
        grpc_call_unary(self->channel, call, TEST_SERVICE "UnaryCall", options, &request->base,
                        &grpc__testing__simple_response__descriptor, &message);
    if (status != STATUS_OK) {
        return status;
    }
    Grpc__Testing__SimpleResponse *response = (Grpc__Testing__SimpleResponse *)message;
    size_t bytes = response->payload != NULL ? response->payload->body.len : 0;
    if (bytes != (size_t)request->response_size) {
        interop_fail(self, "a reply of %zu bytes, not %d", bytes, request->response_size);
    }
    if (ret_response != NULL) {
        *ret_response = response;
    }
    return STATUS_OK;
}

enum status interop_large_unary(struct interop *self, struct grpc_channel *channel)
{
    struct interop own = *self;
    own.channel = channel;
    arena_init(&own.arena, 8 * 1024 * 1024);
    own.call.arena = &own.arena;
    own.call.error = (struct call_error){0};
    Grpc__Testing__SimpleRequest request = GRPC__TESTING__SIMPLE_REQUEST__INIT;
    request.response_size = LARGE_RESPONSE_BYTES;
    request.payload = interop_payload(&own, LARGE_REQUEST_BYTES);
    enum status status = interop_unary(&own, &own.call, NULL, &request, NULL);
    arena_deinit(&own.arena);
    return status;
}

static void empty_unary(struct interop *self)
{
    Grpc__Testing__Empty request = GRPC__TESTING__EMPTY__INIT;
    ProtobufCMessage *response;
    enum status status =
        grpc_call_unary(self->channel, &self->call, TEST_SERVICE "EmptyCall", NULL, &request.base,
                        &grpc__testing__empty__descriptor, &response);
    interop_expect(self, &self->call, status, STATUS_OK);
    if (protobuf_c_message_get_packed_size(response) != 0) {
        interop_fail(self, "the reply is not empty");
    }
}

static void large_unary(struct interop *self)
{
    interop_expect(self, &self->call, interop_large_unary(self, self->channel), STATUS_OK);
}

static void expect_failure(struct interop *self, const char *words)
{
    Grpc__Testing__EchoStatus echo = GRPC__TESTING__ECHO_STATUS__INIT;
    Grpc__Testing__SimpleRequest request = GRPC__TESTING__SIMPLE_REQUEST__INIT;
    echo.code = STATUS_UNKNOWN;
    echo.message = proto_bytes(text_of(words));
    request.response_status = &echo;
    interop_expect(self, &self->call, interop_unary(self, &self->call, NULL, &request, NULL),
                   STATUS_UNKNOWN);
    if (!text_equal(self->call.error.message, text_of(words))) {
        interop_fail(self, "the message is '%.*s'", TEXT_ARGUMENTS(self->call.error.message));
    }
}

static void special_status_message(struct interop *self)
{
    expect_failure(self, "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP "
                         "\U0001F608\t\n");
}

/* The streaming half: the status comes at the end, not instead of it. */
static void status_code_and_message(struct interop *self)
{
    static const char words[] = "test status message";
    expect_failure(self, words);
    call_clear_error(&self->call);
    Grpc__Testing__EchoStatus echo = GRPC__TESTING__ECHO_STATUS__INIT;
    Grpc__Testing__StreamingOutputCallRequest request =
        GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
    echo.code = STATUS_UNKNOWN;
    echo.message = proto_bytes(text_of(words));
    request.response_status = &echo;
    struct grpc_stream *stream =
        interop_open(self, TEST_SERVICE "FullDuplexCall", NULL,
                     &grpc__testing__streaming_output_call_response__descriptor);
    interop_send(self, stream, &request.base);
    interop_expect(self, &self->call, grpc_client_close_send(stream), STATUS_OK);
    interop_receive_end(self, stream);
    interop_expect(self, &self->call, grpc_client_finish(stream), STATUS_UNKNOWN);
    if (!text_equal(self->call.error.message, text_of(words))) {
        interop_fail(self, "the message is '%.*s'", TEXT_ARGUMENTS(self->call.error.message));
    }
}

static void expect_unimplemented(struct interop *self, const char *path)
{
    Grpc__Testing__Empty request = GRPC__TESTING__EMPTY__INIT;
    ProtobufCMessage *response;
    enum status status = grpc_call_unary(self->channel, &self->call, path, NULL, &request.base,
                                         &grpc__testing__empty__descriptor, &response);
    interop_expect(self, &self->call, status, STATUS_UNIMPLEMENTED);
}

static void unimplemented_method(struct interop *self)
{
    expect_unimplemented(self, TEST_SERVICE "UnimplementedCall");
}

static void unimplemented_service(struct interop *self)
{
    expect_unimplemented(self, "/grpc.testing.UnimplementedService/UnimplementedCall");
}

static void pick_first_unary(struct interop *self)
{
    Grpc__Testing__SimpleRequest request = GRPC__TESTING__SIMPLE_REQUEST__INIT;
    struct text first = {NULL, 0};
    request.response_size = 1;
    request.payload = interop_payload(self, 1);
    request.fill_server_id = true;
    for (int i = 0; i < 100; i++) {
        Grpc__Testing__SimpleResponse *response;
        interop_expect(self, &self->call,
                       interop_unary(self, &self->call, NULL, &request, &response), STATUS_OK);
        struct text id = proto_text(response->server_id);
        first = i == 0 ? id : first;
        if (id.length == 0 || !text_equal(id, first)) {
            interop_fail(self, "call %d was answered by '%.*s'", i, TEXT_ARGUMENTS(id));
        }
    }
}

/* A stalled machine can take a second for one. */
enum { SOAK_ITERATIONS = 100, SOAK_LATENCY_MAX_MS = 5000 };

static void soak(struct interop *self, bool new_channels)
{
    for (int i = 0; i < SOAK_ITERATIONS; i++) {
        struct grpc_channel *channel = new_channels ? interop_channel(self) : self->channel;
        int64_t started_ns = clock_monotonic_ns();
        interop_expect(self, &self->call, interop_large_unary(self, channel), STATUS_OK);
        int64_t took_ms = (clock_monotonic_ns() - started_ns) / CLOCK_NS_PER_MS;
        if (took_ms > SOAK_LATENCY_MAX_MS) {
            interop_fail(self, "call %d took %d ms", i, (int)took_ms);
        }
        if (new_channels) {
            grpc_channel_destroy(channel);
        }
    }
}

static void rpc_soak(struct interop *self)
{
    soak(self, false);
}

static void channel_soak(struct interop *self)
{
    soak(self, true);
}

const struct interop_case interop_unary_cases[] = {
    {"empty_unary", empty_unary},
    {"large_unary", large_unary},
    {"status_code_and_message", status_code_and_message},
    {"special_status_message", special_status_message},
    {"unimplemented_method", unimplemented_method},
    {"unimplemented_service", unimplemented_service},
    {"pick_first_unary", pick_first_unary},
    {"rpc_soak", rpc_soak},
    {"channel_soak", channel_soak},
    {NULL, NULL},
};
