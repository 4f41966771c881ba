/* What the call, its method and its channel say of how it is to be made. */
#include "base/clock.h"
#include "grpc/grpc_client_call.h"
#include "grpc/grpc_service_config.h"
#include "grpc/grpc_timeout.h"

/* The nearest that says anything of retries. */
static const struct grpc_retry_policy *policy_of(const struct grpc_client_call *self,
                                                 const struct grpc_method_config *method)
{
    if (self->options->retry != NULL) {
        return self->options->retry;
    }
    if (method != NULL && method->has_retry) {
        return &method->retry;
    }
    if (self->channel->options.retry != NULL) {
        return self->channel->options.retry;
    }
    return self->options->idempotent ? &grpc_retry_idempotent : NULL;
}

/* What the caller is left of its time. */
static int64_t margin_ns(const struct grpc_client_call *self)
{
    int64_t margin_ms = self->channel->options.deadline_margin_ms;
    int64_t most_ns = (self->own.deadline_ns - self->started_ns) / GRPC_DEADLINE_MARGIN_SHARE;
    if (self->own.identity.peer.length == 0 || self->own.deadline_ns == CALL_NO_DEADLINE ||
        margin_ms < 0 || most_ns <= 0) {
        return 0;
    }
    int64_t margin_ns = (margin_ms > 0 ? margin_ms : GRPC_DEADLINE_MARGIN_MS) * CLOCK_NS_PER_MS;
    return margin_ns < most_ns ? margin_ns : most_ns;
}

void grpc_client_take_settings(struct grpc_client_call *self)
{
    const struct grpc_service_config *config = self->channel->options.config;
    const struct grpc_method_config *method =
        config != NULL ? grpc_service_config_find(config, text_of(self->path)) : NULL;
    self->retry.policy = policy_of(self, method);
    self->hedging = self->options->hedging;
    if (self->hedging == NULL && self->options->retry == NULL && method != NULL &&
        method->has_hedging) {
        self->hedging = &method->hedging;
    }
    self->retry.throttle = &self->channel->throttle;
    self->wait_for_ready =
        self->options->wait_for_ready || (method != NULL && method->wait_for_ready);
    self->long_poll = self->options->long_poll;
    self->own.deadline_ns -= margin_ns(self);
    if (method != NULL && method->timeout_ns > 0) {
        int64_t deadline_ns = grpc_timeout_deadline(self->started_ns, method->timeout_ns);
        if (deadline_ns < self->own.deadline_ns) {
            self->own.deadline_ns = deadline_ns;
        }
    }
}
