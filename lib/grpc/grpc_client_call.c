#include "grpc/grpc_client_call.h"

#include "base/arena.h"
#include "base/clock.h"
#include "grpc/grpc_client_headers.h"
#include "grpc/grpc_server.h"
#include "grpc/grpc_status_map.h"

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
        self->unprocessed = true;
        return call_fail(self->call, STATUS_UNAVAILABLE, "%s: the call was refused", target);
    case HTTP2_CONNECTION_LOST:
        return call_fail(self->call, STATUS_UNAVAILABLE, "%s: the connection was lost", target);
    case HTTP2_RUNNING:
    default:
        return call_fail(self->call, STATUS_INTERNAL, "%s: the body ended, the reply did not",
                         target);
    }
}

/* Waits for the reply's headers. *ret_end: nothing follows, and the stream's end_status is set. */
static enum status await_headers(struct grpc_client_call *self, bool *ret_end)
{
    const struct http_header *headers;
    size_t count;
    enum status status = http2_request_headers(self->request, &headers, &count);
    if (status != STATUS_OK) {
        return status;
    }
    if (count == 0) {
        self->stream.end_status = status_of_outcome(self);
        *ret_end = true;
        return STATUS_OK;
    }
    self->headers = headers;
    self->header_count = count;
    self->headers_only = http2_request_is_headers_only(self->request);
    self->connection->proved = true;
    self->connection->subchannel->failures = 0;
    self->stream.end_status = grpc_client_take_headers(self);
    *ret_end = self->stream.end_status != STATUS_OK || self->headers_only;
    return STATUS_OK;
}

/* A stream whose request nobody has seen is started again, with what was sent so far. */
static enum status replay(struct grpc_client_call *self)
{
    grpc_client_call_stop(self);
    call_clear_error(self->call);
    self->stream.end_status = STATUS_OK;
    self->unprocessed = false;
    enum status status = grpc_client_call_start(self);
    if (status == STATUS_OK && (self->replay.length > 0 || self->send_closed)) {
        status = http2_request_write(self->request, self->replay, self->send_closed);
    }
    return status == STATUS_UNAVAILABLE && self->request != NULL ? STATUS_OK : status;
}

/* The frame reader's source: the parts of the reply's body. */
static enum status read_part(void *state, struct text *ret_part)
{
    struct grpc_client_call *self = state;
    bool end = false;
    *ret_part = (struct text){NULL, 0};
    while (self->headers == NULL) {
        enum status status = await_headers(self, &end);
        if (status != STATUS_OK || end) {
            bool again = status == STATUS_OK && self->unprocessed && self->replayable &&
                         self->attempts < GRPC_ATTEMPTS_MAX;
            if (!again) {
                return status;
            }
            end = false;
            status = replay(self);
            if (status != STATUS_OK) {
                return status;
            }
        }
    }
    enum status status = http2_request_read(self->request, ret_part);
    if (status == STATUS_OK && ret_part->length == 0) {
        self->stream.end_status = status_of_outcome(self);
    }
    return status;
}

static enum status write_frame(struct grpc_stream *stream, struct text frame)
{
    struct grpc_client_call *self = CONTAINER_OF(stream, struct grpc_client_call, stream);
    bool first = self->replay.data == NULL;
    self->replayable = self->replayable && first && frame.length <= GRPC_REPLAY_BYTES_MAX;
    if (self->replayable) {
        self->replay = arena_copy(self->call->arena, frame);
        self->replayable = self->replay.data != NULL;
    }
    return http2_request_write(self->request, frame, false);
}

void grpc_client_call_init(struct grpc_client_call *self, struct grpc_channel *channel,
                           struct call *call, const char *path,
                           const struct grpc_call_options *options)
{
    size_t bytes_max = channel->options.message_bytes_max;
    *self = (struct grpc_client_call){
        .channel = channel,
        .call = call,
        .path = path,
        .options = options != NULL ? options : &no_options,
        .started_ns = clock_monotonic_ns(),
        .pushback_ms = -1,
    };
    struct grpc_stream *stream = &self->stream;
    stream->call = call;
    stream->is_client = true;
    stream->form.codec = channel->options.codec;
    stream->form.compress = self->options->compress;
    stream->send_pool = channel->options.pool;
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

enum status grpc_client_call_start(struct grpc_client_call *self)
{
    for (;;) {
        const struct http_header *headers;
        size_t count;
        enum status status =
            grpc_channel_pick(self->channel, self->call, self->avoid, &self->connection);
        if (status != STATUS_OK) {
            self->connection = NULL;
            return status;
        }
        struct grpc_subchannel *subchannel = self->connection->subchannel;
        self->avoid = subchannel;
        self->attempts++;
        status = grpc_client_headers(self, subchannel->address, &headers, &count);
        if (status == STATUS_OK) {
            status = http2_request_start(self->connection->client, self->call, headers, count,
                                         false, &self->request);
        }
        if (status == STATUS_OK) {
            return STATUS_OK;
        }
        grpc_client_call_stop(self);
        /* Between picking and starting nothing waits, so a refusal here is a rare one: its limit is
         * that of attempts. */
        if (status != STATUS_UNAVAILABLE || self->attempts >= GRPC_ATTEMPTS_MAX) {
            return status;
        }
    }
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

void grpc_client_call_deinit(struct grpc_client_call *self)
{
    grpc_client_call_stop(self);
    grpc_stream_deinit(&self->stream);
}

enum status grpc_client_call_explain(struct grpc_client_call *self, enum status status)
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

void grpc_client_call_observe(struct grpc_client_call *self, enum status status)
{
    const struct grpc_channel_options *options = &self->channel->options;
    if (options->observe != NULL) {
        options->observe(options->observe_state, options->target, self->path, status,
                         clock_monotonic_ns() - self->started_ns);
    }
}
