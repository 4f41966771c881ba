/* Streaming calls, as the client sees them. */
#include "base/arena.h"
#include "grpc/grpc_client_call.h"
#include "grpc/grpc_metadata.h"

static struct grpc_client_call *client_call_of(struct grpc_stream *stream)
{
    CHECK(stream->is_client);
    return CONTAINER_OF(stream, struct grpc_client_call, stream);
}

enum status grpc_client_open(struct grpc_channel *channel, struct call *call, const char *path,
                             const struct grpc_call_options *options,
                             const ProtobufCMessageDescriptor *response_type,
                             struct grpc_stream **ret_stream)
{
    struct grpc_client_call *self = arena_alloc(call->arena, sizeof(*self));
    if (self == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the call");
    }
    grpc_client_call_init(self, channel, call, path, options);
    grpc_client_call_set_response(self, response_type);
    self->stream.receives_one = options != NULL && options->one_reply;
    self->replayable = true;
    enum status status = grpc_client_call_start(self);
    if (status != STATUS_OK) {
        return grpc_client_call_end(self, status);
    }
    *ret_stream = &self->stream;
    return STATUS_OK;
}

void grpc_client_compress(struct grpc_stream *stream, bool compress)
{
    struct grpc_client_call *self = client_call_of(stream);
    CHECK(!compress || self->options->compress);
    stream->form.compress = compress;
}

enum status grpc_client_close_send(struct grpc_stream *stream)
{
    struct grpc_client_call *self = client_call_of(stream);
    enum status status = grpc_client_call_write(self, (struct text){NULL, 0}, true);
    if (status != STATUS_OK && stream->failed == STATUS_OK) {
        stream->failed = status;
    }
    return status;
}

/* The server may have ended the call without all of its reply having been received. */
static void take_rest(struct grpc_client_call *self)
{
    struct grpc_stream *stream = &self->stream;
    while (!stream->ended && self->request != NULL &&
           http2_request_outcome(self->request) != HTTP2_RUNNING) {
        struct text part;
        self->replayable = false; /* nobody waits for another attempt */
        if (stream->reader.read_part(stream->reader.state, &part) != STATUS_OK) {
            return;
        }
        stream->ended = part.length == 0;
    }
}

enum status grpc_client_finish(struct grpc_stream *stream)
{
    struct grpc_client_call *self = client_call_of(stream);
    take_rest(self);
    enum status status = stream->failed;
    if (stream->ended && (stream->end_status != STATUS_OK || status == STATUS_OK)) {
        status = stream->end_status;
    } else if (status == STATUS_OK) {
        status = STATUS_CANCELLED;
    }
    return grpc_client_call_end(self, status);
}

struct grpc_reply grpc_client_reply(struct grpc_stream *stream)
{
    return grpc_client_call_reply(client_call_of(stream));
}

struct text grpc_client_initial_metadata(struct grpc_stream *stream, struct text name)
{
    struct grpc_reply reply = grpc_client_reply(stream);
    return grpc_metadata_find(stream->call->arena, reply.headers, reply.header_count, name);
}

struct text grpc_client_trailing_metadata(struct grpc_stream *stream, struct text name)
{
    struct grpc_reply reply = grpc_client_reply(stream);
    return grpc_metadata_find(stream->call->arena, reply.trailers, reply.trailer_count, name);
}
