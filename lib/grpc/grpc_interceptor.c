#include "grpc/grpc_interceptor.h"

#include "base/clock.h"
#include "grpc/grpc_server_private.h"

enum status grpc_server_call_admit(struct grpc_server_call *self)
{
    const struct grpc_server_options *options = &self->method->server->options;
    const struct http_overload *overload = http_exchange_overload(self->exchange);
    if (overload != NULL) {
        grpc_set_pushback(&self->call, overload->retry_after_ms);
        return call_fail(&self->call, overload->status, "%s", overload->reason);
    }
    enum status status = STATUS_OK;
    for (size_t i = 0; i < options->interceptor_count && status == STATUS_OK; i++) {
        const struct grpc_interceptor *interceptor = &options->interceptors[i];
        if (interceptor->before != NULL) {
            status = interceptor->before(interceptor->state, &self->call, self->method->path);
        }
    }
    return status;
}

enum status grpc_server_call_examine(struct grpc_server_call *self, ProtobufCMessage *request)
{
    const struct grpc_server_options *options = &self->method->server->options;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < options->interceptor_count && status == STATUS_OK; i++) {
        const struct grpc_interceptor *interceptor = &options->interceptors[i];
        if (interceptor->examine != NULL) {
            status =
                interceptor->examine(interceptor->state, &self->call, self->method->path, request);
        }
    }
    return status;
}

void grpc_server_call_tell(struct grpc_server_call *self, enum status status)
{
    const struct grpc_server_options *options = &self->method->server->options;
    if (options->interceptor_count == 0) {
        return;
    }
    int64_t ended_ns = self->ended_ns != 0 ? self->ended_ns : clock_monotonic_ns();
    const struct grpc_outcome outcome = {
        .method = self->method->path,
        .protocol = self->protocol,
        .status = status,
        .duration_ns = ended_ns - self->started_ns,
        .received_bytes = self->body_bytes + self->stream.reader.read_bytes,
        .sent_bytes = self->sent_bytes + self->stream.sent_bytes,
    };
    for (size_t i = options->interceptor_count; i > 0; i--) {
        const struct grpc_interceptor *interceptor = &options->interceptors[i - 1];
        if (interceptor->after != NULL) {
            interceptor->after(interceptor->state, &self->call, &outcome);
        }
    }
}
