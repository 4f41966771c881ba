#include "grpc/grpc_client_call.h"

#include "base/clock.h"
#include "base/random.h"
#include "grpc/grpc_client_headers.h"

static const struct grpc_call_options no_options;

void grpc_client_call_init(struct grpc_client_call *self, struct grpc_channel *channel,
                           struct call *call, const char *path,
                           const struct grpc_call_options *options)
{
    *self = (struct grpc_client_call){
        .channel = channel,
        .caller = call,
        .own = *call,
        .call = &self->own,
        .path = path,
        .options = options != NULL ? options : &no_options,
        .started_ns = clock_monotonic_ns(),
        .pushback_ms = GRPC_PUSHBACK_NONE,
    };
    grpc_client_take_settings(self);
    grpc_client_body_init(self);
}

void grpc_client_call_set_response(struct grpc_client_call *self,
                                   const ProtobufCMessageDescriptor *response_type)
{
    self->stream.receive_type = proto_pool_type(self->channel->options.pool, response_type);
    CHECK(self->stream.receive_type != NULL);
}

static enum status pick(struct grpc_client_call *self)
{
    if (self->pinned == NULL) {
        return grpc_channel_pick(self->channel, self->call, self->avoid, self->wait_for_ready,
                                 &self->connection);
    }
    grpc_connection_hold(self->pinned);
    self->connection = self->pinned;
    return STATUS_OK;
}

/* Between picking and starting nothing waits: a refusal of the connection is rare. */
static enum status start_once(struct grpc_client_call *self)
{
    const struct hpack_field *fields;
    size_t count;
    enum status status = pick(self);
    if (status != STATUS_OK) {
        self->connection = NULL;
        self->reach = GRPC_REACH_NO_INSTANCE;
        return status;
    }
    struct grpc_subchannel *subchannel = self->connection->subchannel;
    subchannel->long_polls += self->long_poll ? 1 : 0;
    self->avoid = subchannel;
    self->attempts++;
    self->judged = false;
    self->attempt_ns = loop_now_ns(self->channel->loop);
    self->reach = GRPC_REACH_LOCAL;
    status = grpc_client_headers(self, &fields, &count);
    if (status == STATUS_OK) {
        status = http2_request_start_fields(self->connection->client, self->call, fields, count,
                                            false, &self->request);
        if (status == STATUS_UNAVAILABLE) {
            self->reach = GRPC_REACH_UNSENT;
        }
    }
    if (status != STATUS_OK) {
        grpc_client_call_stop(self);
        return status;
    }
    self->reach = GRPC_REACH_SERVER;
    return STATUS_OK;
}

enum status grpc_client_call_start(struct grpc_client_call *self)
{
    enum status status;
    do {
        status = start_once(self);
    } while (status != STATUS_OK && grpc_client_call_retry(self, &status));
    return status;
}

/* What the attempt has left behind. */
static void forget_attempt(struct grpc_client_call *self)
{
    grpc_client_call_stop(self);
    self->concluded = false;
    self->pushback_ms = GRPC_PUSHBACK_NONE;
    self->stream.reader.part = (struct text){NULL, 0};
    self->stream.ended = false;
    self->stream.end_status = STATUS_OK;
}

/* Tells the instance's statistics how the attempt went. What the caller has given up on says
 * nothing. */
static void judge_attempt(struct grpc_client_call *self, enum status status)
{
    if (self->connection == NULL || self->pinned != NULL || self->judged ||
        self->reach != GRPC_REACH_SERVER || status == STATUS_CANCELLED) {
        return;
    }
    int64_t now_ns = loop_now_ns(self->channel->loop);
    self->judged = true;
    grpc_outlier_count(&self->channel->outlier, &self->connection->subchannel->outlier, status,
                       now_ns - self->attempt_ns, now_ns);
}

bool grpc_client_call_retry(struct grpc_client_call *self, enum status *status)
{
    const struct grpc_attempt_end end = {
        .status = *status,
        .reach = self->reach,
        .committed = self->headers != NULL && !self->headers_only,
        .pushback_ms = self->pushback_ms,
        .remaining_ns = call_remaining_ns(self->call),
    };
    int64_t wait_ns;
    judge_attempt(self, *status);
    if (call_check(self->call) != STATUS_OK ||
        !grpc_retry_after(&self->retry, &end, random_fraction(), &wait_ns)) {
        return false;
    }
    forget_attempt(self);
    self->call->error = self->caller->error;
    enum status slept = wait_ns > 0 ? fiber_sleep(self->call, wait_ns) : STATUS_OK;
    *status = slept != STATUS_OK ? slept : *status;
    return slept == STATUS_OK;
}

struct grpc_reply grpc_client_call_reply(const struct grpc_client_call *self)
{
    struct grpc_reply reply = {.compressed = self->stream.reader.was_compressed};
    if (self->headers_only) {
        reply.trailers = self->headers;
        reply.trailer_count = self->header_count;
    } else {
        reply.headers = self->headers;
        reply.header_count = self->header_count;
        if (self->request != NULL) {
            reply.trailers = http2_request_trailers(self->request, &reply.trailer_count);
        }
    }
    return reply;
}

void grpc_client_call_stop(struct grpc_client_call *self)
{
    http2_request_close(self->request);
    self->request = NULL;
    self->headers = NULL;
    self->header_count = 0;
    self->headers_only = false;
    if (self->connection != NULL) {
        self->connection->subchannel->long_polls -= self->long_poll ? 1 : 0;
        grpc_connection_release(self->connection);
        self->connection = NULL;
    }
}

/* With words. */
static enum status explain(struct grpc_client_call *self, enum status status)
{
    const char *target = self->channel->options.target;
    bool local = status == STATUS_CANCELLED || status == STATUS_UNAVAILABLE ||
                 status == STATUS_DEADLINE_EXCEEDED;
    if (local && call_check(self->call) == STATUS_DEADLINE_EXCEEDED) {
        return call_fail(self->call, STATUS_DEADLINE_EXCEEDED, "%s: no reply within the deadline",
                         target);
    }
    if (status == STATUS_CANCELLED) {
        return call_fail(self->call, status, "%s: the call was cancelled", target);
    }
    return status;
}

enum status grpc_client_call_end(struct grpc_client_call *self, enum status status)
{
    const struct grpc_channel_options *options = &self->channel->options;
    status = explain(self, status);
    judge_attempt(self, status);
    self->caller->error = self->own.error;
    if (status == STATUS_OK && !self->silent) {
        grpc_retry_succeeded(&self->retry);
    }
    grpc_client_call_stop(self);
    grpc_stream_deinit(&self->stream);
    buffer_deinit(&self->replay);
    if (options->observe != NULL && !self->silent) {
        options->observe(options->observe_state, options->target, self->path, status,
                         clock_monotonic_ns() - self->started_ns);
    }
    return status;
}
