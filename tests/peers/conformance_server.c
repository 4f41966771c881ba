/* conformance_server: ConformanceService for Connect's conformance runner, which says on stdin what
 * is wanted, and is told on stdout where it listens. */
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "grpc/grpc_stream.h"
#include "loop/fiber.h"
#include "peers/conformance_messages.h"
#include "peers/peer_server.h"
#include "peers/peer_tls.h"

enum { REQUESTS_MAX = 100, ARENA_BYTES_MAX = 1024 * 1024 };

/* The requests of one call, as the reply must tell of them. */
struct received {
    Google__Protobuf__Any *all[REQUESTS_MAX];
    size_t count;
};

static enum status no_memory(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory");
}

static enum status note_request(struct call *call, struct received *received,
                                const ProtobufCMessage *request)
{
    Google__Protobuf__Any *any = arena_alloc(call->arena, sizeof(*any));
    size_t length = protobuf_c_message_get_packed_size(request);
    uint8_t *bytes = arena_alloc(call->arena, length + 1);
    struct text type_url =
        arena_format(call->arena, "type.googleapis.com/%s", request->descriptor->name);
    if (any == NULL || bytes == NULL || type_url.data == NULL || received->count >= REQUESTS_MAX) {
        return no_memory(call);
    }
    google__protobuf__any__init(any);
    any->type_url = proto_bytes(type_url);
    any->value.data = bytes;
    any->value.len = protobuf_c_message_pack(request, bytes);
    received->all[received->count++] = any;
    return STATUS_OK;
}

static void note_timeout(struct call *call,
                         Connectrpc__Conformance__V1__ConformancePayload__RequestInfo *info)
{
    if (grpc_request_metadata(call, TEXT("grpc-timeout")).data != NULL ||
        grpc_request_metadata(call, TEXT("connect-timeout-ms")).data != NULL) {
        info->optional_timeout_ms_case =
            CONNECTRPC__CONFORMANCE__V1__CONFORMANCE_PAYLOAD__REQUEST_INFO__OPTIONAL_TIMEOUT_MS_TIMEOUT_MS;
        info->timeout_ms = call_remaining_ns(call) / CLOCK_NS_PER_MS;
    }
}

/* NULL: no memory. The requests are those received so far; a copy of the list is made. */
static Connectrpc__Conformance__V1__ConformancePayload__RequestInfo *
request_info(struct call *call, const struct received *received, bool first)
{
    Connectrpc__Conformance__V1__ConformancePayload__RequestInfo *info =
        arena_alloc(call->arena, sizeof(*info));
    Google__Protobuf__Any **requests =
        arena_calloc(call->arena, received->count + 1, sizeof(*requests));
    if (info == NULL || requests == NULL) {
        return NULL;
    }
    connectrpc__conformance__v1__conformance_payload__request_info__init(info);
    memcpy(requests, received->all, received->count * sizeof(*requests));
    info->requests = requests;
    info->n_requests = received->count;
    if (first) {
        size_t count;
        const struct http_header *headers = grpc_request_headers(call, &count);
        info->request_headers =
            conformance_headers(call->arena, headers, count, &info->n_request_headers);
        note_timeout(call, info);
    }
    return info;
}

static bool add_initial(void *state, struct text name, struct text value)
{
    return grpc_add_initial_metadata(state, name, value);
}

static bool add_trailing(void *state, struct text name, struct text value)
{
    return grpc_add_trailing_metadata(state, name, value);
}

static enum status pause_ms(struct call *call, uint32_t duration_ms)
{
    return duration_ms > 0 ? fiber_sleep(call, duration_ms * CLOCK_NS_PER_MS) : STATUS_OK;
}

static void add_detail(struct call *call, const Google__Protobuf__Any *detail)
{
    struct text type_url = proto_text(detail->type_url);
    struct text name = text_slice(type_url, text_find(type_url, 0, '/') + 1, type_url.length);
    CHECK(grpc_add_error_detail(call, name, proto_text(detail->value)));
}

/* Fails as the runner says. info: NULL, or what the details must end with. */
static enum status
fail_as_told(struct call *call, const Connectrpc__Conformance__V1__Error *error,
             const Connectrpc__Conformance__V1__ConformancePayload__RequestInfo *info)
{
    for (size_t i = 0; i < error->n_details; i++) {
        add_detail(call, error->details[i]);
    }
    if (info != NULL) {
        CLEANUP(buffer_deinit) struct buffer bytes;
        buffer_init(&bytes, ARENA_BYTES_MAX);
        CHECK(proto_encode(&info->base, &bytes));
        CHECK(
            grpc_add_error_detail(call, text_of(info->base.descriptor->name), buffer_text(&bytes)));
    }
    return call_fail(call, (enum status)error->code, "%.*s",
                     TEXT_ARGUMENTS(proto_text(error->message)));
}

/* A reply of the kinds that have one. definition may be NULL. */
static enum status
fill_reply(struct call *call, const struct received *received,
           const Connectrpc__Conformance__V1__UnaryResponseDefinition *definition,
           Connectrpc__Conformance__V1__ConformancePayload **ret_payload)
{
    Connectrpc__Conformance__V1__ConformancePayload *payload =
        arena_alloc(call->arena, sizeof(*payload));
    if (payload == NULL) {
        return no_memory(call);
    }
    connectrpc__conformance__v1__conformance_payload__init(payload);
    enum status status = STATUS_OK;
    if (definition != NULL) {
        conformance_each_header(call->arena, definition->response_headers,
                                definition->n_response_headers, add_initial, call);
        conformance_each_header(call->arena, definition->response_trailers,
                                definition->n_response_trailers, add_trailing, call);
        status = pause_ms(call, definition->response_delay_ms);
    }
    payload->request_info = request_info(call, received, true);
    if (status != STATUS_OK || payload->request_info == NULL) {
        return status != STATUS_OK ? status : no_memory(call);
    }
    if (definition != NULL &&
        definition->response_case ==
            CONNECTRPC__CONFORMANCE__V1__UNARY_RESPONSE_DEFINITION__RESPONSE_ERROR) {
        return fail_as_told(call, definition->error, payload->request_info);
    }
    if (definition != NULL &&
        definition->response_case ==
            CONNECTRPC__CONFORMANCE__V1__UNARY_RESPONSE_DEFINITION__RESPONSE_RESPONSE_DATA) {
        payload->data = definition->response_data;
    }
    *ret_payload = payload;
    return STATUS_OK;
}

static enum status unary(void *state, struct call *call, const void *request, void *response)
{
    const Connectrpc__Conformance__V1__UnaryRequest *given = request;
    Connectrpc__Conformance__V1__UnaryResponse *reply = response;
    struct received received = {.count = 0};
    (void)state;
    enum status status = note_request(call, &received, &given->base);
    return status == STATUS_OK
               ? fill_reply(call, &received, given->response_definition, &reply->payload)
               : status;
}

static enum status idempotent_unary(void *state, struct call *call, const void *request,
                                    void *response)
{
    const Connectrpc__Conformance__V1__IdempotentUnaryRequest *given = request;
    Connectrpc__Conformance__V1__IdempotentUnaryResponse *reply = response;
    struct received received = {.count = 0};
    (void)state;
    enum status status = note_request(call, &received, &given->base);
    return status == STATUS_OK
               ? fill_reply(call, &received, given->response_definition, &reply->payload)
               : status;
}

static enum status client_stream(void *state, struct call *call, struct grpc_stream *stream)
{
    struct received received = {.count = 0};
    const Connectrpc__Conformance__V1__UnaryResponseDefinition *definition = NULL;
    Connectrpc__Conformance__V1__ClientStreamResponse reply =
        CONNECTRPC__CONFORMANCE__V1__CLIENT_STREAM_RESPONSE__INIT;
    (void)state;
    for (;;) {
        ProtobufCMessage *message;
        enum status status = grpc_receive(stream, &message);
        if (status != STATUS_OK) {
            return status;
        }
        if (message == NULL) {
            break;
        }
        if (received.count == 0) {
            definition = ((const Connectrpc__Conformance__V1__ClientStreamRequest *)message)
                             ->response_definition;
        }
        status = note_request(call, &received, message);
        if (status != STATUS_OK) {
            return status;
        }
    }
    enum status status = fill_reply(call, &received, definition, &reply.payload);
    return status == STATUS_OK ? grpc_send(stream, &reply.base) : status;
}

/* What is left to say of a call of many replies. */
struct replies {
    struct call *call;
    struct grpc_stream *stream;
    const Connectrpc__Conformance__V1__StreamResponseDefinition *definition; /* or NULL */
    struct received received;
    size_t sent;
};

/* early: the headers go before the first reply. */
static enum status begin_replies(struct replies *self, bool early)
{
    const Connectrpc__Conformance__V1__StreamResponseDefinition *definition = self->definition;
    struct call *call = self->call;
    if (definition == NULL) {
        return STATUS_OK;
    }
    conformance_each_header(call->arena, definition->response_headers,
                            definition->n_response_headers, add_initial, call);
    conformance_each_header(call->arena, definition->response_trailers,
                            definition->n_response_trailers, add_trailing, call);
    return early ? grpc_send_headers(call) : STATUS_OK;
}

static bool has_more(const struct replies *self)
{
    return self->definition != NULL && self->sent < self->definition->n_response_data;
}

/* The messages of both kinds are alike: a payload. */
static enum status send_reply(struct replies *self, bool with_info)
{
    Connectrpc__Conformance__V1__ConformancePayload payload =
        CONNECTRPC__CONFORMANCE__V1__CONFORMANCE_PAYLOAD__INIT;
    Connectrpc__Conformance__V1__BidiStreamResponse reply =
        CONNECTRPC__CONFORMANCE__V1__BIDI_STREAM_RESPONSE__INIT;
    enum status status = pause_ms(self->call, self->definition->response_delay_ms);
    if (status != STATUS_OK) {
        return status;
    }
    payload.data = self->definition->response_data[self->sent];
    if (with_info) {
        payload.request_info = request_info(self->call, &self->received, self->sent == 0);
    }
    reply.payload = &payload;
    self->sent++;
    return grpc_send(self->stream, &reply.base);
}

static enum status end_replies(struct replies *self)
{
    while (has_more(self)) {
        enum status status = send_reply(self, self->sent == 0);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (self->definition == NULL || self->definition->error == NULL) {
        return STATUS_OK;
    }
    return fail_as_told(self->call, self->definition->error,
                        self->sent == 0 ? request_info(self->call, &self->received, true) : NULL);
}

static enum status server_stream(void *state, struct call *call, struct grpc_stream *stream)
{
    struct replies replies = {.call = call, .stream = stream};
    ProtobufCMessage *message;
    (void)state;
    enum status status = grpc_receive(stream, &message);
    if (status == STATUS_OK) {
        replies.definition = ((const Connectrpc__Conformance__V1__ServerStreamRequest *)message)
                                 ->response_definition;
        status = note_request(call, &replies.received, message);
    }
    if (status == STATUS_OK) {
        status = begin_replies(&replies, true);
    }
    return status == STATUS_OK ? end_replies(&replies) : status;
}

/* Reads requests, answering each where the first says so. */
static enum status converse(struct replies *self)
{
    bool full_duplex = false;
    for (bool first = true;; first = false) {
        ProtobufCMessage *message;
        enum status status = grpc_receive(self->stream, &message);
        if (status != STATUS_OK || message == NULL) {
            return status;
        }
        if (first) {
            const Connectrpc__Conformance__V1__BidiStreamRequest *request =
                (const Connectrpc__Conformance__V1__BidiStreamRequest *)message;
            full_duplex = request->full_duplex;
            self->definition = request->response_definition;
            status = begin_replies(self, full_duplex);
        }
        if (status == STATUS_OK) {
            status = note_request(self->call, &self->received, message);
        }
        if (status != STATUS_OK) {
            return status;
        }
        if (full_duplex) {
            if (!has_more(self)) {
                return STATUS_OK;
            }
            status = send_reply(self, true);
            self->received.count = 0;
            if (status != STATUS_OK) {
                return status;
            }
        }
    }
}

static enum status bidi_stream(void *state, struct call *call, struct grpc_stream *stream)
{
    struct replies replies = {.call = call, .stream = stream};
    (void)state;
    enum status status = converse(&replies);
    return status == STATUS_OK ? end_replies(&replies) : status;
}

static const struct grpc_method methods[] = {
    {.name = "Unary",
     .kind = GRPC_UNARY,
     .request = &connectrpc__conformance__v1__unary_request__descriptor,
     .response = &connectrpc__conformance__v1__unary_response__descriptor,
     .unary = unary},
    {.name = "IdempotentUnary",
     .kind = GRPC_UNARY,
     .no_side_effects = true,
     .request = &connectrpc__conformance__v1__idempotent_unary_request__descriptor,
     .response = &connectrpc__conformance__v1__idempotent_unary_response__descriptor,
     .unary = idempotent_unary},
    {.name = "ClientStream",
     .kind = GRPC_CLIENT_STREAMING,
     .request = &connectrpc__conformance__v1__client_stream_request__descriptor,
     .response = &connectrpc__conformance__v1__client_stream_response__descriptor,
     .stream = client_stream},
    {.name = "ServerStream",
     .kind = GRPC_SERVER_STREAMING,
     .request = &connectrpc__conformance__v1__server_stream_request__descriptor,
     .response = &connectrpc__conformance__v1__server_stream_response__descriptor,
     .stream = server_stream},
    {.name = "BidiStream",
     .kind = GRPC_BIDIRECTIONAL_STREAMING,
     .request = &connectrpc__conformance__v1__bidi_stream_request__descriptor,
     .response = &connectrpc__conformance__v1__bidi_stream_response__descriptor,
     .stream = bidi_stream},
};

/* What the runner wants of this server. */
struct wanted {
    uint32_t message_limit;
    struct tls_context *tls; /* NULL: plaintext */
    struct text certificate; /* that clients must trust; valid in the arena */
    struct arena arena;
};

static void tell_address(void *state, struct text address)
{
    const struct wanted *wanted = state;
    Connectrpc__Conformance__V1__ServerCompatResponse response =
        CONNECTRPC__CONFORMANCE__V1__SERVER_COMPAT_RESPONSE__INIT;
    size_t colon = text_find(address, 0, ':');
    uint64_t port = 0;
    CHECK(text_to_u64(text_slice(address, colon + 1, address.length), &port));
    response.host = proto_bytes(text_slice(address, 0, colon));
    response.port = (uint32_t)port;
    response.pem_cert = proto_bytes(wanted->certificate);
    conformance_write(&response.base);
}

/* With the certificate that the runner lends. */
static void take_tls(struct wanted *wanted,
                     const Connectrpc__Conformance__V1__ServerCompatRequest *request)
{
    if (request->use_tls) {
        CHECK(request->server_creds != NULL);
        wanted->certificate = proto_text(request->server_creds->cert);
        wanted->tls =
            peer_tls_of_texts(TLS_SERVER, proto_text(request->client_tls_cert), wanted->certificate,
                              proto_text(request->server_creds->key));
    }
}

/* Ends the program when the runner says nothing. */
static void read_wanted(struct wanted *wanted)
{
    struct call call;
    CLEANUP(buffer_deinit) struct buffer input;
    ProtobufCMessage *message = NULL;
    struct proto_pool *pool = conformance_pool();
    const struct proto_type *type =
        proto_pool_type(pool, &connectrpc__conformance__v1__server_compat_request__descriptor);
    arena_init(&wanted->arena, ARENA_BYTES_MAX);
    call_init(&call, &wanted->arena, 0);
    buffer_init(&input, ARENA_BYTES_MAX);
    while ((message = conformance_take(&call, type, &input)) == NULL) {
        char bytes[4096];
        ssize_t length = read(STDIN_FILENO, bytes, sizeof(bytes));
        CHECK(length > 0 && buffer_append(&input, text_of_bytes(bytes, (size_t)length)));
    }
    const Connectrpc__Conformance__V1__ServerCompatRequest *request =
        (const Connectrpc__Conformance__V1__ServerCompatRequest *)message;
    wanted->message_limit = request->message_receive_limit;
    take_tls(wanted, request);
    proto_pool_destroy(pool);
}

int main(void)
{
    struct wanted wanted = {.tls = NULL};
    read_wanted(&wanted);
    peer_server_run(&(struct peer_server_options){
        .address = TEXT("127.0.0.1:0"),
        .service = {.name = "connectrpc.conformance.v1.ConformanceService",
                    .methods = methods,
                    .method_count = ARRAY_LENGTH(methods)},
        .descriptor_set = conformance_descriptor_set(),
        .message_bytes_max = wanted.message_limit,
        .ready = tell_address,
        .state = &wanted,
        .tls = wanted.tls,
    });
    tls_context_destroy(wanted.tls);
    arena_deinit(&wanted.arena);
    return 0;
}
