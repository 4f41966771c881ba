#include "grpc/grpc_client_headers.h"

#include "access/access_tokens.h"
#include "base/arena.h"
#include "grpc/grpc_metadata.h"
#include "grpc/grpc_timeout.h"

enum { OWN_HEADERS_MAX = 13 };

static const struct http_header constant_headers[] = {
    {TEXT_INIT("te"), TEXT_INIT("trailers")},
    {TEXT_INIT("user-agent"), TEXT_INIT("grpc-c-marquee/0.1")},
    {TEXT_INIT("grpc-accept-encoding"), TEXT_INIT("identity,gzip")},
};

static const struct http_header content_types[] = {
    [GRPC_CODEC_PROTO] = {TEXT_INIT("content-type"), TEXT_INIT("application/grpc")},
    [GRPC_CODEC_JSON] = {TEXT_INIT("content-type"), TEXT_INIT("application/grpc+json")},
};

/* The headers whose values belong to this attempt. false: no memory. */
static bool add_changing_headers(struct grpc_client_call *self, struct http_header *headers,
                                 size_t *count)
{
    struct call *call = self->call;
    if (call->deadline_ns != CALL_NO_DEADLINE) {
        char *buffer = arena_alloc(call->arena, GRPC_TIMEOUT_TEXT_BYTES);
        if (buffer == NULL) {
            return false;
        }
        headers[(*count)++] = (struct http_header){
            TEXT("grpc-timeout"), grpc_timeout_format(call_remaining_ns(call), buffer)};
    }
    char *traceparent = arena_alloc(call->arena, TRACE_PARENT_LENGTH);
    if (traceparent == NULL) {
        return false;
    }
    struct trace child = trace_child(&call->identity.trace);
    trace_format(&child, traceparent);
    headers[(*count)++] =
        (struct http_header){TEXT("traceparent"), {traceparent, TRACE_PARENT_LENGTH}};
    if (self->channel->options.tokens != NULL) {
        struct text shown =
            access_tokens_show(self->channel->options.tokens, call->arena, "Bearer ");
        if (shown.data == NULL) {
            return false;
        }
        headers[(*count)++] = (struct http_header){TEXT("authorization"), shown};
    }
    if (self->options->compress) {
        headers[(*count)++] = (struct http_header){TEXT("grpc-encoding"), TEXT("gzip")};
    }
    if (self->retry.previous_attempts > 0) {
        struct text previous = arena_format(call->arena, "%u", self->retry.previous_attempts);
        if (previous.data == NULL) {
            return false;
        }
        headers[(*count)++] = (struct http_header){TEXT("grpc-previous-rpc-attempts"), previous};
    }
    return true;
}

static enum status add_metadata(struct grpc_client_call *self, struct http_header *headers,
                                size_t *count)
{
    struct grpc_metadata_list list = {.headers = headers + *count};
    for (size_t i = 0; i < self->options->metadata_count; i++) {
        const struct grpc_metadata *entry = &self->options->metadata[i];
        if (!grpc_metadata_add(self->call->arena, &list, entry->name, entry->value)) {
            return call_fail(self->call, STATUS_INVALID_ARGUMENT,
                             "the metadata '%.*s' cannot be sent", TEXT_ARGUMENTS(entry->name));
        }
    }
    *count += list.count;
    return STATUS_OK;
}

enum status grpc_client_headers(struct grpc_client_call *self, const char *address,
                                const struct http_header **ret_headers, size_t *ret_count)
{
    struct text authority = self->channel->options.authority;
    size_t count = 0;
    size_t metadata_count = self->options->metadata_count < GRPC_METADATA_MAX
                                ? self->options->metadata_count
                                : (size_t)GRPC_METADATA_MAX;
    struct http_header *headers =
        arena_alloc(self->call->arena, (OWN_HEADERS_MAX + metadata_count) * sizeof(*headers));
    if (headers == NULL) {
        return call_fail(self->call, STATUS_RESOURCE_EXHAUSTED, "no memory for the request");
    }
    if (authority.length == 0) {
        authority = arena_copy(self->call->arena, text_of(address));
    }
    headers[count++] = (struct http_header){TEXT(":method"), TEXT("POST")};
    headers[count++] = (struct http_header){
        TEXT(":scheme"), self->channel->options.tls != NULL ? TEXT("https") : TEXT("http")};
    headers[count++] = (struct http_header){TEXT(":path"), text_of(self->path)};
    headers[count++] = (struct http_header){TEXT(":authority"), authority};
    headers[count++] = content_types[self->stream.form.codec];
    for (size_t i = 0; i < ARRAY_LENGTH(constant_headers); i++) {
        headers[count++] = constant_headers[i];
    }
    if (!add_changing_headers(self, headers, &count)) {
        return call_fail(self->call, STATUS_RESOURCE_EXHAUSTED, "no memory for the request");
    }
    CHECK(count <= OWN_HEADERS_MAX);
    enum status status = add_metadata(self, headers, &count);
    if (status == STATUS_OK) {
        *ret_headers = headers;
        *ret_count = count;
    }
    return status;
}

/* gRFC A6: a number of milliseconds; anything else means never. */
static void take_pushback(struct grpc_client_call *self, const struct http_header *headers,
                          size_t count)
{
    struct text value = http_header_find(headers, count, TEXT("grpc-retry-pushback-ms"));
    int64_t pushback_ms;
    if (value.data != NULL) {
        self->pushback_ms =
            text_to_i64(value, &pushback_ms) && pushback_ms >= 0 && pushback_ms <= INT32_MAX
                ? pushback_ms
                : GRPC_PUSHBACK_NEVER;
    }
}

enum status grpc_client_take_status(struct grpc_client_call *self,
                                    const struct http_header *headers, size_t count,
                                    enum status missing)
{
    struct text number = http_header_find(headers, count, TEXT("grpc-status"));
    struct text message = http_header_find(headers, count, TEXT("grpc-message"));
    uint64_t code;
    if (number.data == NULL) {
        return call_fail(self->call, missing, "%s: the reply has no grpc-status",
                         self->channel->options.target);
    }
    take_pushback(self, headers, count);
    enum status status =
        text_to_u64(number, &code) && code < STATUS_COUNT ? (enum status)code : STATUS_UNKNOWN;
    if (status == STATUS_OK) {
        return STATUS_OK;
    }
    if (message.length == 0) {
        return call_fail(self->call, status, "%s: %s", self->channel->options.target,
                         status_name(status));
    }
    struct text words = grpc_message_decode(self->call->arena, message);
    return call_fail(self->call, status, "%.*s", TEXT_ARGUMENTS(words));
}

static enum status take_encoding(struct grpc_client_call *self)
{
    struct text encoding =
        http_header_find(self->headers, self->header_count, TEXT("grpc-encoding"));
    self->stream.reader.gzip = text_equal(encoding, TEXT("gzip"));
    if (self->stream.reader.gzip || encoding.length == 0 ||
        text_equal(encoding, TEXT("identity"))) {
        return STATUS_OK;
    }
    return call_fail(self->call, STATUS_INTERNAL,
                     "%s: the reply is compressed by '%.*s', which was not offered",
                     self->channel->options.target, TEXT_ARGUMENTS(encoding));
}

/* "application/grpc" with what was sent; of protobuf also alone. */
static enum status take_content_type(struct grpc_client_call *self)
{
    struct text type = http_header_find(self->headers, self->header_count, TEXT("content-type"));
    struct text bare = text_trim(text_slice(type, 0, text_find(type, 0, ';')));
    if (text_equal(bare, content_types[self->stream.form.codec].value) ||
        (self->stream.form.codec == GRPC_CODEC_PROTO &&
         text_equal(bare, TEXT("application/grpc+proto")))) {
        return STATUS_OK;
    }
    bool other_codec = text_starts_with(bare, TEXT("application/grpc+"));
    return call_fail(self->call, other_codec ? STATUS_INTERNAL : STATUS_UNKNOWN,
                     "%s: the reply's content-type is '%.*s'", self->channel->options.target,
                     TEXT_ARGUMENTS(type));
}

enum status grpc_client_take_headers(struct grpc_client_call *self)
{
    struct text http_status = http_header_find(self->headers, self->header_count, TEXT(":status"));
    uint64_t code = 0;
    bool known = text_to_u64(http_status, &code);
    if (self->headers_only &&
        http_header_find(self->headers, self->header_count, TEXT("grpc-status")).data != NULL) {
        return grpc_client_take_status(self, self->headers, self->header_count, STATUS_UNKNOWN);
    }
    if (!known || code != 200) {
        return call_fail(self->call, status_from_http((int)code), "%s: the reply is HTTP %.*s",
                         self->channel->options.target, TEXT_ARGUMENTS(http_status));
    }
    enum status status = take_content_type(self);
    if (status == STATUS_OK && self->headers_only) {
        return grpc_client_take_status(self, self->headers, self->header_count, STATUS_UNKNOWN);
    }
    return status == STATUS_OK ? take_encoding(self) : status;
}
