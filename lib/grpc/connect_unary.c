#include "grpc/connect_unary.h"

#include "base/arena.h"
#include "grpc/connect_error.h"
#include "grpc/connect_request.h"
#include "grpc/connect_stream.h"
#include "grpc/grpc_cors.h"
#include "grpc/grpc_frame.h"
#include "grpc/grpc_gzip.h"
#include "grpc/grpc_server_private.h"
#include "json/json.h"

/* For accept-post. */
#define GRPC_TYPES                                                                                 \
    "application/grpc, application/grpc+proto, application/grpc+json, application/grpc-web, "      \
    "application/grpc-web+proto, application/grpc-web+json, application/grpc-web-text, "           \
    "application/grpc-web-text+proto, application/grpc-web-text+json"

enum {
    GZIP_BYTES_MIN = 1024, /* smaller replies are not worth compressing */
    OWN_HEADERS = 3,       /* content-type, content-encoding, vary */
};

static const struct http_header json_type = {TEXT_INIT("content-type"),
                                             TEXT_INIT("application/json")};
static const struct http_header proto_type = {TEXT_INIT("content-type"),
                                              TEXT_INIT("application/proto")};

static void release_buffer(void *argument)
{
    buffer_deinit(argument);
}

/* A buffer whose memory goes with the arena. NULL: no room. */
static struct buffer *create_buffer(struct arena *arena)
{
    struct buffer *buffer = arena_alloc(arena, sizeof(*buffer));
    if (buffer == NULL) {
        return NULL;
    }
    buffer_init(buffer, GRPC_SEND_BYTES_MAX);
    return arena_defer(arena, release_buffer, buffer) ? buffer : NULL;
}

/* Adds initial metadata as headers, trailing metadata as headers with a prefix. */
static size_t add_metadata(struct grpc_server_call *self, struct http_header *headers, size_t count)
{
    for (size_t i = 0; i < self->initial.count; i++) {
        headers[count++] = self->initial.headers[i];
    }
    for (size_t i = 0; i < self->trailing.count; i++) {
        const struct http_header *trailer = &self->trailing.headers[i];
        struct text name =
            arena_format(self->call.arena, "trailer-%.*s", TEXT_ARGUMENTS(trailer->name));
        if (name.data != NULL) {
            headers[count++] = (struct http_header){name, trailer->value};
        }
    }
    return count;
}

/* The last step of every reply. */
static void reply(struct grpc_server_call *self, int http_status, const struct http_header *type,
                  struct text body)
{
    struct arena *arena = self->call.arena;
    struct http_header *headers = arena_calloc(
        arena, OWN_HEADERS + GRPC_CORS_HEADERS_MAX + self->initial.count + self->trailing.count,
        sizeof(*headers));
    if (headers == NULL) {
        http_reply_problem(self->exchange, STATUS_RESOURCE_EXHAUSTED);
        return;
    }
    size_t count = 0;
    headers[count++] = *type;
    if (self->gzip_accepted && body.length >= GZIP_BYTES_MIN) {
        struct buffer *compressed = create_buffer(arena);
        if (compressed != NULL && grpc_gzip_deflate(body, compressed)) {
            body = buffer_text(compressed);
            headers[count++] = (struct http_header){TEXT("content-encoding"), TEXT("gzip")};
            headers[count++] = (struct http_header){TEXT("vary"), TEXT("accept-encoding")};
        }
    }
    count = add_metadata(self, headers, count);
    count = grpc_cors_add(&self->method->server->options, self->exchange, headers, count);
    http_reply(self->exchange,
               &(struct http_reply){
                   .status = http_status, .headers = headers, .header_count = count, .body = body});
}

/* What HTTP wants said beside some of its statuses. Without room: not. */
static void add_error_headers(struct grpc_server_call *self, enum status status)
{
    struct arena *arena = self->call.arena;
    bool fits = true;
    if (status == STATUS_UNAUTHENTICATED) {
        fits = grpc_metadata_add(arena, &self->initial, TEXT("www-authenticate"), TEXT("Bearer"));
    } else if (self->pushback_set ? self->pushback_ms >= 0 : status == STATUS_UNAVAILABLE) {
        int64_t retry_after_ms = self->pushback_set ? self->pushback_ms : HTTP_RETRY_AFTER_MS;
        fits = grpc_metadata_add(arena, &self->initial, TEXT("retry-after"),
                                 http_retry_after(arena, retry_after_ms));
    }
    if (!fits) {
        call_fail_detail(&self->call, status, "no room for the headers of a failure");
    }
}

static void reply_error(struct grpc_server_call *self, enum status status)
{
    struct buffer *body = http_exchange_body(self->exchange, GRPC_SEND_BYTES_MAX);
    add_error_headers(self, status);
    grpc_server_call_observe(self, status);
    struct json_writer writer;
    json_writer_init(&writer, body);
    connect_write_error(&writer, self, status);
    if (!json_writer_end(&writer)) {
        http_reply_problem(self->exchange, status);
        return;
    }
    self->gzip_accepted = false; /* errors go as they are */
    reply(self, status_to_http(status), &json_type, buffer_text(body));
}

static enum status encode(struct grpc_server_call *self, enum grpc_codec codec,
                          const ProtobufCMessage *response, struct text *ret_body)
{
    struct call *call = &self->call;
    if (codec == GRPC_CODEC_PROTO) {
        struct text frame;
        enum status status = grpc_codec_frame_in_arena(call, response, &frame);
        if (status == STATUS_OK) {
            *ret_body = text_slice(frame, GRPC_FRAME_PREFIX_BYTES, frame.length);
        }
        return status;
    }
    struct buffer *body = http_exchange_body(self->exchange, GRPC_SEND_BYTES_MAX);
    enum status status = grpc_codec_encode(call, codec, self->method->response, response, body);
    if (status == STATUS_OK) {
        *ret_body = buffer_text(body);
    }
    return status;
}

/* From the decoded request to the reply. */
static void run(struct grpc_server_call *self, enum grpc_codec codec, ProtobufCMessage *request)
{
    ProtobufCMessage *response = NULL;
    struct text body = {NULL, 0};
    enum status status = grpc_server_call_run_unary(self, request, &response);
    if (status == STATUS_OK) {
        status = encode(self, codec, response, &body);
    }
    if (status != STATUS_OK) {
        reply_error(self, status);
        return;
    }
    self->sent_bytes = body.length;
    grpc_server_call_observe(self, status);
    reply(self, 200, codec == GRPC_CODEC_JSON ? &json_type : &proto_type, body);
}

static void reply_unsupported_type(const struct grpc_server_method *method,
                                   struct http_exchange *exchange)
{
    static const struct http_header unary = {
        TEXT_INIT("accept-post"), TEXT_INIT("application/json, application/proto, " GRPC_TYPES)};
    static const struct http_header streaming = {
        TEXT_INIT("accept-post"),
        TEXT_INIT("application/connect+json, application/connect+proto, " GRPC_TYPES)};
    http_reply_problem_with(exchange, 415, TEXT("an unsupported content-type"),
                            method->method->kind == GRPC_UNARY ? &unary : &streaming, 1);
}

/* The codec of "application/json; charset=utf-8" and the like, or of a stream's
 * "application/connect+json". */
static bool take_content_type(const struct grpc_server_method *method,
                              struct http_exchange *exchange, enum grpc_codec *ret_codec)
{
    const struct http_request *request = http_exchange_request(exchange);
    struct text type =
        http_header_find(request->headers, request->header_count, TEXT("content-type"));
    type = text_trim(text_slice(type, 0, text_find(type, 0, ';')));
    struct text prefix =
        method->method->kind == GRPC_UNARY ? TEXT("application/") : TEXT("application/connect+");
    return text_starts_with(type, prefix) &&
           grpc_codec_parse(text_slice(type, prefix.length, type.length), ret_codec);
}

static void serve_post(const struct grpc_server_method *method, struct http_exchange *exchange)
{
    struct connect_form form = {.gzip = false};
    ProtobufCMessage *request = NULL;
    if (!take_content_type(method, exchange, &form.codec)) {
        reply_unsupported_type(method, exchange);
        return;
    }
    if (method->method->kind != GRPC_UNARY) {
        connect_stream_serve(method, exchange, form.codec);
        return;
    }
    struct grpc_server_call *self = grpc_server_call_create(method, exchange, "connect");
    if (self == NULL) {
        http_reply_problem(exchange, STATUS_RESOURCE_EXHAUSTED);
        return;
    }
    enum status status = connect_take_headers(self, &form);
    if (status == STATUS_OK) {
        status = grpc_server_call_admit(self);
    }
    if (status == STATUS_OK) {
        status = connect_read_body(self, form, &request);
    }
    if (status == STATUS_OK) {
        run(self, form.codec, request);
    } else {
        reply_error(self, status);
    }
}

static void serve_get(const struct grpc_server_method *method, struct http_exchange *exchange)
{
    struct connect_form form = {.gzip = false};
    ProtobufCMessage *request = NULL;
    struct grpc_server_call *self = grpc_server_call_create(method, exchange, "connect");
    if (self == NULL) {
        http_reply_problem(exchange, STATUS_RESOURCE_EXHAUSTED);
        return;
    }
    enum status status = connect_take_headers(self, &form);
    if (status == STATUS_OK) {
        status = connect_take_query(self, &form);
        if (status == STATUS_NOT_FOUND) {
            reply_unsupported_type(method, exchange);
            return;
        }
    }
    if (status == STATUS_OK) {
        status = grpc_server_call_admit(self);
    }
    if (status == STATUS_OK) {
        status = connect_read_query(self, form, &request);
    }
    if (status == STATUS_OK) {
        run(self, form.codec, request);
    } else {
        reply_error(self, status);
    }
}

void connect_serve(const struct grpc_server_method *method, struct http_exchange *exchange)
{
    static const struct http_header allow_post = {TEXT_INIT("allow"), TEXT_INIT("POST")};
    static const struct http_header allow_get = {TEXT_INIT("allow"), TEXT_INIT("GET, HEAD, POST")};
    const struct http_request *request = http_exchange_request(exchange);
    bool may_get = method->method->kind == GRPC_UNARY && method->method->no_side_effects;
    if (text_equal(request->method, TEXT("POST"))) {
        serve_post(method, exchange);
    } else if (may_get && (text_equal(request->method, TEXT("GET")) ||
                           text_equal(request->method, TEXT("HEAD")))) {
        serve_get(method, exchange);
    } else {
        http_reply_problem_with(exchange, 405, TEXT("the method is not allowed here"),
                                may_get ? &allow_get : &allow_post, 1);
    }
}
