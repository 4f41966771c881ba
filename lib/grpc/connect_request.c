#include "grpc/connect_request.h"

#include "base/clock.h"
#include "grpc/grpc_gzip.h"
#include "grpc/grpc_server_private.h"
#include "json/base64.h"

enum { TIMEOUT_DIGITS_MAX = 10 };

enum status connect_take_timeout(struct call *call, struct text value, int64_t *ret_timeout_ns)
{
    uint64_t timeout_ms;
    if (value.length > TIMEOUT_DIGITS_MAX || !text_to_u64(value, &timeout_ms)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "connect-timeout-ms is not a number of at most %d digits",
                         TIMEOUT_DIGITS_MAX);
    }
    *ret_timeout_ns = (int64_t)timeout_ms * CLOCK_NS_PER_MS;
    return STATUS_OK;
}

static enum status take_encoding(struct call *call, struct text encoding, bool *ret_gzip)
{
    *ret_gzip = text_equal(encoding, TEXT("gzip"));
    if (*ret_gzip || encoding.length == 0 || text_equal(encoding, TEXT("identity"))) {
        return STATUS_OK;
    }
    return call_fail(call, STATUS_UNIMPLEMENTED,
                     "there is no compression '%.*s' here: gzip and identity are supported",
                     TEXT_ARGUMENTS(encoding));
}

enum status connect_take_headers(struct grpc_server_call *self, struct connect_form *ret_form)
{
    const struct http_request *request = http_exchange_request(self->exchange);
    struct call *call = &self->call;
    enum status status = STATUS_OK;
    int64_t timeout_ns = -1;
    for (size_t i = 0; i < request->header_count && status == STATUS_OK; i++) {
        const struct http_header *header = &request->headers[i];
        if (text_equal(header->name, TEXT("connect-timeout-ms"))) {
            status = connect_take_timeout(call, header->value, &timeout_ns);
        } else if (text_equal(header->name, TEXT("content-encoding"))) {
            status = take_encoding(call, header->value, &ret_form->gzip);
        } else if (text_equal(header->name, TEXT("accept-encoding"))) {
            self->gzip_accepted = grpc_accepts_encoding(header->value, TEXT("gzip"));
        } else if (text_equal(header->name, TEXT("connect-protocol-version")) &&
                   !text_equal(header->value, TEXT("1"))) {
            status = call_fail(call, STATUS_INVALID_ARGUMENT, "connect-protocol-version is not 1");
        }
    }
    grpc_server_call_set_timeout(self, timeout_ns);
    return status;
}

/* A parameter that need not be there: {NULL, 0} then. */
static enum status optional_parameter(struct grpc_server_call *self, struct text name,
                                      struct text *ret_value)
{
    const struct http_request *request = http_exchange_request(self->exchange);
    enum status status = http_query_parameter(&self->call, request->query, name, ret_value);
    if (status == STATUS_NOT_FOUND) {
        *ret_value = (struct text){NULL, 0};
        return STATUS_OK;
    }
    return status;
}

enum status connect_take_query(struct grpc_server_call *self, struct connect_form *ret_form)
{
    struct text codec = {NULL, 0};
    struct text compression = {NULL, 0};
    struct text version = {NULL, 0};
    enum status status = optional_parameter(self, TEXT("encoding"), &codec);
    if (status == STATUS_OK) {
        status = optional_parameter(self, TEXT("compression"), &compression);
    }
    if (status == STATUS_OK) {
        status = optional_parameter(self, TEXT("connect"), &version);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (!grpc_codec_parse(codec, &ret_form->codec)) {
        return STATUS_NOT_FOUND;
    }
    if (version.data != NULL && !text_equal(version, TEXT("v1"))) {
        return call_fail(&self->call, STATUS_INVALID_ARGUMENT, "connect is not v1");
    }
    return take_encoding(&self->call, compression, &ret_form->gzip);
}

static enum status decode(struct grpc_server_call *self, struct connect_form form,
                          struct text bytes, ProtobufCMessage **ret_message)
{
    const struct grpc_server_method *method = self->method;
    CLEANUP(buffer_deinit) struct buffer inflated;
    buffer_init(&inflated, method->server->options.message_bytes_max);
    enum status status = STATUS_OK;
    if (form.gzip && bytes.length > 0) {
        status = grpc_gzip_inflate(&self->call, bytes, &inflated);
        bytes = buffer_text(&inflated);
    }
    if (status == STATUS_OK) {
        status = grpc_codec_decode(&self->call, form.codec, method->request, bytes, ret_message);
    }
    /* What gRPC calls internal is here what it is: the client's mistake. */
    return status == STATUS_INTERNAL ? STATUS_INVALID_ARGUMENT : status;
}

enum status connect_read_body(struct grpc_server_call *self, struct connect_form form,
                              ProtobufCMessage **ret_message)
{
    struct text body;
    size_t bytes_max = self->method->server->options.message_bytes_max;
    enum status status = http_read_all(self->exchange, bytes_max, &body);
    if (status == STATUS_RESOURCE_EXHAUSTED) {
        return call_fail(&self->call, status, "the message is over the limit of %zu bytes",
                         bytes_max);
    }
    return status == STATUS_OK ? decode(self, form, body, ret_message) : status;
}

enum status connect_read_query(struct grpc_server_call *self, struct connect_form form,
                               ProtobufCMessage **ret_message)
{
    struct call *call = &self->call;
    struct text message = {NULL, 0};
    struct text base64 = {NULL, 0};
    enum status status = optional_parameter(self, TEXT("message"), &message);
    if (status == STATUS_OK) {
        status = optional_parameter(self, TEXT("base64"), &base64);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (message.data == NULL) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the query has no message");
    }
    if (text_equal(base64, TEXT("1"))) {
        bool valid = false;
        message = base64_decode(call->arena, message, &valid);
        if (!valid || message.data == NULL) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "the message is not base64");
        }
    }
    return decode(self, form, message, ret_message);
}
