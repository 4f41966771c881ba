#include "unit/grpc/echo_service.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "grpc/grpc_stream.h"
#include "loop/fiber.h"

extern const unsigned char marquee_echo_proto_descriptor_set[];
extern const size_t marquee_echo_proto_descriptor_set_size;

static enum status fail(struct call *call, const Marquee__Test__EchoFailure *failure)
{
    struct text detail = proto_text(failure->detail);
    if (detail.length > 0 && !grpc_add_error_detail(call, TEXT("marquee.test.Detail"), detail)) {
        return call_fail(call, STATUS_INTERNAL, "the detail was not taken");
    }
    return call_fail(call, (enum status)failure->code, "%.*s",
                     TEXT_ARGUMENTS(proto_text(failure->message)));
}

/* Waits, and fails, as the request says. */
static enum status follow_plan(struct echo *echo, struct call *call,
                               const Marquee__Test__EchoPlan *plan)
{
    if (plan == NULL) {
        return STATUS_OK;
    }
    if (plan->early_headers) {
        enum status status = grpc_send_headers(call);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (plan->delay_ms > 0) {
        enum status status = fiber_sleep(call, plan->delay_ms * CLOCK_NS_PER_MS);
        if (status != STATUS_OK) {
            echo->cancelled += status == STATUS_CANCELLED;
            return status;
        }
    }
    /* A negative delay is spent without waiting. */
    int64_t until_ns = clock_monotonic_ns() - plan->delay_ms * CLOCK_NS_PER_MS;
    while (plan->delay_ms < 0 && clock_monotonic_ns() < until_ns) {
    }
    if ((plan->compress == 1 || plan->compress == 2) &&
        !grpc_compress_reply(call, plan->compress == 1)) {
        return call_fail(call, STATUS_FAILED_PRECONDITION, "the client takes no gzip");
    }
    return plan->failure != NULL ? fail(call, plan->failure) : STATUS_OK;
}

/* x-echo comes back in the headers, x-echo-bin in the trailers. */
static enum status echo_metadata(struct call *call)
{
    struct text value = grpc_request_metadata(call, TEXT("x-echo"));
    struct text bytes = grpc_request_metadata(call, TEXT("x-echo-bin"));
    bool added =
        (value.data == NULL || grpc_add_initial_metadata(call, TEXT("x-echo"), value)) &&
        (bytes.data == NULL || grpc_add_trailing_metadata(call, TEXT("x-echo-bin"), bytes));
    return added ? STATUS_OK : call_fail(call, STATUS_INTERNAL, "the metadata was not taken");
}

static enum status begin(struct echo *echo, struct call *call)
{
    echo->calls++;
    echo->running++;
    echo->remaining_ns = call_remaining_ns(call);
    echo->was_compressed = grpc_request_was_compressed(call);
    return echo_metadata(call);
}

static enum status answer(struct echo *echo, struct call *call, const void *request, void *response)
{
    const Marquee__Test__EchoRequest *given = request;
    Marquee__Test__EchoResponse *reply = response;
    enum status status = begin(echo, call);
    if (status == STATUS_OK) {
        status = follow_plan(echo, call, given->plan);
    }
    reply->text = given->text;
    reply->count = given->count;
    reply->payload = given->payload;
    echo->running--;
    return status;
}

static enum status echo_unary(void *state, struct call *call, const void *request, void *response)
{
    return answer(state, call, request, response);
}

static enum status split(struct echo *echo, struct call *call, struct grpc_stream *stream)
{
    ProtobufCMessage *message = NULL;
    enum status status = grpc_receive(stream, &message);
    if (status != STATUS_OK) {
        return status;
    }
    const Marquee__Test__EchoRequest *given = (const Marquee__Test__EchoRequest *)message;
    Marquee__Test__EchoResponse reply = MARQUEE__TEST__ECHO_RESPONSE__INIT;
    reply.text = given->text;
    reply.payload = given->payload;
    for (int32_t i = 0; i < given->count && status == STATUS_OK; i++) {
        reply.count = i;
        status = grpc_send(stream, &reply.base);
    }
    if (status == STATUS_CANCELLED) {
        echo->cancelled++;
    }
    return status == STATUS_OK ? follow_plan(echo, call, given->plan) : status;
}

static enum status echo_split(void *state, struct call *call, struct grpc_stream *stream)
{
    struct echo *echo = state;
    enum status status = begin(echo, call);
    if (status == STATUS_OK) {
        status = split(echo, call, stream);
    }
    echo->running--;
    return status;
}

static enum status join(struct echo *echo, struct call *call, struct grpc_stream *stream)
{
    Marquee__Test__EchoResponse reply = MARQUEE__TEST__ECHO_RESPONSE__INIT;
    CLEANUP(buffer_deinit) struct buffer payload;
    buffer_init(&payload, GRPC_MESSAGE_BYTES_MAX);
    const Marquee__Test__EchoRequest *first = NULL;
    for (;;) {
        ProtobufCMessage *message = NULL;
        enum status status = grpc_receive(stream, &message);
        if (status != STATUS_OK) {
            echo->cancelled += status == STATUS_CANCELLED;
            return status;
        }
        if (message == NULL) {
            reply.payload = proto_bytes(buffer_text(&payload));
            reply.text = first != NULL ? first->text : reply.text;
            return grpc_send(stream, &reply.base);
        }
        const Marquee__Test__EchoRequest *given = (const Marquee__Test__EchoRequest *)message;
        first = first != NULL ? first : given;
        reply.count++;
        status = follow_plan(echo, call, given->plan);
        if (status != STATUS_OK) {
            return status;
        }
        if (!buffer_append(&payload, proto_text(given->payload))) {
            return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "too much payload");
        }
    }
}

static enum status echo_join(void *state, struct call *call, struct grpc_stream *stream)
{
    struct echo *echo = state;
    enum status status = begin(echo, call);
    if (status == STATUS_OK) {
        status = join(echo, call, stream);
    }
    echo->running--;
    return status;
}

/* Answers each message before it reads the next. */
static enum status chat(struct echo *echo, struct call *call, struct grpc_stream *stream,
                        struct arena *arena)
{
    for (;;) {
        ProtobufCMessage *message = NULL;
        Marquee__Test__EchoResponse reply = MARQUEE__TEST__ECHO_RESPONSE__INIT;
        enum status status = grpc_receive_into(stream, arena, &message);
        if (status != STATUS_OK || message == NULL) {
            echo->cancelled += status == STATUS_CANCELLED;
            return status;
        }
        const Marquee__Test__EchoRequest *given = (const Marquee__Test__EchoRequest *)message;
        status = follow_plan(echo, call, given->plan);
        reply.text = given->text;
        reply.count = given->count;
        reply.payload = given->payload;
        if (status == STATUS_OK) {
            status = grpc_send(stream, &reply.base);
        }
        if (status != STATUS_OK) {
            return status;
        }
        arena_reset(arena);
    }
}

static enum status echo_chat(void *state, struct call *call, struct grpc_stream *stream)
{
    struct echo *echo = state;
    struct arena arena;
    arena_init(&arena, 2 * GRPC_MESSAGE_BYTES_MAX);
    enum status status = begin(echo, call);
    if (status == STATUS_OK) {
        status = chat(echo, call, stream, &arena);
    }
    arena_deinit(&arena);
    echo->running--;
    return status;
}

#define ECHO_MESSAGES                                                                              \
    .request = &marquee__test__echo_request__descriptor,                                           \
    .response = &marquee__test__echo_response__descriptor

static const struct grpc_method methods[] = {
    {.name = "Echo",
     .kind = GRPC_UNARY,
     .no_side_effects = true,
     .unary = echo_unary,
     ECHO_MESSAGES},
    {.name = "Store", .kind = GRPC_UNARY, .unary = echo_unary, ECHO_MESSAGES},
    {.name = "Split", .kind = GRPC_SERVER_STREAMING, .stream = echo_split, ECHO_MESSAGES},
    {.name = "Join", .kind = GRPC_CLIENT_STREAMING, .stream = echo_join, ECHO_MESSAGES},
    {.name = "Chat", .kind = GRPC_BIDIRECTIONAL_STREAMING, .stream = echo_chat, ECHO_MESSAGES},
};

struct grpc_service echo_service(struct echo *echo)
{
    return (struct grpc_service){
        .name = "marquee.test.EchoService",
        .methods = methods,
        .method_count = ARRAY_LENGTH(methods),
        .state = echo,
    };
}

struct proto_descriptor_set echo_descriptor_set(void)
{
    return (struct proto_descriptor_set){marquee_echo_proto_descriptor_set,
                                         marquee_echo_proto_descriptor_set_size};
}

static void note_outcome(void *state, struct call *call, const struct grpc_outcome *outcome)
{
    struct echo *echo = state;
    (void)call;
    echo->observed = outcome->status;
    echo->observed_protocol = outcome->protocol;
    echo->observed_received = outcome->received_bytes;
    echo->observed_sent = outcome->sent_bytes;
    echo->observations++;
}

struct grpc_interceptor echo_observer(struct echo *echo)
{
    return (struct grpc_interceptor){.after = note_outcome, .state = echo};
}
