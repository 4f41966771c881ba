/* A unary call made several times at once, where one answer is enough (gRFC A6, "Hedging Policy").
 */
#include "base/arena.h"
#include "base/clock.h"
#include "grpc/grpc_client_call.h"

/* One of the attempts, which has a fiber of its own. */
struct hedge {
    struct hedging *hedging;
    struct grpc_client_call call;
    struct call caller;
    struct cancellation cancellation;
    enum status status;
    ProtobufCMessage *response;
    bool done;
    bool seen; /* its end was looked at */
};

struct hedging {
    struct grpc_client_call *main;
    const ProtobufCMessage *request;
    const ProtobufCMessageDescriptor *response_type;
    const struct grpc_hedging_policy *policy;
    struct hedge attempts[GRPC_ATTEMPTS_MAX];
    unsigned started;
    bool is_last; /* no further attempt is begun */
    int64_t next_ns;
    struct fiber_wait changed;
    struct fiber_group group;
};

static void run_attempt(void *argument)
{
    struct hedge *hedge = argument;
    hedge->status = grpc_client_unary_run(&hedge->call, hedge->hedging->request, &hedge->response);
    hedge->done = true;
    fiber_wait_signal(&hedge->hedging->changed);
}

/* The call's settings were applied to it: its deadline is what is left, its peer's share taken. */
static void init_attempt(struct hedging *self, struct hedge *hedge)
{
    struct grpc_client_call *main = self->main;
    *hedge = (struct hedge){.hedging = self, .caller = main->own};
    cancellation_init(&hedge->cancellation);
    hedge->caller.cancellation = &hedge->cancellation;
    hedge->caller.identity.peer = (struct text){NULL, 0};
    grpc_client_call_init(&hedge->call, main->channel, &hedge->caller, main->path, main->options);
    grpc_client_call_set_response(&hedge->call, self->response_type);
    hedge->call.stream.receives_one = true;
    hedge->call.silent = true;
    hedge->call.retry.policy = NULL;
    hedge->call.retry.previous_attempts = self->started;
    hedge->call.avoid = self->started > 0 ? self->attempts[self->started - 1].call.avoid : NULL;
}

static bool may_start(const struct hedging *self)
{
    unsigned most = self->policy->attempts_max < GRPC_ATTEMPTS_MAX ? self->policy->attempts_max
                                                                   : GRPC_ATTEMPTS_MAX;
    return !self->is_last &&
           (self->started == 0 ||
            (self->started < most && grpc_retry_throttle_allows(self->main->retry.throttle)));
}

static void start_attempt(struct hedging *self, int64_t now_ns)
{
    struct hedge *hedge = &self->attempts[self->started];
    init_attempt(self, hedge);
    self->started++;
    self->next_ns = now_ns + self->policy->delay_ns;
    if (fiber_group_start(&self->group, run_attempt, hedge) != STATUS_OK) {
        hedge->status =
            call_fail(&hedge->caller, STATUS_RESOURCE_EXHAUSTED, "no fiber for the call");
        hedge->done = true;
        self->is_last = true;
    }
}

/* A failure that others may still mend: the next attempt begins when the server says, or at once.
 */
static void survive(struct hedging *self, const struct hedge *hedge, int64_t now_ns)
{
    int64_t pushback_ms = hedge->call.pushback_ms;
    grpc_retry_throttle_take(self->main->retry.throttle);
    if (pushback_ms == GRPC_PUSHBACK_NEVER) {
        self->is_last = true;
    } else {
        self->next_ns =
            pushback_ms != GRPC_PUSHBACK_NONE ? now_ns + pushback_ms * CLOCK_NS_PER_MS : now_ns;
    }
}

/* The attempt whose end is the call's; NULL: there is none yet. */
static struct hedge *find_decision(struct hedging *self, int64_t now_ns)
{
    struct hedge *last = NULL;
    bool is_running = false;
    for (unsigned i = 0; i < self->started; i++) {
        struct hedge *hedge = &self->attempts[i];
        is_running = is_running || !hedge->done;
        if (!hedge->done || hedge->seen) {
            continue;
        }
        hedge->seen = true;
        last = hedge;
        if (hedge->status == STATUS_OK ||
            (self->policy->non_fatal & GRPC_STATUS_BIT(hedge->status)) == 0) {
            return hedge;
        }
        survive(self, hedge, now_ns);
    }
    return is_running || may_start(self) ? NULL : last;
}

/* Until an attempt has ended or the next one is due. */
static enum status await_change(struct hedging *self)
{
    struct call waiting = *self->main->call;
    if (may_start(self) && self->next_ns < waiting.deadline_ns) {
        waiting.deadline_ns = self->next_ns;
    }
    enum status status = fiber_wait(&waiting, &self->changed);
    bool is_due = status == STATUS_DEADLINE_EXCEEDED && call_check(self->main->call) == STATUS_OK;
    return is_due ? STATUS_OK : status;
}

/* *ret_decision: NULL unless STATUS_OK. */
static enum status run_attempts(struct hedging *self, struct hedge **ret_decision)
{
    enum status status = call_check(self->main->call);
    while (status == STATUS_OK) {
        int64_t now_ns = clock_monotonic_ns();
        struct hedge *decision = find_decision(self, now_ns);
        if (decision != NULL) {
            *ret_decision = decision;
            return STATUS_OK;
        }
        if (may_start(self) && now_ns >= self->next_ns) {
            start_attempt(self, now_ns);
        } else {
            status = await_change(self);
        }
    }
    return status;
}

/* The others are of no use any more. */
static void end_attempts(struct hedging *self)
{
    for (unsigned i = 0; i < self->started; i++) {
        cancellation_request(&self->attempts[i].cancellation);
    }
    fiber_group_join(&self->group);
    for (unsigned i = 0; i < self->started; i++) {
        (void)grpc_client_call_end(&self->attempts[i].call, self->attempts[i].status);
    }
}

enum status grpc_client_unary_hedge(struct grpc_client_call *main, const ProtobufCMessage *request,
                                    const ProtobufCMessageDescriptor *response_type,
                                    ProtobufCMessage **ret_response)
{
    struct hedge *decision = NULL;
    struct hedging *self = arena_calloc(main->call->arena, 1, sizeof(*self));
    if (self == NULL) {
        return call_fail(main->call, STATUS_RESOURCE_EXHAUSTED, "no memory for the call");
    }
    self->main = main;
    self->request = request;
    self->response_type = response_type;
    self->policy = main->hedging;
    fiber_wait_init(&self->changed);
    fiber_group_init(&self->group);
    enum status status = run_attempts(self, &decision);
    if (decision != NULL) {
        status = decision->status;
        *ret_response = decision->response;
        grpc_client_unary_keep_reply(&decision->call);
    }
    end_attempts(self);
    if (decision != NULL) {
        main->own.error = decision->caller.error;
    }
    return status;
}
