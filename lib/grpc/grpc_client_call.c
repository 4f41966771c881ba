#include "grpc/grpc_client_call.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"
#include "grpc/grpc_client_headers.h"
#include "grpc/grpc_server.h"
#include "grpc/grpc_service_config.h"
#include "grpc/grpc_status_map.h"
#include "grpc/grpc_timeout.h"

static const struct grpc_call_options no_options;

/* The end of the reply, without END_STREAM from the server or with it. */
static enum status status_of_outcome(struct grpc_client_call *self)
{
    const char *target = self->channel->options.target;
    uint32_t code = http2_request_error_code(self->request);
    switch (http2_request_outcome(self->request)) {
    case HTTP2_COMPLETE: {
        size_t count;
        const struct http_header *trailers = http2_request_trailers(self->request, &count);
        return grpc_client_take_status(self, trailers, count, STATUS_UNKNOWN);
    }
    case HTTP2_RESET:
        return call_fail(self->call, grpc_status_from_http2_error(code),
                         "%s: the stream was reset with the HTTP/2 code %u", target, code);
    case HTTP2_NOT_PROCESSED:
        self->reach = GRPC_REACH_REFUSED;
        return call_fail(self->call, STATUS_UNAVAILABLE, "%s: the call was refused", target);
    case HTTP2_NOT_SENT:
        self->reach = GRPC_REACH_UNSENT;
        return call_fail(self->call, STATUS_UNAVAILABLE, "%s: the connection was lost", target);
    case HTTP2_CONNECTION_LOST:
        return call_fail(self->call, STATUS_UNAVAILABLE, "%s: the connection was lost", target);
    case HTTP2_RUNNING:
    default:
        return call_fail(self->call, STATUS_INTERNAL, "%s: the body ended, the reply did not",
                         target);
    }
}

/* Waits for the reply's headers, or concludes the call. */
static enum status await_headers(struct grpc_client_call *self)
{
    const struct http_header *headers;
    size_t count;
    enum status status = http2_request_headers(self->request, &headers, &count);
    if (status != STATUS_OK) {
        return status;
    }
    if (count == 0) {
        self->stream.end_status = status_of_outcome(self);
        self->concluded = true;
        return STATUS_OK;
    }
    self->headers = headers;
    self->header_count = count;
    self->headers_only = http2_request_is_headers_only(self->request);
    self->connection->proved = true;
    self->connection->subchannel->failures = 0;
    self->stream.end_status = grpc_client_take_headers(self);
    self->concluded = self->stream.end_status != STATUS_OK || self->headers_only;
    return STATUS_OK;
}

/* Nothing that was sent can be repeated from here on. */
static void commit(struct grpc_client_call *self)
{
    self->replayable = false;
    buffer_deinit(&self->replay);
}

/* Starts the next attempt at a stream, with all that was sent so far. */
static enum status replay(struct grpc_client_call *self)
{
    enum status status = grpc_client_call_start(self);
    if (status == STATUS_OK && (self->replay.length > 0 || self->send_closed)) {
        status = http2_request_write(self->request, buffer_text(&self->replay), self->send_closed);
    }
    return status == STATUS_UNAVAILABLE && self->request != NULL ? STATUS_OK : status;
}

/* Waits for the headers of the attempt; where it has failed and another may be made, begins that.
 * Afterwards headers are there, or the call is concluded, or another attempt has begun. */
static enum status settle_attempt(struct grpc_client_call *self)
{
    enum status status = await_headers(self);
    bool failed = self->concluded && self->stream.end_status != STATUS_OK;
    if (status != STATUS_OK || !failed || !self->replayable) {
        return status;
    }
    status = self->stream.end_status;
    bool again = grpc_client_call_retry(self, &status);
    if (again) {
        status = replay(self);
    }
    if (self->request == NULL) { /* the next attempt could not begin */
        self->stream.end_status = status;
        self->concluded = true;
    }
    return again || self->request == NULL ? status : STATUS_OK;
}

static enum status settle(struct grpc_client_call *self)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK && self->headers == NULL && !self->concluded) {
        status = settle_attempt(self);
    }
    if (status == STATUS_OK) {
        commit(self);
    }
    return status;
}

/* The frame reader's source: the parts of the reply's body. */
static enum status read_part(void *state, struct text *ret_part)
{
    struct grpc_client_call *self = state;
    *ret_part = (struct text){NULL, 0};
    enum status status = settle(self);
    if (status != STATUS_OK || self->concluded) {
        return status;
    }
    status = http2_request_read(self->request, ret_part);
    if (status == STATUS_OK && ret_part->length == 0) {
        self->stream.end_status = status_of_outcome(self);
    }
    return status;
}

static void keep(struct grpc_client_call *self, struct text frame)
{
    if (self->replayable && !buffer_append(&self->replay, frame)) {
        commit(self);
    }
}

/* The attempt that is written to is over. STATUS_OK: another has begun, and was given all. */
static enum status write_again(struct grpc_client_call *self)
{
    unsigned attempts = self->attempts;
    enum status status = STATUS_UNAVAILABLE;
    if (self->replayable && self->headers == NULL && !self->concluded) {
        status = settle_attempt(self);
    }
    return status == STATUS_OK && self->attempts == attempts ? STATUS_UNAVAILABLE : status;
}

enum status grpc_client_call_write(struct grpc_client_call *self, struct text part, bool end)
{
    if (self->request == NULL) {
        return STATUS_UNAVAILABLE;
    }
    keep(self, part);
    self->send_closed = end;
    enum status status = http2_request_write(self->request, part, end);
    return status == STATUS_UNAVAILABLE ? write_again(self) : status;
}

static enum status write_frame(struct grpc_stream *stream, struct text frame)
{
    return grpc_client_call_write(CONTAINER_OF(stream, struct grpc_client_call, stream), frame,
                                  false);
}

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

/* What the call, its method and its channel say of how it is to be made. */
static void take_settings(struct grpc_client_call *self)
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
    self->own.deadline_ns -= margin_ns(self);
    if (method != NULL && method->timeout_ns > 0) {
        int64_t deadline_ns = grpc_timeout_deadline(self->started_ns, method->timeout_ns);
        if (deadline_ns < self->own.deadline_ns) {
            self->own.deadline_ns = deadline_ns;
        }
    }
}

void grpc_client_call_init(struct grpc_client_call *self, struct grpc_channel *channel,
                           struct call *call, const char *path,
                           const struct grpc_call_options *options)
{
    size_t bytes_max = channel->options.message_bytes_max;
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
    take_settings(self);
    buffer_init(&self->replay, GRPC_REPLAY_BYTES_MAX);
    struct grpc_stream *stream = &self->stream;
    stream->call = self->call;
    stream->is_client = true;
    stream->form.compress = self->options->compress;
    stream->write = write_frame;
    grpc_frame_reader_init(&stream->reader, bytes_max > 0 ? bytes_max : GRPC_MESSAGE_BYTES_MAX,
                           read_part, self);
    grpc_stream_init(stream);
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
    const struct http_header *headers;
    size_t count;
    enum status status = pick(self);
    if (status != STATUS_OK) {
        self->connection = NULL;
        self->reach = GRPC_REACH_NO_INSTANCE;
        return status;
    }
    struct grpc_subchannel *subchannel = self->connection->subchannel;
    self->avoid = subchannel;
    self->attempts++;
    self->judged = false;
    self->reach = GRPC_REACH_LOCAL;
    status = grpc_client_headers(self, subchannel->address, &headers, &count);
    if (status == STATUS_OK) {
        status = http2_request_start(self->connection->client, self->call, headers, count, false,
                                     &self->request);
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
    self->judged = true;
    grpc_outlier_count(&self->channel->outlier, &self->connection->subchannel->outlier, status,
                       loop_now_ns(self->channel->loop));
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
