/* What a call sends and receives, over as many attempts as it takes. */
#include "grpc/grpc_client_call.h"
#include "grpc/grpc_client_headers.h"
#include "grpc/grpc_server.h"
#include "grpc/grpc_status_map.h"

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

void grpc_client_body_init(struct grpc_client_call *self)
{
    size_t bytes_max = self->channel->options.message_bytes_max;
    struct grpc_stream *stream = &self->stream;
    buffer_init(&self->replay, GRPC_REPLAY_BYTES_MAX);
    stream->call = self->call;
    stream->is_client = true;
    stream->form.codec = self->channel->options.codec;
    stream->form.compress = self->options->compress;
    stream->send_pool = self->channel->options.pool;
    stream->write = write_frame;
    grpc_frame_reader_init(&stream->reader, bytes_max > 0 ? bytes_max : GRPC_MESSAGE_BYTES_MAX,
                           read_part, self);
    grpc_stream_init(stream);
}
