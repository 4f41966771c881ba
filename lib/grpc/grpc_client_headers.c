#include "grpc/grpc_client_headers.h"

#include "access/access_identity.h"
#include "access/access_tokens.h"
#include "base/arena.h"
#include "grpc/grpc_metadata.h"
#include "grpc/grpc_timeout.h"

enum { OWN_FIELDS_MAX = 8 };

struct field_list {
    struct hpack_field *fields; /* valid in the call's arena */
    size_t count;
};

static void add(struct field_list *list, enum hpack_token token, struct text value)
{
    list->fields[list->count++] = hpack_known_field(token, value);
}

static const struct text content_types[] = {
    [GRPC_CODEC_PROTO] = TEXT_INIT("application/grpc"),
    [GRPC_CODEC_JSON] = TEXT_INIT("application/grpc+json"),
};

void grpc_client_common_fields(const struct grpc_channel *channel, const char *address,
                               struct hpack_field fields[GRPC_COMMON_FIELDS])
{
    struct text authority = channel->options.authority;
    struct field_list list = {.fields = fields};
    add(&list, HPACK_TOKEN_METHOD, TEXT("POST"));
    add(&list, HPACK_TOKEN_SCHEME, channel->options.tls != NULL ? TEXT("https") : TEXT("http"));
    add(&list, HPACK_TOKEN_AUTHORITY, authority.length > 0 ? authority : text_of(address));
    add(&list, HPACK_TOKEN_TE, TEXT("trailers"));
    add(&list, HPACK_TOKEN_USER_AGENT, TEXT("grpc-c-marquee/0.1"));
    add(&list, HPACK_TOKEN_GRPC_ACCEPT_ENCODING, TEXT("identity,gzip"));
    CHECK(list.count == GRPC_COMMON_FIELDS);
}

/* Whom a service acts for goes with its secret. false: no memory. */
static bool add_user(struct grpc_client_call *self, struct field_list *list)
{
    struct text acting;
    if (self->channel->options.tokens == NULL) {
        return true;
    }
    if (!access_acting_for(self->call, &acting)) {
        return false;
    }
    if (acting.length > 0) {
        list->fields[list->count++] = hpack_field_of(TEXT(ACCESS_ACTING_HEADER), acting);
    }
    return true;
}

/* Fields whose values belong to this attempt. false: no memory. */
static bool add_changing_fields(struct grpc_client_call *self, struct field_list *list)
{
    struct call *call = self->call;
    if (call->deadline_ns != CALL_NO_DEADLINE) {
        char *buffer = arena_alloc(call->arena, GRPC_TIMEOUT_TEXT_BYTES);
        if (buffer == NULL) {
            return false;
        }
        add(list, HPACK_TOKEN_GRPC_TIMEOUT, grpc_timeout_format(call_remaining_ns(call), buffer));
    }
    char *traceparent = arena_alloc(call->arena, TRACE_PARENT_LENGTH);
    if (traceparent == NULL) {
        return false;
    }
    struct trace child = trace_child(&call->identity.trace);
    trace_format(&child, traceparent);
    add(list, HPACK_TOKEN_TRACEPARENT, (struct text){traceparent, TRACE_PARENT_LENGTH});
    if (self->channel->options.tokens != NULL) {
        struct text shown =
            access_tokens_show(self->channel->options.tokens, call->arena, "Bearer ");
        if (shown.data == NULL) {
            return false;
        }
        add(list, HPACK_TOKEN_AUTHORIZATION, shown);
    }
    if (!add_user(self, list)) {
        return false;
    }
    if (self->options->compress) {
        add(list, HPACK_TOKEN_GRPC_ENCODING, TEXT("gzip"));
    }
    if (self->retry.previous_attempts > 0) {
        struct text previous = arena_format(call->arena, "%u", self->retry.previous_attempts);
        if (previous.data == NULL) {
            return false;
        }
        add(list, HPACK_TOKEN_GRPC_PREVIOUS_RPC_ATTEMPTS, previous);
    }
    return true;
}

static enum status no_memory(struct grpc_client_call *self)
{
    return call_fail(self->call, STATUS_RESOURCE_EXHAUSTED, "no memory for the request");
}

static enum status add_metadata(struct grpc_client_call *self, size_t metadata_count,
                                struct field_list *list)
{
    struct http_header *headers = arena_alloc(self->call->arena, metadata_count * sizeof(*headers));
    struct grpc_metadata_list metadata = {.headers = headers};
    if (headers == NULL) {
        return no_memory(self);
    }
    for (size_t i = 0; i < self->options->metadata_count; i++) {
        const struct grpc_metadata *entry = &self->options->metadata[i];
        if (!grpc_metadata_add(self->call->arena, &metadata, entry->name, entry->value)) {
            return call_fail(self->call, STATUS_INVALID_ARGUMENT,
                             "the metadata '%.*s' cannot be sent", TEXT_ARGUMENTS(entry->name));
        }
    }
    for (size_t i = 0; i < metadata.count; i++) {
        list->fields[list->count++] = hpack_field_of(headers[i].name, headers[i].value);
    }
    return STATUS_OK;
}

enum status grpc_client_headers(struct grpc_client_call *self,
                                const struct hpack_field **ret_fields, size_t *ret_count)
{
    size_t metadata_count = self->options->metadata_count < GRPC_METADATA_MAX
                                ? self->options->metadata_count
                                : (size_t)GRPC_METADATA_MAX;
    size_t field_bytes = (OWN_FIELDS_MAX + metadata_count) * sizeof(struct hpack_field);
    struct field_list list = {.fields = arena_alloc(self->call->arena, field_bytes)};
    if (list.fields == NULL) {
        return no_memory(self);
    }
    add(&list, HPACK_TOKEN_PATH, text_of(self->path));
    add(&list, HPACK_TOKEN_CONTENT_TYPE, content_types[self->stream.form.codec]);
    if (!add_changing_fields(self, &list)) {
        return no_memory(self);
    }
    CHECK(list.count <= OWN_FIELDS_MAX);
    enum status status = metadata_count > 0 ? add_metadata(self, metadata_count, &list) : STATUS_OK;
    if (status == STATUS_OK) {
        *ret_fields = list.fields;
        *ret_count = list.count;
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
    if (text_equal(bare, content_types[self->stream.form.codec]) ||
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
