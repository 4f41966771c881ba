/* What protocols share of a running call, and what a handler may ask of its own. */
#include "base/arena.h"
#include "base/clock.h"
#include "grpc/grpc_idempotency.h"
#include "grpc/grpc_server_private.h"
#include "grpc/grpc_timeout.h"

struct grpc_server_call *grpc_server_call_create(const struct grpc_server_method *method,
                                                 struct http_exchange *exchange,
                                                 const char *protocol)
{
    const struct call *call = http_exchange_call(exchange);
    struct grpc_server_call *self = arena_calloc(call->arena, 1, sizeof(*self));
    if (self != NULL) {
        self->call = *call;
        self->self = self;
        self->method = method;
        self->exchange = exchange;
        self->protocol = protocol;
        self->started_ns = http_exchange_started_ns(exchange);
    }
    return self;
}

void grpc_server_call_set_timeout(struct grpc_server_call *self, int64_t timeout_ns)
{
    int64_t limit_ms =
        timeout_ns < 0 ? self->method->deadline_default_ms : self->method->deadline_max_ms;
    int64_t limit_ns =
        limit_ms < INT64_MAX / CLOCK_NS_PER_MS ? limit_ms * CLOCK_NS_PER_MS : INT64_MAX;
    if (timeout_ns < 0 || timeout_ns > limit_ns) {
        timeout_ns = limit_ns;
    }
    self->call.deadline_ns = grpc_timeout_deadline(self->started_ns, timeout_ns);
    http_exchange_call(self->exchange)->deadline_ns = self->call.deadline_ns;
}

static enum status check_at(struct grpc_server_call *self, int64_t now_ns)
{
    enum status status = call_check_at(&self->call, now_ns);
    return status == STATUS_DEADLINE_EXCEEDED
               ? call_fail(&self->call, status, "the deadline has passed")
               : status;
}

enum status grpc_server_call_check(struct grpc_server_call *self)
{
    return check_at(self, clock_monotonic_ns());
}

enum status grpc_server_call_run_handler(struct grpc_server_call *self, ProtobufCMessage *request,
                                         ProtobufCMessage **ret_response)
{
    const struct grpc_method *method = self->method->method;
    ProtobufCMessage *response = proto_message_create(self->call.arena, method->response);
    if (response == NULL) {
        return call_fail(&self->call, STATUS_RESOURCE_EXHAUSTED, "no memory for the reply");
    }
    enum status status = method->unary(self->method->state, &self->call, request, response);
    self->ended_ns = clock_monotonic_ns();
    if (status == STATUS_OK) {
        *ret_response = response;
    }
    return status;
}

enum status grpc_server_call_run_unary(struct grpc_server_call *self, ProtobufCMessage *request,
                                       ProtobufCMessage **ret_response)
{
    /* Waiting for the request, if it had to be waited for, has looked at the clock. */
    enum status status = check_at(self, self->started_ns);
    if (status != STATUS_OK) {
        return status;
    }
    status = grpc_server_call_examine(self, request);
    if (status != STATUS_OK) {
        return status;
    }
    status = grpc_idempotency_applies(self)
                 ? grpc_idempotency_run(self, request, ret_response)
                 : grpc_server_call_run_handler(self, request, ret_response);
    /* When no handler ran, nothing has waited since the last look at the clock. */
    enum status over = self->ended_ns != 0 ? check_at(self, self->ended_ns) : STATUS_OK;
    return over != STATUS_OK ? over : status;
}

void grpc_server_call_observe(struct grpc_server_call *self, enum status status)
{
    struct call *exchange_call = http_exchange_call(self->exchange);
    if (self->call.error.message.length == 0) {
        self->call.error = exchange_call->error; /* what reading the body had to say */
    }
    exchange_call->error = self->call.error;
    *http_exchange_note(self->exchange) = (int)status + 1; /* 0: nobody has told of it */
    grpc_server_call_tell(self, status);
}

/* The running call that `call` is the handler's part of. */
static struct grpc_server_call *server_call_of(struct call *call)
{
    struct grpc_server_call *self = CONTAINER_OF(call, struct grpc_server_call, call);
    CHECK(self->self == self);
    return self;
}

struct http_exchange *grpc_request_exchange(struct call *call)
{
    return server_call_of(call)->exchange;
}

const struct http_header *grpc_request_headers(struct call *call, size_t *ret_count)
{
    const struct http_request *request = http_exchange_request(server_call_of(call)->exchange);
    *ret_count = request->header_count;
    return request->headers;
}

struct text grpc_request_metadata(struct call *call, struct text name)
{
    size_t count;
    const struct http_header *headers = grpc_request_headers(call, &count);
    return grpc_metadata_find(call->arena, headers, count, name);
}

bool grpc_add_initial_metadata(struct call *call, struct text name, struct text value)
{
    struct grpc_server_call *self = server_call_of(call);
    return !self->headers_sent && grpc_metadata_add(call->arena, &self->initial, name, value);
}

bool grpc_add_trailing_metadata(struct call *call, struct text name, struct text value)
{
    struct grpc_server_call *self = server_call_of(call);
    return grpc_metadata_add(call->arena, &self->trailing, name, value);
}

enum status grpc_send_headers(struct call *call)
{
    struct grpc_server_call *self = server_call_of(call);
    return self->send_headers != NULL ? self->send_headers(self) : STATUS_OK;
}

bool grpc_add_error_detail(struct call *call, struct text type_name, struct text message)
{
    struct grpc_server_call *self = server_call_of(call);
    if (self->details == NULL) {
        self->details = arena_calloc(call->arena, GRPC_ERROR_DETAILS_MAX, sizeof(*self->details));
    }
    if (self->details == NULL || self->detail_count >= GRPC_ERROR_DETAILS_MAX) {
        return false;
    }
    struct grpc_error_detail detail = {arena_copy(call->arena, type_name),
                                       arena_copy(call->arena, message)};
    if (detail.type_name.data == NULL || detail.message.data == NULL) {
        return false;
    }
    self->details[self->detail_count++] = detail;
    return true;
}

void grpc_set_pushback(struct call *call, int64_t retry_after_ms)
{
    struct grpc_server_call *self = server_call_of(call);
    self->pushback_ms = retry_after_ms;
    self->pushback_set = true;
}

bool grpc_compress_reply(struct call *call, bool compress)
{
    struct grpc_server_call *self = server_call_of(call);
    if (compress && (!self->gzip_accepted || (self->headers_sent && !self->gzip_announced))) {
        return false;
    }
    self->gzip_announced = self->gzip_announced || compress;
    self->stream.form.compress = compress;
    return true;
}

bool grpc_request_was_compressed(struct call *call)
{
    return grpc_received_compressed(&server_call_of(call)->stream);
}
