#include "grpc/grpc_retry.h"

#include "base/check.h"
#include "base/clock.h"

const struct grpc_retry_policy grpc_retry_idempotent = {
    .attempts_max = GRPC_ATTEMPTS_MAX,
    .backoff =
        {
            .first_ns = 100 * CLOCK_NS_PER_MS,
            .most_ns = 1 * CLOCK_NS_PER_S,
            .factor = 2,
            .jitter = 0.2,
        },
    .statuses = GRPC_STATUS_BIT(STATUS_UNAVAILABLE),
};

void grpc_retry_throttle_init(struct grpc_retry_throttle *throttle, unsigned tokens_max,
                              unsigned ratio)
{
    CHECK(tokens_max > 0 && tokens_max <= GRPC_RETRY_TOKENS_MAX);
    throttle->tokens_max = tokens_max * GRPC_RETRY_TOKEN;
    throttle->tokens = throttle->tokens_max;
    throttle->ratio = ratio;
}

bool grpc_retry_throttle_allows(const struct grpc_retry_throttle *throttle)
{
    return throttle->tokens > throttle->tokens_max / 2;
}

void grpc_retry_throttle_take(struct grpc_retry_throttle *throttle)
{
    throttle->tokens -= throttle->tokens < GRPC_RETRY_TOKEN ? throttle->tokens : GRPC_RETRY_TOKEN;
}

void grpc_retry_succeeded(struct grpc_retry *self)
{
    struct grpc_retry_throttle *throttle = self->throttle;
    uint32_t room = throttle->tokens_max - throttle->tokens;
    throttle->tokens += throttle->ratio < room ? throttle->ratio : room;
}

/* What reached nobody costs no token and counts as no attempt. */
static bool may_retry_at_once(struct grpc_retry *self, const struct grpc_attempt_end *end)
{
    if (end->reach == GRPC_REACH_UNSENT && self->unsent < GRPC_UNSENT_RETRIES_MAX) {
        self->unsent++;
        return true;
    }
    if (end->reach == GRPC_REACH_REFUSED && !self->refused) {
        self->refused = true;
        return true;
    }
    return false;
}

/* Whether the policy is about such an end at all. */
static bool is_retryable(const struct grpc_retry *self, const struct grpc_attempt_end *end)
{
    return self->policy != NULL && end->reach != GRPC_REACH_LOCAL &&
           (self->policy->statuses & GRPC_STATUS_BIT(end->status)) != 0;
}

static unsigned attempts_max(const struct grpc_retry_policy *policy)
{
    return policy->attempts_max < GRPC_ATTEMPTS_MAX ? policy->attempts_max : GRPC_ATTEMPTS_MAX;
}

static int64_t next_wait(struct grpc_retry *self, int64_t pushback_ms, double fraction)
{
    if (pushback_ms != GRPC_PUSHBACK_NONE) {
        self->backoffs = 0;
        return pushback_ms * CLOCK_NS_PER_MS;
    }
    self->backoffs++;
    return grpc_backoff_ns(&self->policy->backoff, self->backoffs, fraction);
}

bool grpc_retry_after(struct grpc_retry *self, const struct grpc_attempt_end *end, double fraction,
                      int64_t *ret_wait_ns)
{
    bool never = end->pushback_ms == GRPC_PUSHBACK_NEVER;
    bool retryable = is_retryable(self, end);
    if (end->remaining_ns <= 0) {
        return false;
    }
    if (!end->committed && may_retry_at_once(self, end)) {
        *ret_wait_ns = 0;
        return true;
    }
    if (retryable || never) {
        grpc_retry_throttle_take(self->throttle);
    }
    if (!retryable || never || end->committed ||
        (end->reach == GRPC_REACH_NO_INSTANCE && !self->policy->when_unreachable) ||
        self->previous_attempts + 1 >= attempts_max(self->policy) ||
        !grpc_retry_throttle_allows(self->throttle)) {
        return false;
    }
    int64_t wait_ns = next_wait(self, end->pushback_ms, fraction);
    if (wait_ns >= end->remaining_ns) {
        return false; /* rather what went wrong now than DEADLINE_EXCEEDED later */
    }
    self->previous_attempts++;
    *ret_wait_ns = wait_ns;
    return true;
}
