/* interop_server ADDRESS: grpc.testing.TestService, to be called by the interop clients of other
 * implementations (grpc/grpc doc/interop-test-descriptions.md, "Server"). Prints where it listens.
 */
#include <stdio.h>

#include "base/arena.h"
#include "base/clock.h"
#include "grpc/grpc_stream.h"
#include "interop.pb-c.h"
#include "loop/fiber.h"
#include "peers/interop_orca.h"
#include "peers/peer_server.h"
#include "peers/peer_tls.h"

enum { RESPONSE_BYTES_MAX = 16 * 1024 * 1024, STREAM_ARENA_BYTES_MAX = 32 * 1024 * 1024 };

extern const unsigned char marquee_interop_proto_descriptor_set[];
extern const size_t marquee_interop_proto_descriptor_set_size;

static enum status echo_metadata(struct call *call)
{
    const struct text initial_name = TEXT("x-grpc-test-echo-initial");
    const struct text trailing_name = TEXT("x-grpc-test-echo-trailing-bin");
    struct text initial = grpc_request_metadata(call, initial_name);
    struct text trailing = grpc_request_metadata(call, trailing_name);
    bool done =
        (initial.data == NULL || grpc_add_initial_metadata(call, initial_name, initial)) &&
        (trailing.data == NULL || grpc_add_trailing_metadata(call, trailing_name, trailing));
    return done ? STATUS_OK : call_fail(call, STATUS_INTERNAL, "the metadata was not taken");
}

static enum status echo_status(struct call *call, const Grpc__Testing__EchoStatus *status)
{
    if (status == NULL || status->code == 0) {
        return STATUS_OK;
    }
    return call_fail(call, status_from_number(status->code), "%.*s",
                     TEXT_ARGUMENTS(proto_text(status->message)));
}

static enum status check_compression(struct call *call, const Grpc__Testing__BoolValue *expected)
{
    if (expected != NULL && expected->value != grpc_request_was_compressed(call)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the request is %scompressed",
                         expected->value ? "not " : "");
    }
    return STATUS_OK;
}

/* A client without gzip gets what it can read. */
static void choose_compression(struct call *call, const Grpc__Testing__BoolValue *wanted)
{
    if (wanted != NULL && !grpc_compress_reply(call, wanted->value)) {
        CHECK(grpc_compress_reply(call, false));
    }
}

static enum status fill_payload(struct call *call, struct arena *arena,
                                Grpc__Testing__PayloadType type, int32_t size,
                                Grpc__Testing__Payload *payload)
{
    if (type != GRPC__TESTING__PAYLOAD_TYPE__COMPRESSABLE || size < 0 ||
        size > RESPONSE_BYTES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "no such payload");
    }
    grpc__testing__payload__init(payload);
    payload->body.len = (size_t)size;
    payload->body.data = arena_calloc(arena, 1, (size_t)size + 1);
    return payload->body.data != NULL
               ? STATUS_OK
               : call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the payload");
}

static enum status empty_call(void *state, struct call *call, const void *request, void *response)
{
    (void)state;
    (void)call;
    (void)request;
    (void)response;
    return STATUS_OK;
}

static enum status unary_call(void *state, struct call *call, const void *request, void *response)
{
    const Grpc__Testing__SimpleRequest *given = request;
    Grpc__Testing__SimpleResponse *reply = response;
    (void)state;
    enum status status = echo_metadata(call);
    if (status == STATUS_OK) {
        status = check_compression(call, given->expect_compressed);
    }
    if (status == STATUS_OK) {
        status = echo_status(call, given->response_status);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (given->orca_per_query_report != NULL) {
        status = interop_orca_report_call(call, given->orca_per_query_report);
        if (status != STATUS_OK) {
            return status;
        }
    }
    choose_compression(call, given->response_compressed);
    reply->payload = arena_alloc(call->arena, sizeof(*reply->payload));
    CHECK(reply->payload != NULL);
    if (given->fill_server_id) {
        reply->server_id = proto_bytes(TEXT("marquee"));
    }
    return fill_payload(call, call->arena, given->response_type, given->response_size,
                        reply->payload);
}

/* The replies that one request asks for. */
static enum status send_replies(struct call *call, struct grpc_stream *stream, struct arena *arena,
                                const Grpc__Testing__StreamingOutputCallRequest *request)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < request->n_response_parameters && status == STATUS_OK; i++) {
        const Grpc__Testing__ResponseParameters *wanted = request->response_parameters[i];
        Grpc__Testing__StreamingOutputCallResponse reply =
            GRPC__TESTING__STREAMING_OUTPUT_CALL_RESPONSE__INIT;
        Grpc__Testing__Payload payload;
        if (wanted->interval_us > 0) {
            status = fiber_sleep(call, wanted->interval_us * INT64_C(1000));
        }
        if (status == STATUS_OK) {
            status = fill_payload(call, arena, request->response_type, wanted->size, &payload);
        }
        if (status == STATUS_OK) {
            choose_compression(call, wanted->compressed);
            reply.payload = &payload;
            status = grpc_send(stream, &reply.base);
        }
    }
    return status;
}

static enum status answer_each(struct call *call, struct grpc_stream *stream, struct arena *arena,
                               struct interop_orca *orca)
{
    for (;;) {
        ProtobufCMessage *message = NULL;
        enum status status = grpc_receive_into(stream, arena, &message);
        if (status != STATUS_OK || message == NULL) {
            return status;
        }
        const Grpc__Testing__StreamingOutputCallRequest *request =
            (const Grpc__Testing__StreamingOutputCallRequest *)message;
        status = echo_status(call, request->response_status);
        if (status == STATUS_OK && request->orca_oob_report != NULL) {
            status = interop_orca_set(orca, call, request->orca_oob_report);
        }
        if (status == STATUS_OK) {
            status = send_replies(call, stream, arena, request);
        }
        if (status != STATUS_OK) {
            return status;
        }
        arena_reset(arena);
    }
}

/* StreamingOutputCall and FullDuplexCall: each request is answered before the next is read. */
static enum status output_call(void *state, struct call *call, struct grpc_stream *stream)
{
    struct arena arena;
    arena_init(&arena, STREAM_ARENA_BYTES_MAX);
    enum status status = echo_metadata(call);
    if (status == STATUS_OK) {
        status = answer_each(call, stream, &arena, state);
    }
    arena_deinit(&arena);
    return status;
}

/* All requests are read before the first is answered. */
static enum status half_duplex_call(void *state, struct call *call, struct grpc_stream *stream)
{
    enum { REQUESTS_MAX = 100 };
    ProtobufCMessage *requests[REQUESTS_MAX];
    size_t count = 0;
    (void)state;
    enum status status = echo_metadata(call);
    while (status == STATUS_OK && count < REQUESTS_MAX) {
        status = grpc_receive(stream, &requests[count]);
        if (status != STATUS_OK || requests[count] == NULL) {
            break;
        }
        count++;
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = send_replies(call, stream, call->arena,
                              (const Grpc__Testing__StreamingOutputCallRequest *)requests[i]);
    }
    return status;
}

static enum status sum_payloads(struct call *call, struct grpc_stream *stream, struct arena *arena)
{
    Grpc__Testing__StreamingInputCallResponse reply =
        GRPC__TESTING__STREAMING_INPUT_CALL_RESPONSE__INIT;
    for (;;) {
        ProtobufCMessage *message = NULL;
        enum status status = grpc_receive_into(stream, arena, &message);
        if (status != STATUS_OK) {
            return status;
        }
        if (message == NULL) {
            return grpc_send(stream, &reply.base);
        }
        const Grpc__Testing__StreamingInputCallRequest *request =
            (const Grpc__Testing__StreamingInputCallRequest *)message;
        status = check_compression(call, request->expect_compressed);
        if (status != STATUS_OK) {
            return status;
        }
        if (request->payload != NULL) {
            reply.aggregated_payload_size += (int32_t)request->payload->body.len;
        }
        arena_reset(arena);
    }
}

static enum status input_call(void *state, struct call *call, struct grpc_stream *stream)
{
    struct arena arena;
    (void)state;
    arena_init(&arena, STREAM_ARENA_BYTES_MAX);
    enum status status = sum_payloads(call, stream, &arena);
    arena_deinit(&arena);
    return status;
}

static const struct grpc_method methods[] = {
    {.name = "EmptyCall",
     .kind = GRPC_UNARY,
     .request = &grpc__testing__empty__descriptor,
     .response = &grpc__testing__empty__descriptor,
     .unary = empty_call},
    {.name = "UnaryCall",
     .kind = GRPC_UNARY,
     .request = &grpc__testing__simple_request__descriptor,
     .response = &grpc__testing__simple_response__descriptor,
     .unary = unary_call},
    {.name = "CacheableUnaryCall",
     .kind = GRPC_UNARY,
     .no_side_effects = true,
     .request = &grpc__testing__simple_request__descriptor,
     .response = &grpc__testing__simple_response__descriptor,
     .unary = unary_call},
    {.name = "StreamingOutputCall",
     .kind = GRPC_SERVER_STREAMING,
     .request = &grpc__testing__streaming_output_call_request__descriptor,
     .response = &grpc__testing__streaming_output_call_response__descriptor,
     .stream = output_call},
    {.name = "StreamingInputCall",
     .kind = GRPC_CLIENT_STREAMING,
     .request = &grpc__testing__streaming_input_call_request__descriptor,
     .response = &grpc__testing__streaming_input_call_response__descriptor,
     .stream = input_call},
    {.name = "FullDuplexCall",
     .kind = GRPC_BIDIRECTIONAL_STREAMING,
     .request = &grpc__testing__streaming_output_call_request__descriptor,
     .response = &grpc__testing__streaming_output_call_response__descriptor,
     .stream = output_call},
    {.name = "HalfDuplexCall",
     .kind = GRPC_BIDIRECTIONAL_STREAMING,
     .request = &grpc__testing__streaming_output_call_request__descriptor,
     .response = &grpc__testing__streaming_output_call_response__descriptor,
     .stream = half_duplex_call},
};

static void print_address(void *state, struct text address)
{
    (void)state;
    printf("%.*s\n", TEXT_ARGUMENTS(address));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    if (argc != 2 && argc != 4) {
        fprintf(stderr, "usage: interop_server ADDRESS [CERTIFICATE KEY]\n");
        return 2;
    }
    struct tls_context *tls =
        argc == 4 ? peer_tls(&(struct tls_options){
                        .side = TLS_SERVER, .certificate_file = argv[2], .key_file = argv[3]})
                  : NULL;
    struct interop_orca orca = {.length = 0};
    peer_server_run(&(struct peer_server_options){
        .address = text_of(argv[1]),
        .service = {.name = "grpc.testing.TestService",
                    .methods = methods,
                    .method_count = ARRAY_LENGTH(methods),
                    .state = &orca},
        .second = interop_orca_service(&orca),
        .descriptor_set = {marquee_interop_proto_descriptor_set,
                           marquee_interop_proto_descriptor_set_size},
        .message_bytes_max = RESPONSE_BYTES_MAX,
        .ready = print_address,
        .tls = tls,
    });
    tls_context_destroy(tls);
    return 0;
}
