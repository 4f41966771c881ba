/* conformance_client: makes the calls that Connect's conformance runner asks for on stdin, many at
 * once, and tells on stdout what became of each. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "grpc/grpc_channel.h"
#include "grpc/grpc_metadata.h"
#include "grpc/grpc_stream.h"
#include "grpc/web_client.h"
#include "http/http_client.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "loop/loop_poll.h"
#include "peers/conformance_messages.h"
#include "peers/peer_tls.h"
#include "rpc_status.pb-c.h"

enum { ARENA_BYTES_MAX = 64 * 1024 * 1024, PAYLOADS_MAX = 100, RUNNING_MAX = 16 };

struct program {
    struct loop *loop;
    struct proto_pool *pool;
    struct http_client *http; /* for all but gRPC */
    struct loop_poll *poll;   /* NULL: stdin has ended */
    struct buffer input;
    unsigned running;
};

/* A method: its messages, and how the call goes. */
struct method {
    const char *name;
    const ProtobufCMessageDescriptor *request;
    const ProtobufCMessageDescriptor *response;
};

static const struct method methods[] = {
    {"Unary", &connectrpc__conformance__v1__unary_request__descriptor,
     &connectrpc__conformance__v1__unary_response__descriptor},
    {"IdempotentUnary", &connectrpc__conformance__v1__idempotent_unary_request__descriptor,
     &connectrpc__conformance__v1__idempotent_unary_response__descriptor},
    {"Unimplemented", &connectrpc__conformance__v1__unimplemented_request__descriptor,
     &connectrpc__conformance__v1__unimplemented_response__descriptor},
    {"ClientStream", &connectrpc__conformance__v1__client_stream_request__descriptor,
     &connectrpc__conformance__v1__client_stream_response__descriptor},
    {"ServerStream", &connectrpc__conformance__v1__server_stream_request__descriptor,
     &connectrpc__conformance__v1__server_stream_response__descriptor},
    {"BidiStream", &connectrpc__conformance__v1__bidi_stream_request__descriptor,
     &connectrpc__conformance__v1__bidi_stream_response__descriptor},
};

/* One call, from its instructions to what is told of it. */
struct task {
    struct program *program;
    const Connectrpc__Conformance__V1__ClientCompatRequest *wanted;
    const struct method *method;
    struct arena arena;
    struct call call;
    struct cancellation cancellation;
    struct loop_timer cancel_timer;
    struct grpc_metadata metadata[GRPC_METADATA_MAX];
    struct grpc_call_options options;
    struct tls_context *tls; /* NULL: plaintext */
    Connectrpc__Conformance__V1__ClientResponseResult result;
    Connectrpc__Conformance__V1__ConformancePayload *payloads[PAYLOADS_MAX];
    unsigned received;
};

static void expire(struct loop_timer *timer)
{
    struct task *self = CONTAINER_OF(timer, struct task, cancel_timer);
    cancellation_request(&self->cancellation);
}

static void cancel_after_ms(struct task *self, uint32_t delay_ms)
{
    self->cancel_timer.expire = expire;
    CHECK(loop_timer_start(self->program->loop, &self->cancel_timer,
                           clock_monotonic_ns() + delay_ms * CLOCK_NS_PER_MS) == STATUS_OK);
}

static bool cancels(const struct task *self,
                    Connectrpc__Conformance__V1__ClientCompatRequest__Cancel__CancelTimingCase when)
{
    return self->wanted->cancel != NULL && self->wanted->cancel->cancel_timing_case == when;
}

/* Cancelling without saying when means at once. */
static void begin_cancel_after_close(struct task *self)
{
    const Connectrpc__Conformance__V1__ClientCompatRequest__Cancel *cancel = self->wanted->cancel;
    if (cancels(
            self,
            CONNECTRPC__CONFORMANCE__V1__CLIENT_COMPAT_REQUEST__CANCEL__CANCEL_TIMING_AFTER_CLOSE_SEND_MS)) {
        cancel_after_ms(self, cancel->after_close_send_ms);
    } else if (
        cancels(
            self,
            CONNECTRPC__CONFORMANCE__V1__CLIENT_COMPAT_REQUEST__CANCEL__CANCEL_TIMING__NOT_SET)) {
        cancel_after_ms(self, 0);
    }
}

static void keep_reply(struct task *self, const struct grpc_reply *reply)
{
    self->result.response_headers = conformance_headers(
        &self->arena, reply->headers, reply->header_count, &self->result.n_response_headers);
    self->result.response_trailers = conformance_headers(
        &self->arena, reply->trailers, reply->trailer_count, &self->result.n_response_trailers);
}

static void keep_payload(struct task *self, const ProtobufCMessage *message)
{
    /* All replies are alike, but that of Unimplemented, which has none. */
    if (message->descriptor->n_fields == 0) {
        return;
    }
    CHECK(self->received < PAYLOADS_MAX);
    const Connectrpc__Conformance__V1__UnaryResponse *reply =
        (const Connectrpc__Conformance__V1__UnaryResponse *)message;
    Connectrpc__Conformance__V1__ConformancePayload *payload = reply->payload;
    if (payload == NULL) {
        payload = arena_alloc(&self->arena, sizeof(*payload));
        CHECK(payload != NULL);
        connectrpc__conformance__v1__conformance_payload__init(payload);
    }
    self->payloads[self->received++] = payload;
    if (cancels(
            self,
            CONNECTRPC__CONFORMANCE__V1__CLIENT_COMPAT_REQUEST__CANCEL__CANCEL_TIMING_AFTER_NUM_RESPONSES) &&
        self->received == self->wanted->cancel->after_num_responses) {
        cancellation_request(&self->cancellation);
    }
}

static void keep_details(struct task *self, Connectrpc__Conformance__V1__Error *error,
                         struct text bytes)
{
    ProtobufCMessage *message = NULL;
    struct call within = call_within(&self->call, 0);
    const struct proto_type *type =
        proto_pool_type(self->program->pool, &google__rpc__status__descriptor);
    if (bytes.length == 0 || proto_decode(&within, type, bytes, &message) != STATUS_OK) {
        return;
    }
    const Google__Rpc__Status *status = (const Google__Rpc__Status *)message;
    error->details = arena_calloc(&self->arena, status->n_details + 1, sizeof(*error->details));
    CHECK(error->details != NULL);
    for (size_t i = 0; i < status->n_details; i++) {
        Google__Protobuf__Any *any = arena_alloc(&self->arena, sizeof(*any));
        CHECK(any != NULL);
        google__protobuf__any__init(any);
        any->type_url = status->details[i]->type_url;
        any->value = status->details[i]->value;
        error->details[error->n_details++] = any;
    }
}

/* Those of Connect, which come in other words. */
static void keep_web_details(struct task *self, Connectrpc__Conformance__V1__Error *error,
                             const struct web_reply *reply)
{
    error->details = arena_calloc(&self->arena, reply->detail_count, sizeof(*error->details));
    CHECK(error->details != NULL);
    for (size_t i = 0; i < reply->detail_count; i++) {
        Google__Protobuf__Any *any = arena_alloc(&self->arena, sizeof(*any));
        struct text type_url = arena_format(&self->arena, "type.googleapis.com/%.*s",
                                            TEXT_ARGUMENTS(reply->details[i].type_name));
        CHECK(any != NULL && type_url.data != NULL);
        google__protobuf__any__init(any);
        any->type_url = proto_bytes(type_url);
        any->value = proto_bytes(reply->details[i].message);
        error->details[error->n_details++] = any;
    }
}

static void keep_status(struct task *self, enum status status, struct text details)
{
    if (status == STATUS_OK) {
        return;
    }
    Connectrpc__Conformance__V1__Error *error = arena_alloc(&self->arena, sizeof(*error));
    CHECK(error != NULL);
    connectrpc__conformance__v1__error__init(error);
    error->code = (Connectrpc__Conformance__V1__Code)status;
    error->optional_message_case = CONNECTRPC__CONFORMANCE__V1__ERROR__OPTIONAL_MESSAGE_MESSAGE;
    error->message = proto_bytes(self->call.error.message);
    keep_details(self, error, details);
    self->result.error = error;
}

static ProtobufCMessage *request_at(struct task *self, size_t index)
{
    ProtobufCMessage *message;
    const struct proto_type *type = proto_pool_type(self->program->pool, self->method->request);
    CHECK(proto_decode(&self->call, type, proto_text(self->wanted->request_messages[index]->value),
                       &message) == STATUS_OK);
    return message;
}

static enum grpc_codec codec_of(const Connectrpc__Conformance__V1__ClientCompatRequest *wanted)
{
    return wanted->codec == CONNECTRPC__CONFORMANCE__V1__CODEC__CODEC_JSON ? GRPC_CODEC_JSON
                                                                           : GRPC_CODEC_PROTO;
}

static struct text find_details(struct task *self, const struct grpc_reply *reply)
{
    static const struct text name = TEXT_INIT("grpc-status-details-bin");
    return grpc_metadata_find(&self->arena, reply->trailers, reply->trailer_count, name);
}

static void delay_request(struct task *self)
{
    if (self->wanted->request_delay_ms > 0) {
        /* Whoever waits next is told what this says. */
        status_ignore(fiber_sleep(&self->call, self->wanted->request_delay_ms * CLOCK_NS_PER_MS));
    }
}

static void run_unary(struct task *self, struct grpc_channel *channel, const char *path)
{
    struct grpc_reply reply = {.headers = NULL};
    ProtobufCMessage *response = NULL;
    ProtobufCMessage *request = request_at(self, 0);
    self->options.ret_reply = &reply;
    delay_request(self);
    begin_cancel_after_close(self);
    enum status status = grpc_call_unary(channel, &self->call, path, &self->options, request,
                                         self->method->response, &response);
    if (status == STATUS_OK) {
        keep_payload(self, response);
    }
    keep_reply(self, &reply);
    keep_status(self, status, find_details(self, &reply));
}

/* false: there is no next one. */
static bool receive_one(struct task *self, struct grpc_stream *stream)
{
    ProtobufCMessage *message = NULL;
    if (grpc_receive(stream, &message) != STATUS_OK || message == NULL) {
        return false;
    }
    keep_payload(self, message);
    return true;
}

static void send_all(struct task *self, struct grpc_stream *stream)
{
    bool full_duplex =
        self->wanted->stream_type ==
        CONNECTRPC__CONFORMANCE__V1__STREAM_TYPE__STREAM_TYPE_FULL_DUPLEX_BIDI_STREAM;
    size_t count = self->wanted->n_request_messages;
    for (size_t i = 0; i < count; i++) {
        delay_request(self);
        if (grpc_send(stream, request_at(self, i)) != STATUS_OK) {
            self->result.num_unsent_requests = (int32_t)(count - i);
            break;
        }
        if (full_duplex && !receive_one(self, stream)) {
            self->result.num_unsent_requests = (int32_t)(count - i - 1);
            break;
        }
    }
}

static void run_stream(struct task *self, struct grpc_channel *channel, const char *path)
{
    struct grpc_stream *stream;
    enum status status = grpc_client_open(channel, &self->call, path, &self->options,
                                          self->method->response, &stream);
    if (status != STATUS_OK) {
        keep_status(self, status, (struct text){NULL, 0});
        return;
    }
    send_all(self, stream);
    if (cancels(
            self,
            CONNECTRPC__CONFORMANCE__V1__CLIENT_COMPAT_REQUEST__CANCEL__CANCEL_TIMING_BEFORE_CLOSE_SEND)) {
        cancellation_request(&self->cancellation);
    } else {
        status_ignore(grpc_client_close_send(stream)); /* the end tells */
        begin_cancel_after_close(self);
    }
    while (receive_one(self, stream)) {
    }
    struct grpc_reply reply = grpc_client_reply(stream);
    keep_reply(self, &reply);
    struct text details = find_details(self, &reply);
    details = arena_copy(&self->arena, details);
    status = grpc_client_finish(stream);
    keep_status(self, status, details);
}

static bool add_metadata(void *state, struct text name, struct text value)
{
    struct task *self = state;
    if (self->options.metadata_count >= GRPC_METADATA_MAX) {
        return false;
    }
    self->metadata[self->options.metadata_count++] = (struct grpc_metadata){name, value};
    return true;
}

static void prepare(struct task *self)
{
    const Connectrpc__Conformance__V1__ClientCompatRequest *wanted = self->wanted;
    for (size_t i = 0; i < ARRAY_LENGTH(methods); i++) {
        if (text_equal(text_of(methods[i].name), proto_text(wanted->method))) {
            self->method = &methods[i];
        }
    }
    CHECK(self->method != NULL);
    call_init(&self->call, &self->arena,
              wanted->optional_timeout_ms_case != 0 ? wanted->timeout_ms : 0);
    cancellation_init(&self->cancellation);
    self->call.cancellation = &self->cancellation;
    self->options.metadata = self->metadata;
    self->options.compress =
        wanted->compression == CONNECTRPC__CONFORMANCE__V1__COMPRESSION__COMPRESSION_GZIP;
    self->options.one_reply =
        wanted->stream_type == CONNECTRPC__CONFORMANCE__V1__STREAM_TYPE__STREAM_TYPE_CLIENT_STREAM;
    conformance_each_header(&self->arena, wanted->request_headers, wanted->n_request_headers,
                            add_metadata, self);
}

/* NULL: plaintext. */
static struct tls_context *open_tls(const Connectrpc__Conformance__V1__ClientCompatRequest *wanted)
{
    const Connectrpc__Conformance__V1__TLSCreds *own = wanted->client_tls_creds;
    struct text none = {NULL, 0};
    return wanted->server_tls_cert.len == 0
               ? NULL
               : peer_tls_of_texts(TLS_CLIENT, proto_text(wanted->server_tls_cert),
                                   own != NULL ? proto_text(own->cert) : none,
                                   own != NULL ? proto_text(own->key) : none);
}

static struct grpc_channel *open_channel(struct task *self)
{
    const Connectrpc__Conformance__V1__ClientCompatRequest *wanted = self->wanted;
    const struct grpc_channel_options options = {
        .pool = self->program->pool,
        .target = "conformance",
        .message_bytes_max = wanted->message_receive_limit,
        .tls = self->tls,
        .codec = codec_of(wanted),
    };
    struct grpc_channel *channel;
    struct text address = arena_format(&self->arena, "%.*s:%u",
                                       TEXT_ARGUMENTS(proto_text(wanted->host)), wanted->port);
    CHECK(grpc_channel_create(self->program->loop, &options, &channel) == STATUS_OK);
    CHECK(grpc_channel_update(channel, &address, 1) == STATUS_OK);
    return channel;
}

/* A unary call as one HTTP request: Connect or gRPC-Web. channel: NULL for HTTP/1.1, by `http`. */
static void run_web(struct task *self, struct grpc_channel *channel, struct http_client *http,
                    const char *path)
{
    const Connectrpc__Conformance__V1__ClientCompatRequest *wanted = self->wanted;
    struct web_reply reply = {.headers = NULL};
    ProtobufCMessage *response = NULL;
    ProtobufCMessage *request = request_at(self, 0);
    const struct web_client client = {
        .channel = channel,
        .http = http,
        .pool = self->program->pool,
        .base_url = arena_format(&self->arena, "%s://%.*s:%u", self->tls != NULL ? "https" : "http",
                                 TEXT_ARGUMENTS(proto_text(wanted->host)), wanted->port),
        .protocol = wanted->protocol == CONNECTRPC__CONFORMANCE__V1__PROTOCOL__PROTOCOL_CONNECT
                        ? WEB_CONNECT
                        : WEB_GRPC,
        .codec = codec_of(wanted),
        .message_bytes_max = wanted->message_receive_limit,
    };
    const struct web_call_options options = {
        .get = wanted->use_get_http_method,
        .compress = self->options.compress,
        .metadata = self->metadata,
        .metadata_count = self->options.metadata_count,
        .ret_reply = &reply,
    };
    CHECK(wanted->stream_type == CONNECTRPC__CONFORMANCE__V1__STREAM_TYPE__STREAM_TYPE_UNARY);
    delay_request(self);
    begin_cancel_after_close(self);
    enum status status = web_call_unary(&client, &self->call, path, &options, request,
                                        self->method->response, &response);
    if (status == STATUS_OK) {
        keep_payload(self, response);
    }
    const struct grpc_reply kept = {.headers = reply.headers,
                                    .header_count = reply.header_count,
                                    .trailers = reply.trailers,
                                    .trailer_count = reply.trailer_count};
    keep_reply(self, &kept);
    keep_status(self, status, find_details(self, &kept));
    if (self->result.error != NULL && reply.detail_count > 0) {
        keep_web_details(self, self->result.error, &reply);
    }
}

/* The same over HTTP/1.1 and TLS, by a client of its own: each call may have other certificates. */
static void run_web_tls(struct task *self, const char *path)
{
    const Connectrpc__Conformance__V1__ClientCompatRequest *wanted = self->wanted;
    const Connectrpc__Conformance__V1__TLSCreds *own = wanted->client_tls_creds;
    struct text none = {NULL, 0};
    struct peer_tls_files files;
    struct http_client *http;
    peer_tls_write_files(&files, proto_text(wanted->server_tls_cert),
                         own != NULL ? proto_text(own->cert) : none,
                         own != NULL ? proto_text(own->key) : none);
    CHECK(http_client_create(self->program->loop, &http) == STATUS_OK);
    http_client_set_tls(http, &(struct http_client_tls){.ca_file = files.ca,
                                                        .certificate_file = files.certificate,
                                                        .key_file = files.key});
    run_web(self, NULL, http, path);
    http_client_destroy(http);
    peer_tls_remove_files(&files);
}

static void make_call(struct task *self)
{
    const Connectrpc__Conformance__V1__ClientCompatRequest *wanted = self->wanted;
    self->tls = open_tls(wanted);
    struct text path =
        arena_format(&self->arena, "/%.*s/%.*s", TEXT_ARGUMENTS(proto_text(wanted->service)),
                     TEXT_ARGUMENTS(proto_text(wanted->method)));
    struct grpc_channel *channel =
        wanted->http_version == CONNECTRPC__CONFORMANCE__V1__HTTPVERSION__HTTP_VERSION_2
            ? open_channel(self)
            : NULL;
    if (wanted->protocol != CONNECTRPC__CONFORMANCE__V1__PROTOCOL__PROTOCOL_GRPC) {
        if (channel == NULL && self->tls != NULL) {
            run_web_tls(self, path.data);
        } else {
            run_web(self, channel, self->program->http, path.data);
        }
    } else if (wanted->stream_type == CONNECTRPC__CONFORMANCE__V1__STREAM_TYPE__STREAM_TYPE_UNARY) {
        run_unary(self, channel, path.data);
    } else {
        run_stream(self, channel, path.data);
    }
    grpc_channel_destroy(channel);
    tls_context_destroy(self->tls);
}

static void start_calls(struct program *program);

static void run(void *argument)
{
    struct task *self = argument;
    Connectrpc__Conformance__V1__ClientCompatResponse response =
        CONNECTRPC__CONFORMANCE__V1__CLIENT_COMPAT_RESPONSE__INIT;
    connectrpc__conformance__v1__client_response_result__init(&self->result);
    prepare(self);
    make_call(self);
    loop_timer_stop(self->program->loop, &self->cancel_timer);
    self->result.payloads = self->payloads;
    self->result.n_payloads = self->received;
    response.test_name = self->wanted->test_name;
    response.result_case = CONNECTRPC__CONFORMANCE__V1__CLIENT_COMPAT_RESPONSE__RESULT_RESPONSE;
    response.response = &self->result;
    conformance_write(&response.base);
    self->program->running--;
    start_calls(self->program);
    arena_deinit(&self->arena);
    free(self);
}

/* Starts the calls that have come whole, some at a time: their deadlines run. */
static void start_calls(struct program *program)
{
    const struct proto_type *type = proto_pool_type(
        program->pool, &connectrpc__conformance__v1__client_compat_request__descriptor);
    while (program->running < RUNNING_MAX) {
        struct task *task = calloc(1, sizeof(*task));
        CHECK(task != NULL);
        arena_init(&task->arena, ARENA_BYTES_MAX);
        call_init(&task->call, &task->arena, 0);
        task->program = program;
        task->wanted = (const Connectrpc__Conformance__V1__ClientCompatRequest *)conformance_take(
            &task->call, type, &program->input);
        if (task->wanted == NULL) {
            arena_deinit(&task->arena);
            free(task);
            return;
        }
        program->running++;
        CHECK(fiber_start(program->loop, run, task) == STATUS_OK);
    }
}

static void read_input(void *argument)
{
    struct program *program = argument;
    for (;;) {
        char bytes[16 * 1024];
        ssize_t length = read(STDIN_FILENO, bytes, sizeof(bytes));
        if (length > 0) {
            CHECK(buffer_append(&program->input, text_of_bytes(bytes, (size_t)length)));
        } else if (length == 0 || errno != EAGAIN) {
            loop_poll_close(program->poll);
            program->poll = NULL;
            break;
        } else {
            break;
        }
    }
    start_calls(program);
}

static bool has_ended(void *argument)
{
    const struct program *program = argument;
    return program->poll == NULL && fiber_count(program->loop) == 0;
}

int main(void)
{
    struct program program = {.pool = conformance_pool()};
    buffer_init(&program.input, 2 * CONFORMANCE_MESSAGE_BYTES_MAX);
    CHECK(loop_create(&program.loop) == STATUS_OK);
    CHECK(http_client_create(program.loop, &program.http) == STATUS_OK);
    CHECK(fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK) == 0);
    CHECK(loop_poll_open(program.loop, STDIN_FILENO, read_input, &program, &program.poll) ==
          STATUS_OK);
    loop_run_until(program.loop, has_ended, &program);
    http_client_destroy(program.http);
    loop_destroy(program.loop);
    buffer_deinit(&program.input);
    proto_pool_destroy(program.pool);
    return 0;
}
