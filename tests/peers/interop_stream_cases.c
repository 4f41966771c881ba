/* The cases of streams, and of metadata. */
#include "peers/interop_client.h"

static const size_t request_bytes[] = {27182, 8, 1828, 45904};
static const size_t reply_bytes[] = {31415, 9, 2653, 58979};

struct grpc_stream *interop_open(struct interop *self, const char *path,
                                 const struct grpc_call_options *options,
                                 const ProtobufCMessageDescriptor *response_type)
{
    struct grpc_stream *stream;
    interop_expect(
        self, &self->call,
        grpc_client_open(self->channel, &self->call, path, options, response_type, &stream),
        STATUS_OK);
    return stream;
}

void interop_send(struct interop *self, struct grpc_stream *stream, const ProtobufCMessage *message)
{
    interop_expect(self, &self->call, grpc_send(stream, message), STATUS_OK);
}

const ProtobufCMessage *interop_receive(struct interop *self, struct grpc_stream *stream)
{
    ProtobufCMessage *message = NULL;
    interop_expect(self, &self->call, grpc_receive(stream, &message), STATUS_OK);
    if (message == NULL) {
        enum status status = grpc_client_finish(stream);
        interop_fail(self, "the stream has ended: %s: %.*s", status_name(status),
                     TEXT_ARGUMENTS(self->call.error.message));
    }
    return message;
}

void interop_receive_end(struct interop *self, struct grpc_stream *stream)
{
    ProtobufCMessage *message = NULL;
    interop_expect(self, &self->call, grpc_receive(stream, &message), STATUS_OK);
    if (message != NULL) {
        interop_fail(self, "a message where the end was expected");
    }
}

void interop_send_output_request(struct interop *self, struct grpc_stream *stream,
                                 size_t request_size, size_t reply_size)
{
    Grpc__Testing__ResponseParameters parameters = GRPC__TESTING__RESPONSE_PARAMETERS__INIT;
    Grpc__Testing__ResponseParameters *all[] = {&parameters};
    Grpc__Testing__StreamingOutputCallRequest request =
        GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
    parameters.size = (int32_t)reply_size;
    request.response_parameters = all;
    request.n_response_parameters = 1;
    request.payload = interop_payload(self, request_size);
    interop_send(self, stream, &request.base);
}

void interop_receive_output(struct interop *self, struct grpc_stream *stream, size_t bytes)
{
    const Grpc__Testing__StreamingOutputCallResponse *reply =
        (const Grpc__Testing__StreamingOutputCallResponse *)interop_receive(self, stream);
    size_t length = reply->payload != NULL ? reply->payload->body.len : 0;
    if (length != bytes) {
        interop_fail(self, "a reply of %zu bytes, not %zu", length, bytes);
    }
}

static struct grpc_stream *open_duplex(struct interop *self,
                                       const struct grpc_call_options *options)
{
    return interop_open(self, TEST_SERVICE "FullDuplexCall", options,
                        &grpc__testing__streaming_output_call_response__descriptor);
}

static void finish(struct interop *self, struct grpc_stream *stream, enum status wanted)
{
    interop_expect(self, &self->call, grpc_client_finish(stream), wanted);
}

static void client_streaming(struct interop *self)
{
    const struct grpc_call_options options = {.one_reply = true};
    struct grpc_stream *stream =
        interop_open(self, TEST_SERVICE "StreamingInputCall", &options,
                     &grpc__testing__streaming_input_call_response__descriptor);
    for (size_t i = 0; i < ARRAY_LENGTH(request_bytes); i++) {
        Grpc__Testing__StreamingInputCallRequest request =
            GRPC__TESTING__STREAMING_INPUT_CALL_REQUEST__INIT;
        request.payload = interop_payload(self, request_bytes[i]);
        interop_send(self, stream, &request.base);
    }
    interop_expect(self, &self->call, grpc_client_close_send(stream), STATUS_OK);
    const Grpc__Testing__StreamingInputCallResponse *reply =
        (const Grpc__Testing__StreamingInputCallResponse *)interop_receive(self, stream);
    if (reply->aggregated_payload_size != 74922) {
        interop_fail(self, "the sum is %d", reply->aggregated_payload_size);
    }
    finish(self, stream, STATUS_OK);
}

static void server_streaming(struct interop *self)
{
    Grpc__Testing__ResponseParameters parameters[ARRAY_LENGTH(reply_bytes)];
    Grpc__Testing__ResponseParameters *all[ARRAY_LENGTH(reply_bytes)];
    Grpc__Testing__StreamingOutputCallRequest request =
        GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
    for (size_t i = 0; i < ARRAY_LENGTH(reply_bytes); i++) {
        grpc__testing__response_parameters__init(&parameters[i]);
        parameters[i].size = (int32_t)reply_bytes[i];
        all[i] = &parameters[i];
    }
    request.response_parameters = all;
    request.n_response_parameters = ARRAY_LENGTH(all);
    struct grpc_stream *stream =
        interop_open(self, TEST_SERVICE "StreamingOutputCall", NULL,
                     &grpc__testing__streaming_output_call_response__descriptor);
    interop_send(self, stream, &request.base);
    interop_expect(self, &self->call, grpc_client_close_send(stream), STATUS_OK);
    for (size_t i = 0; i < ARRAY_LENGTH(reply_bytes); i++) {
        interop_receive_output(self, stream, reply_bytes[i]);
    }
    interop_receive_end(self, stream);
    finish(self, stream, STATUS_OK);
}

static void ping_pong(struct interop *self)
{
    struct grpc_stream *stream = open_duplex(self, NULL);
    for (size_t i = 0; i < ARRAY_LENGTH(reply_bytes); i++) {
        interop_send_output_request(self, stream, request_bytes[i], reply_bytes[i]);
        interop_receive_output(self, stream, reply_bytes[i]);
    }
    interop_expect(self, &self->call, grpc_client_close_send(stream), STATUS_OK);
    interop_receive_end(self, stream);
    finish(self, stream, STATUS_OK);
}

static void empty_stream(struct interop *self)
{
    struct grpc_stream *stream = open_duplex(self, NULL);
    interop_expect(self, &self->call, grpc_client_close_send(stream), STATUS_OK);
    interop_receive_end(self, stream);
    finish(self, stream, STATUS_OK);
}

static void timeout_on_sleeping_server(struct interop *self)
{
    struct call whole = self->call;
    struct grpc_stream *stream;
    ProtobufCMessage *message = NULL;
    self->call = call_within(&whole, 1);
    enum status status =
        grpc_client_open(self->channel, &self->call, TEST_SERVICE "FullDuplexCall", NULL,
                         &grpc__testing__streaming_output_call_response__descriptor, &stream);
    if (status == STATUS_OK) {
        Grpc__Testing__StreamingOutputCallRequest request =
            GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
        request.payload = interop_payload(self, 27182);
        status = grpc_send(stream, &request.base);
        if (status == STATUS_OK) {
            status = grpc_receive(stream, &message);
        }
        status = grpc_client_finish(stream);
    }
    interop_expect(self, &self->call, status, STATUS_DEADLINE_EXCEEDED);
    self->call = whole;
}

static void cancel_after_begin(struct interop *self)
{
    static const struct grpc_metadata metadata[] = {{TEXT_INIT("key1"), TEXT_INIT("value1")},
                                                    {TEXT_INIT("key2"), TEXT_INIT("value2")}};
    const struct grpc_call_options options = {
        .one_reply = true, .metadata = metadata, .metadata_count = ARRAY_LENGTH(metadata)};
    struct cancellation cancellation;
    ProtobufCMessage *message = NULL;
    cancellation_init(&cancellation);
    self->call.cancellation = &cancellation;
    struct grpc_stream *stream =
        interop_open(self, TEST_SERVICE "StreamingInputCall", &options,
                     &grpc__testing__streaming_input_call_response__descriptor);
    cancellation_request(&cancellation);
    interop_expect(self, &self->call, grpc_receive(stream, &message), STATUS_CANCELLED);
    finish(self, stream, STATUS_CANCELLED);
}

static void cancel_after_first_response(struct interop *self)
{
    struct cancellation cancellation;
    ProtobufCMessage *message = NULL;
    cancellation_init(&cancellation);
    self->call.cancellation = &cancellation;
    struct grpc_stream *stream = open_duplex(self, NULL);
    interop_send_output_request(self, stream, request_bytes[0], reply_bytes[0]);
    interop_receive_output(self, stream, reply_bytes[0]);
    cancellation_request(&cancellation);
    interop_expect(self, &self->call, grpc_receive(stream, &message), STATUS_CANCELLED);
    finish(self, stream, STATUS_CANCELLED);
}

static const struct grpc_metadata custom[] = {
    {TEXT_INIT("x-grpc-test-echo-initial"), TEXT_INIT("test_initial_metadata_value")},
    {TEXT_INIT("x-grpc-test-echo-trailing-bin"), TEXT_INIT("\xab\xab\xab")},
};

static void expect_metadata(struct interop *self, struct text initial, struct text trailing)
{
    if (!text_equal(initial, custom[0].value) || !text_equal(trailing, custom[1].value)) {
        interop_fail(self, "the metadata did not come back");
    }
}

static void custom_metadata(struct interop *self)
{
    const struct grpc_call_options unary = {
        .one_reply = true, .metadata = custom, .metadata_count = ARRAY_LENGTH(custom)};
    Grpc__Testing__SimpleRequest request = GRPC__TESTING__SIMPLE_REQUEST__INIT;
    request.response_size = 1;
    request.payload = interop_payload(self, 1);
    struct grpc_stream *stream = interop_open(self, TEST_SERVICE "UnaryCall", &unary,
                                              &grpc__testing__simple_response__descriptor);
    interop_send(self, stream, &request.base);
    interop_expect(self, &self->call, grpc_client_close_send(stream), STATUS_OK);
    (void)interop_receive(self, stream);
    expect_metadata(self, grpc_client_initial_metadata(stream, custom[0].name),
                    grpc_client_trailing_metadata(stream, custom[1].name));
    finish(self, stream, STATUS_OK);

    const struct grpc_call_options duplex = {.metadata = custom,
                                             .metadata_count = ARRAY_LENGTH(custom)};
    stream = open_duplex(self, &duplex);
    interop_send_output_request(self, stream, 1, 1);
    interop_receive_output(self, stream, 1);
    interop_expect(self, &self->call, grpc_client_close_send(stream), STATUS_OK);
    interop_receive_end(self, stream);
    expect_metadata(self, grpc_client_initial_metadata(stream, custom[0].name),
                    grpc_client_trailing_metadata(stream, custom[1].name));
    finish(self, stream, STATUS_OK);
}

const struct interop_case interop_stream_cases[] = {
    {"client_streaming", client_streaming},
    {"server_streaming", server_streaming},
    {"ping_pong", ping_pong},
    {"empty_stream", empty_stream},
    {"timeout_on_sleeping_server", timeout_on_sleeping_server},
    {"cancel_after_begin", cancel_after_begin},
    {"cancel_after_first_response", cancel_after_first_response},
    {"custom_metadata", custom_metadata},
    {NULL, NULL},
};
