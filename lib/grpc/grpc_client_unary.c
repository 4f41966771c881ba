/* A unary call: one message each way, tried again where that is safe. */
#include "base/arena.h"
#include "grpc/grpc_client_call.h"

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

enum status grpc_client_unary_run(struct grpc_client_call *self, const ProtobufCMessage *request,
                                  ProtobufCMessage **ret_response)
{
    struct text frame;
    enum status status = encode_request(self, request, &frame);
    if (status != STATUS_OK) {
        return status;
    }
    bool again = true;
    while (again) {
        status = attempt(self, frame, ret_response);
        again =
            status != STATUS_OK && self->request != NULL && grpc_client_call_retry(self, &status);
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

void grpc_client_unary_keep_reply(const struct grpc_client_call *self)
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
    enum status status;
    if (self.hedging != NULL) {
        status = grpc_client_unary_hedge(&self, request, response_type, &response);
    } else {
        status = grpc_client_unary_run(&self, request, &response);
        grpc_client_unary_keep_reply(&self);
    }
    status = grpc_client_call_end(&self, status);
    if (status == STATUS_OK) {
        *ret_response = response;
    }
    return status;
}
