/* The Connect protocol's unary calls, for web_client.h. */
#include "base/arena.h"
#include "grpc/grpc_gzip.h"
#include "grpc/web_client_private.h"
#include "json/base64.h"
#include "json/json.h"

static const struct http_header content_types[] = {
    [GRPC_CODEC_PROTO] = {TEXT_INIT("content-type"), TEXT_INIT("application/proto")},
    [GRPC_CODEC_JSON] = {TEXT_INIT("content-type"), TEXT_INIT("application/json")},
};

static enum status no_memory(struct web_call *self)
{
    return call_fail(self->call, STATUS_RESOURCE_EXHAUSTED, "no memory for the request");
}

/* The message, compressed where it is to be, in self->body. */
static enum status encode(struct web_call *self, const ProtobufCMessage *request)
{
    enum grpc_codec codec = self->client->codec;
    if (!self->options->compress) {
        return grpc_codec_encode(self->call, codec, self->request_type, request, &self->body);
    }
    CLEANUP(buffer_deinit) struct buffer plain;
    buffer_init(&plain, HTTP_CLIENT_REPLY_BYTES_MAX);
    enum status status = grpc_codec_encode(self->call, codec, self->request_type, request, &plain);
    if (status != STATUS_OK) {
        return status;
    }
    return grpc_gzip_deflate(buffer_text(&plain), &self->body) ? STATUS_OK : no_memory(self);
}

/* base64 of the alphabet for URLs, without padding; {NULL, 0}: no memory. */
static struct text encode_for_url(struct arena *arena, struct text bytes)
{
    char *encoded = arena_alloc(arena, (bytes.length + 2) / 3 * 4 + 1);
    if (encoded == NULL) {
        return (struct text){NULL, 0};
    }
    size_t length = base64_encode_to(bytes, encoded);
    while (length > 0 && encoded[length - 1] == '=') {
        length--;
    }
    for (size_t i = 0; i < length; i++) {
        encoded[i] = encoded[i] == '+' ? '-' : encoded[i] == '/' ? '_' : encoded[i];
    }
    return text_of_bytes(encoded, length);
}

/* The target of a GET, its parameters in the order that makes caches agree; {NULL, 0}: no memory.
 */
static struct text get_target(struct web_call *self)
{
    struct arena *arena = self->call->arena;
    bool as_text = self->client->codec == GRPC_CODEC_JSON && !self->options->compress;
    struct text bytes = buffer_text(&self->body);
    struct text message =
        as_text ? http_percent_encode(arena, bytes) : encode_for_url(arena, bytes);
    if (message.data == NULL) {
        return message;
    }
    return arena_format(
        arena, "%s?connect=v1%s%s&encoding=%s&message=%.*s", self->path, as_text ? "" : "&base64=1",
        self->options->compress ? "&compression=gzip" : "",
        self->client->codec == GRPC_CODEC_JSON ? "json" : "proto", TEXT_ARGUMENTS(message));
}

static enum status add_timeout(struct web_call *self)
{
    int64_t remaining_ms = web_call_remaining_ms(self);
    if (remaining_ms < 0) {
        return STATUS_OK;
    }
    struct text value = arena_format(self->call->arena, "%lld", (long long)remaining_ms);
    if (value.data == NULL) {
        return no_memory(self);
    }
    web_call_add_header(self, TEXT("connect-timeout-ms"), value);
    return STATUS_OK;
}

enum status connect_client_prepare(struct web_call *self, const ProtobufCMessage *request,
                                   struct web_request *ret_request)
{
    enum status status = encode(self, request);
    if (status == STATUS_OK) {
        status = add_timeout(self);
    }
    if (status != STATUS_OK) {
        return status;
    }
    web_call_add_header(self, TEXT("accept-encoding"), TEXT("gzip"));
    web_call_add_header(self, TEXT("user-agent"), TEXT("connect-c-marquee/0.1"));
    if (self->options->get) {
        struct text target = get_target(self);
        if (target.data != NULL && target.length <= WEB_CLIENT_GET_BYTES_MAX) {
            ret_request->method = "GET";
            ret_request->target = target;
            return STATUS_OK;
        }
    }
    web_call_add_header(self, content_types[self->client->codec].name,
                        content_types[self->client->codec].value);
    web_call_add_header(self, TEXT("connect-protocol-version"), TEXT("1"));
    if (self->options->compress) {
        web_call_add_header(self, TEXT("content-encoding"), TEXT("gzip"));
    }
    ret_request->body = buffer_text(&self->body);
    return STATUS_OK;
}

/* Tells the trailing metadata, which comes as headers with a prefix, from the rest. */
static bool split_headers(struct web_call *self)
{
    static const struct text prefix = TEXT_INIT("trailer-");
    size_t count = self->http.header_count;
    struct http_header *headers = arena_calloc(self->call->arena, count + 1, sizeof(*headers));
    struct http_header *trailers = arena_calloc(self->call->arena, count + 1, sizeof(*trailers));
    if (headers == NULL || trailers == NULL) {
        return false;
    }
    self->reply.headers = headers;
    self->reply.trailers = trailers;
    for (size_t i = 0; i < count; i++) {
        struct http_header header = self->http.headers[i];
        if (text_starts_with(header.name, prefix)) {
            header.name = text_slice(header.name, prefix.length, header.name.length);
            trailers[self->reply.trailer_count++] = header;
        } else {
            headers[self->reply.header_count++] = header;
        }
    }
    return true;
}

/* "gzip" or nothing; anything else was not offered. */
static enum status take_encoding(struct web_call *self, bool *ret_gzip)
{
    struct text encoding =
        http_header_find(self->http.headers, self->http.header_count, TEXT("content-encoding"));
    *ret_gzip = text_equal(encoding, TEXT("gzip"));
    if (*ret_gzip || encoding.length == 0 || text_equal(encoding, TEXT("identity"))) {
        return STATUS_OK;
    }
    return call_fail(self->call, STATUS_INTERNAL,
                     "the reply is compressed by '%.*s', which was not offered",
                     TEXT_ARGUMENTS(encoding));
}

static void take_details(struct web_call *self, const struct json *details)
{
    struct arena *arena = self->call->arena;
    size_t count = json_kind(details) == JSON_ARRAY ? json_length(details) : 0;
    count = count < WEB_CLIENT_DETAILS_MAX ? count : (size_t)WEB_CLIENT_DETAILS_MAX;
    struct web_error_detail *list = arena_calloc(arena, count + 1, sizeof(*list));
    self->reply.details = list;
    for (size_t i = 0; list != NULL && i < count; i++) {
        const struct json *type = json_member(json_at(details, i), "type");
        const struct json *value = json_member(json_at(details, i), "value");
        bool valid = json_kind(type) == JSON_STRING && json_kind(value) == JSON_STRING;
        if (valid) {
            struct text bytes = base64_decode(arena, json_string(value), &valid);
            if (valid && bytes.data != NULL) {
                list[self->reply.detail_count++] =
                    (struct web_error_detail){json_string(type), bytes};
            }
        }
    }
}

/* The status of the member "code". OK: it is no code. */
static enum status status_of_code(const struct json *code)
{
    for (int i = 1; json_kind(code) == JSON_STRING && i < STATUS_COUNT; i++) {
        if (text_equal(json_string(code), text_of(status_connect_name((enum status)i)))) {
            return (enum status)i;
        }
    }
    return STATUS_OK;
}

/* A reply that is not HTTP 200: its body says more, where it is Connect's. */
static enum status conclude_failure(struct web_call *self)
{
    struct call *call = self->call;
    struct call within = call_within(call, 0); /* what is wrong with the words is not the failure */
    enum status status = status_from_http(self->http.status);
    const struct json *error = NULL;
    struct text body = self->http.body;
    bool gzip = false;
    struct web_call quiet = *self;
    quiet.call = &within;
    bool readable = text_equal(web_call_content_type(self), TEXT("application/json")) &&
                    take_encoding(&quiet, &gzip) == STATUS_OK &&
                    (!gzip || web_call_inflate(&quiet, body, &body) == STATUS_OK) &&
                    json_parse(&within, body, &error) == STATUS_OK;
    if (!readable || json_kind(error) != JSON_OBJECT) {
        return call_fail(call, status, "the reply is HTTP %d", self->http.status);
    }
    enum status said = status_of_code(json_member(error, "code"));
    const struct json *message = json_member(error, "message");
    take_details(self, json_member(error, "details"));
    status = said != STATUS_OK ? said : status;
    struct text words =
        json_kind(message) == JSON_STRING ? json_string(message) : (struct text){NULL, 0};
    return words.length > 0 ? call_fail(call, status, "%.*s", TEXT_ARGUMENTS(words))
                            : call_fail(call, status, "%s", status_name(status));
}

enum status connect_client_conclude(struct web_call *self, ProtobufCMessage **ret_response)
{
    bool gzip;
    if (!split_headers(self)) {
        return no_memory(self);
    }
    if (self->http.status != 200) {
        return conclude_failure(self);
    }
    struct text type = web_call_content_type(self);
    if (!text_equal(type, content_types[self->client->codec].value)) {
        return web_call_fail_type(self, text_starts_with(type, TEXT("application/")));
    }
    enum status status = take_encoding(self, &gzip);
    return status == STATUS_OK ? web_call_decode(self, self->http.body, gzip, ret_response)
                               : status;
}
