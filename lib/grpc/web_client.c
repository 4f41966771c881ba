#include "grpc/web_client.h"

#include "base/arena.h"
#include "base/clock.h"
#include "grpc/grpc_gzip.h"
#include "grpc/grpc_metadata.h"
#include "grpc/grpc_server.h"
#include "grpc/web_client_private.h"

static const struct web_call_options no_options;

/* What a protocol does, between encoding and decoding. */
static const struct {
    enum status (*prepare)(struct web_call *self, const ProtobufCMessage *request,
                           struct web_request *ret_request);
    enum status (*conclude)(struct web_call *self, ProtobufCMessage **ret_response);
} protocols[] = {
    [WEB_CONNECT] = {connect_client_prepare, connect_client_conclude},
    [WEB_GRPC] = {grpc_web_client_prepare, grpc_web_client_conclude},
};

static size_t message_bytes_max(const struct web_call *self)
{
    size_t bytes_max = self->client->message_bytes_max;
    return bytes_max > 0 ? bytes_max : (size_t)GRPC_MESSAGE_BYTES_MAX;
}

void web_call_add_header(struct web_call *self, struct text name, struct text value)
{
    CHECK(self->header_count < WEB_CLIENT_OWN_HEADERS_MAX);
    self->headers[self->header_count++] = (struct http_header){name, value};
}

int64_t web_call_remaining_ms(const struct web_call *self)
{
    if (self->call->deadline_ns == CALL_NO_DEADLINE) {
        return -1;
    }
    return call_remaining_ns(self->call) / CLOCK_NS_PER_MS + 1;
}

struct text web_call_content_type(const struct web_call *self)
{
    struct text type =
        http_header_find(self->http.headers, self->http.header_count, TEXT("content-type"));
    return text_trim(text_slice(type, 0, text_find(type, 0, ';')));
}

enum status web_call_fail_type(struct web_call *self, bool another_codec)
{
    return call_fail(self->call, another_codec ? STATUS_INTERNAL : STATUS_UNKNOWN,
                     "the reply's content-type is '%.*s'",
                     TEXT_ARGUMENTS(web_call_content_type(self)));
}

enum status web_call_inflate(struct web_call *self, struct text bytes, struct text *ret_inflated)
{
    CLEANUP(buffer_deinit) struct buffer inflated;
    buffer_init(&inflated, message_bytes_max(self));
    enum status status = grpc_gzip_inflate(self->call, bytes, &inflated);
    if (status != STATUS_OK) {
        return status;
    }
    struct text copy = arena_copy(self->call->arena, buffer_text(&inflated));
    if (copy.data == NULL) {
        return call_fail(self->call, STATUS_RESOURCE_EXHAUSTED, "no memory for the reply");
    }
    *ret_inflated = copy;
    return STATUS_OK;
}

enum status web_call_decode(struct web_call *self, struct text bytes, bool gzip,
                            ProtobufCMessage **ret_response)
{
    /* Nothing is nothing, compressed or not. */
    if (gzip && bytes.length > 0) {
        enum status status = web_call_inflate(self, bytes, &bytes);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (bytes.length > message_bytes_max(self)) {
        return call_fail(self->call, STATUS_RESOURCE_EXHAUSTED,
                         "a message of %zu bytes is over the limit of %zu", bytes.length,
                         message_bytes_max(self));
    }
    enum status status = grpc_codec_decode(self->call, self->client->codec, self->response_type,
                                           bytes, ret_response);
    /* A bad reply is nothing that the caller's arguments could mend. */
    return status == STATUS_INVALID_ARGUMENT ? STATUS_INTERNAL : status;
}

static enum status add_metadata(struct web_call *self)
{
    struct grpc_metadata_list list = {.headers = self->headers + self->header_count};
    for (size_t i = 0; i < self->options->metadata_count; i++) {
        const struct grpc_metadata *entry = &self->options->metadata[i];
        if (!grpc_metadata_add(self->call->arena, &list, entry->name, entry->value)) {
            return call_fail(self->call, STATUS_INVALID_ARGUMENT,
                             "the metadata '%.*s' cannot be sent", TEXT_ARGUMENTS(entry->name));
        }
    }
    self->header_count += list.count;
    return STATUS_OK;
}

/* Over HTTP/1.1. */
static enum status send_http1(struct web_call *self, const struct web_request *request)
{
    const struct http_client_request http = {
        .method = request->method,
        .url = arena_format(self->call->arena, "%.*s%.*s", TEXT_ARGUMENTS(self->client->base_url),
                            TEXT_ARGUMENTS(request->target)),
        .headers = self->headers,
        .header_count = self->header_count,
        .body = request->body,
    };
    if (http.url.data == NULL) {
        return call_fail(self->call, STATUS_RESOURCE_EXHAUSTED, "no memory for the request");
    }
    return http_client_send(self->client->http, self->call, &http, &self->http);
}

static enum status exchange(struct web_call *self, const ProtobufCMessage *request,
                            ProtobufCMessage **ret_response)
{
    struct web_request http = {.method = "POST", .target = text_of(self->path)};
    enum status status = protocols[self->client->protocol].prepare(self, request, &http);
    if (status == STATUS_OK) {
        status = add_metadata(self);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status =
        self->client->channel != NULL ? web_call_send_http2(self, &http) : send_http1(self, &http);
    bool over = status == STATUS_DEADLINE_EXCEEDED || status == STATUS_CANCELLED ||
                status == STATUS_UNAVAILABLE;
    if (over && call_check(self->call) == STATUS_DEADLINE_EXCEEDED) {
        return call_fail(self->call, STATUS_DEADLINE_EXCEEDED, "no reply within the deadline");
    }
    if (status == STATUS_CANCELLED) {
        return call_fail(self->call, status, "the call was cancelled");
    }
    return status == STATUS_OK ? protocols[self->client->protocol].conclude(self, ret_response)
                               : status;
}

enum status web_call_unary(const struct web_client *client, struct call *call, const char *path,
                           const struct web_call_options *options, const ProtobufCMessage *request,
                           const ProtobufCMessageDescriptor *response_type,
                           ProtobufCMessage **ret_response)
{
    struct web_call self = {
        .client = client,
        .call = call,
        .path = path,
        .options = options != NULL ? options : &no_options,
        .request_type = proto_pool_type(client->pool, request->descriptor),
        .response_type = proto_pool_type(client->pool, response_type),
        .headers = arena_calloc(call->arena, WEB_CLIENT_OWN_HEADERS_MAX + GRPC_METADATA_MAX,
                                sizeof(*self.headers)),
    };
    CHECK(self.request_type != NULL && self.response_type != NULL);
    if (self.headers == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the request");
    }
    ProtobufCMessage *response = NULL;
    buffer_init(&self.body, HTTP_CLIENT_REPLY_BYTES_MAX);
    enum status status = exchange(&self, request, &response);
    buffer_deinit(&self.body);
    if (self.options->ret_reply != NULL) {
        *self.options->ret_reply = self.reply;
    }
    if (status == STATUS_OK) {
        *ret_response = response;
    }
    return status;
}
