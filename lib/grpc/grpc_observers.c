#include "grpc/grpc_observers.h"

#include "base/log.h"
#include "loop/loop.h"
#include "telemetry/telemetry.h"

/* Failures that are ours to look into; what clients do wrong is told to them, and counted. */
static bool is_ours(const struct call *call, enum status status)
{
    if (call->identity.is_limited) {
        return false;
    }
    return status == STATUS_INTERNAL || status == STATUS_UNKNOWN || status == STATUS_DATA_LOSS ||
           status == STATUS_UNAVAILABLE || status == STATUS_RESOURCE_EXHAUSTED;
}

void grpc_log_request(const struct log *log, const struct call *call,
                      const struct grpc_outcome *outcome)
{
    enum log_level level = is_ours(call, outcome->status) ? LOG_WARNING : LOG_DEBUG;
    if (level < log->level) {
        return;
    }
    log_call(log, level, call, "request",
             LOG_FIELDS(log_string("method", outcome->method),
                        log_string("protocol", outcome->protocol),
                        log_string("status", status_name(outcome->status)),
                        log_integer("duration_us", outcome->duration_ns / 1000),
                        log_integer("received_bytes", (int64_t)outcome->received_bytes),
                        log_integer("sent_bytes", (int64_t)outcome->sent_bytes),
                        log_text("peer", call->identity.peer),
                        log_text("subject", call->identity.subject)));
}

static void log_outcome(void *state, struct call *call, const struct grpc_outcome *outcome)
{
    grpc_log_request(state, call, outcome);
}

struct grpc_interceptor grpc_log_calls(struct log *log)
{
    return (struct grpc_interceptor){.after = log_outcome, .state = log};
}

static void count_outcome(void *state, struct call *call, const struct grpc_outcome *outcome)
{
    (void)call;
    telemetry_observe(state, loop_index(loop_current()), TELEMETRY_SERVED, outcome->protocol,
                      outcome->method, outcome->status, outcome->duration_ns);
}

struct grpc_interceptor grpc_count_calls(struct telemetry *telemetry)
{
    return (struct grpc_interceptor){.after = count_outcome, .state = telemetry};
}
