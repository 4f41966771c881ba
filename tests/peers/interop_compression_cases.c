/* The cases of compression: the flag of each message is looked at, not only its content. */
#include "peers/interop_client.h"

static void set_flag(Grpc__Testing__BoolValue *flag, bool value)
{
    grpc__testing__bool_value__init(flag);
    flag->value = value;
}

/* One UnaryCall of large messages that says what it expects of its own compression. */
static void expect_client_compressed(struct interop *self, bool expect, bool compress,
                                     enum status wanted)
{
    const struct grpc_call_options options = {.compress = compress};
    Grpc__Testing__SimpleRequest request = GRPC__TESTING__SIMPLE_REQUEST__INIT;
    Grpc__Testing__BoolValue flag;
    set_flag(&flag, expect);
    request.expect_compressed = &flag;
    request.response_size = LARGE_RESPONSE_BYTES;
    request.payload = interop_payload(self, LARGE_REQUEST_BYTES);
    interop_expect(self, &self->call, interop_unary(self, &self->call, &options, &request, NULL),
                   wanted);
    call_clear_error(&self->call);
}

/* For servers that do not look at what is expected. */
static void client_compressed_unary_noprobe(struct interop *self)
{
    expect_client_compressed(self, true, true, STATUS_OK);
    expect_client_compressed(self, false, false, STATUS_OK);
}

static void client_compressed_unary(struct interop *self)
{
    expect_client_compressed(self, true, false, STATUS_INVALID_ARGUMENT);
    client_compressed_unary_noprobe(self);
}

static void expect_server_compressed(struct interop *self, bool compressed)
{
    struct grpc_reply reply;
    const struct grpc_call_options options = {.ret_reply = &reply};
    Grpc__Testing__SimpleRequest request = GRPC__TESTING__SIMPLE_REQUEST__INIT;
    Grpc__Testing__BoolValue flag;
    set_flag(&flag, compressed);
    request.response_compressed = &flag;
    request.response_size = LARGE_RESPONSE_BYTES;
    request.payload = interop_payload(self, LARGE_REQUEST_BYTES);
    interop_expect(self, &self->call, interop_unary(self, &self->call, &options, &request, NULL),
                   STATUS_OK);
    if (reply.compressed != compressed) {
        interop_fail(self, "the reply came %scompressed", reply.compressed ? "" : "un");
    }
}

static void server_compressed_unary(struct interop *self)
{
    expect_server_compressed(self, true);
    expect_server_compressed(self, false);
}

static void send_input(struct interop *self, struct grpc_stream *stream, size_t size, bool expect)
{
    Grpc__Testing__StreamingInputCallRequest request =
        GRPC__TESTING__STREAMING_INPUT_CALL_REQUEST__INIT;
    Grpc__Testing__BoolValue flag;
    set_flag(&flag, expect);
    request.expect_compressed = &flag;
    request.payload = interop_payload(self, size);
    interop_send(self, stream, &request.base);
}

static struct grpc_stream *open_input(struct interop *self, bool compress)
{
    static const struct grpc_call_options plain = {.one_reply = true};
    static const struct grpc_call_options compressed = {.one_reply = true, .compress = true};
    return interop_open(self, TEST_SERVICE "StreamingInputCall", compress ? &compressed : &plain,
                        &grpc__testing__streaming_input_call_response__descriptor);
}

static void client_compressed_streaming_noprobe(struct interop *self)
{
    struct grpc_stream *stream = open_input(self, true);
    send_input(self, stream, 27182, true);
    grpc_client_compress(stream, false);
    send_input(self, stream, 45904, false);
    interop_expect(self, &self->call, grpc_client_close_send(stream), STATUS_OK);
    const Grpc__Testing__StreamingInputCallResponse *reply =
        (const Grpc__Testing__StreamingInputCallResponse *)interop_receive(self, stream);
    if (reply->aggregated_payload_size != 73086) {
        interop_fail(self, "the sum is %d", reply->aggregated_payload_size);
    }
    interop_expect(self, &self->call, grpc_client_finish(stream), STATUS_OK);
}

static void client_compressed_streaming(struct interop *self)
{
    struct grpc_stream *stream = open_input(self, false);
    send_input(self, stream, 27182, true);
    interop_receive_end(self, stream);
    interop_expect(self, &self->call, grpc_client_finish(stream), STATUS_INVALID_ARGUMENT);
    call_clear_error(&self->call);
    client_compressed_streaming_noprobe(self);
}

static void server_compressed_streaming(struct interop *self)
{
    static const int32_t sizes[] = {31415, 92653};
    Grpc__Testing__BoolValue flags[2];
    Grpc__Testing__ResponseParameters parameters[2];
    Grpc__Testing__ResponseParameters *all[2];
    Grpc__Testing__StreamingOutputCallRequest request =
        GRPC__TESTING__STREAMING_OUTPUT_CALL_REQUEST__INIT;
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        set_flag(&flags[i], i == 0);
        grpc__testing__response_parameters__init(&parameters[i]);
        parameters[i].size = sizes[i];
        parameters[i].compressed = &flags[i];
        all[i] = &parameters[i];
    }
    request.response_parameters = all;
    request.n_response_parameters = ARRAY_LENGTH(all);
    struct grpc_stream *stream =
        interop_open(self, TEST_SERVICE "StreamingOutputCall", NULL,
                     &grpc__testing__streaming_output_call_response__descriptor);
    interop_send(self, stream, &request.base);
    interop_expect(self, &self->call, grpc_client_close_send(stream), STATUS_OK);
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        interop_receive_output(self, stream, (size_t)sizes[i]);
        if (grpc_received_compressed(stream) != flags[i].value) {
            interop_fail(self, "reply %zu came with the other flag", i);
        }
    }
    interop_receive_end(self, stream);
    interop_expect(self, &self->call, grpc_client_finish(stream), STATUS_OK);
}

const struct interop_case interop_compression_cases[] = {
    {"client_compressed_unary", client_compressed_unary},
    {"client_compressed_unary_noprobe", client_compressed_unary_noprobe},
    {"server_compressed_unary", server_compressed_unary},
    {"client_compressed_streaming", client_compressed_streaming},
    {"client_compressed_streaming_noprobe", client_compressed_streaming_noprobe},
    {"server_compressed_streaming", server_compressed_streaming},
    {NULL, NULL},
};
