/* A unary call: one message each way, tried again where that is safe. */
#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"
#include "grpc/grpc_backoff.h"
#include "grpc/grpc_client_call.h"

/* The numbers of gRFC A6's example. */
static const struct grpc_backoff retry_backoff = {
    .first_ns = 100 * CLOCK_NS_PER_MS,
    .most_ns = 1 * CLOCK_NS_PER_S,
    .factor = 2,
    .jitter = 0.2,
};

/* The request's frame, which every attempt sends; valid in the call's arena. */
static enum status encode_request(struct grpc_client_call *self, const ProtobufCMessage *request,
                                  struct text *ret_frame)
{
    struct grpc_stream *stream = &self->stream;
    if (stream->form.codec == GRPC_CODEC_PROTO && !stream->form.compress) {
        return grpc_codec_frame_in_arena(self->call, request, ret_frame);
    }
    enum status status = grpc_codec_frame(
        self->call, stream->form, grpc_stream_send_type(stream, request), request, &stream->out);
    *ret_frame = buffer_text(&stream->out);
    return status;
}

/* One attempt. *ret_response is NULL unless STATUS_OK. */
static enum status attempt(struct grpc_client_call *self, struct text frame,
                           ProtobufCMessage **ret_response)
{
    struct grpc_stream *stream = &self->stream;
    enum status status = grpc_client_call_start(self);
    if (status != STATUS_OK) {
        return status;
    }
    status = http2_request_write(self->request, frame, true);
    /* A server that answers before it has read everything is listened to. */
    if (status != STATUS_OK && status != STATUS_UNAVAILABLE) {
        return status;
    }
    status = grpc_receive(stream, ret_response);
    return status == STATUS_OK ? stream->end_status : status;
}

/* Whether the failed attempt may be followed by another, and after how long. */
static bool may_retry(struct grpc_client_call *self, enum status status, int64_t *ret_wait_ns)
{
    bool reached = self->request != NULL;
    if (!reached || self->attempts >= GRPC_ATTEMPTS_MAX || call_check(self->call) != STATUS_OK) {
        return false;
    }
    if (self->unprocessed) {
        *ret_wait_ns = 0;
        return true;
    }
    if (!self->options->idempotent || status != STATUS_UNAVAILABLE ||
        self->pushback_ms == INT64_MAX || !grpc_channel_may_retry(self->channel)) {
        return false;
    }
    *ret_wait_ns = self->pushback_ms >= 0
                       ? self->pushback_ms * CLOCK_NS_PER_MS
                       : grpc_backoff_ns(&retry_backoff, self->attempts, random_fraction());
    return true;
}

/* Forgets what the attempt left behind and waits before the next. */
static enum status prepare_retry(struct grpc_client_call *self, struct call_error earlier,
                                 int64_t wait_ns)
{
    grpc_client_call_stop(self);
    self->unprocessed = false;
    self->pushback_ms = -1;
    self->stream.reader.part = (struct text){NULL, 0};
    self->stream.ended = false;
    self->stream.end_status = STATUS_OK;
    enum status status = wait_ns > 0 ? fiber_sleep(self->call, wait_ns) : STATUS_OK;
    if (status == STATUS_OK) {
        self->call->error = earlier;
    }
    return status;
}

static enum status run(struct grpc_client_call *self, const ProtobufCMessage *request,
                       ProtobufCMessage **ret_response)
{
    struct call_error earlier = self->call->error;
    struct text frame;
    enum status status = encode_request(self, request, &frame);
    while (status == STATUS_OK) {
        int64_t wait_ns;
        status = attempt(self, frame, ret_response);
        grpc_channel_note_outcome(self->channel, status != STATUS_UNAVAILABLE);
        if (status == STATUS_OK || !may_retry(self, status, &wait_ns)) {
            break;
        }
        status = prepare_retry(self, earlier, wait_ns);
    }
    return status;
}

/* A copy that outlives the attempt; count 0: no memory. */
static const struct http_header *copy_headers(struct arena *arena,
                                              const struct http_header *headers, size_t *count)
{
    struct http_header *copies = arena_calloc(arena, *count, sizeof(*copies));
    *count = copies != NULL ? *count : 0;
    for (size_t i = 0; i < *count; i++) {
        copies[i] = (struct http_header){arena_copy(arena, headers[i].name),
                                         arena_copy(arena, headers[i].value)};
    }
    return copies;
}

static void keep_reply(struct grpc_client_call *self)
{
    struct grpc_reply *reply = self->options->ret_reply;
    if (reply != NULL) {
        *reply = grpc_client_call_reply(self);
        struct arena *arena = self->call->arena;
        reply->headers = copy_headers(arena, reply->headers, &reply->header_count);
        reply->trailers = copy_headers(arena, reply->trailers, &reply->trailer_count);
    }
}

enum status grpc_call_unary(struct grpc_channel *channel, struct call *call, const char *path,
                            const struct grpc_call_options *options,
                            const ProtobufCMessage *request,
                            const ProtobufCMessageDescriptor *response_type,
                            ProtobufCMessage **ret_response)
{
    struct grpc_client_call self;
    ProtobufCMessage *response = NULL;
    grpc_client_call_init(&self, channel, call, path, options);
    grpc_client_call_set_response(&self, response_type);
    self.stream.receives_one = true;
    enum status status = run(&self, request, &response);
    status = grpc_client_call_explain(&self, status);
    keep_reply(&self);
    grpc_client_call_deinit(&self);
    grpc_client_call_observe(&self, status);
    if (status == STATUS_OK) {
        *ret_response = response;
    }
    return status;
}
