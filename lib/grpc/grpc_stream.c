#include "grpc/grpc_stream.h"

#include "base/arena.h"
#include "grpc/grpc_stream_private.h"

void grpc_stream_init(struct grpc_stream *stream)
{
    buffer_init(&stream->out, GRPC_SEND_BYTES_MAX);
}

void grpc_stream_deinit(struct grpc_stream *stream)
{
    grpc_frame_reader_deinit(&stream->reader);
    buffer_deinit(&stream->out);
}

/* Without copying the bytes, where they stay as long as the call: those of one message do. */
static enum status decode_within(const struct grpc_stream *stream, struct call *call,
                                 struct text bytes, ProtobufCMessage **ret_message)
{
    bool stays = stream->receives_one && stream->reader.message_stays && call == stream->call;
    return stays && stream->form.codec == GRPC_CODEC_PROTO
               ? proto_decode_in_place(call, stream->receive_type, bytes, ret_message)
               : grpc_codec_decode(call, stream->form.codec, stream->receive_type, bytes,
                                   ret_message);
}

/* Decodes into `arena`; the words of a failure go to the call's own. */
static enum status decode(struct grpc_stream *stream, struct arena *arena, struct text bytes,
                          ProtobufCMessage **ret_message)
{
    struct call *call = stream->call;
    enum status status;
    if (arena == call->arena) {
        status = decode_within(stream, call, bytes, ret_message);
    } else {
        struct call within = *call;
        within.arena = arena;
        status = decode_within(stream, &within, bytes, ret_message);
        if (status != STATUS_OK && call->error.message.length == 0) {
            call->error.message = arena_copy(call->arena, within.error.message);
        }
    }
    /* A bad reply is nothing that the caller's arguments could mend. */
    return status == STATUS_INVALID_ARGUMENT && stream->is_client ? STATUS_INTERNAL : status;
}

/* The next message's bytes, or the end: also where a failed reply breaks off within a message. */
static enum status read_message(struct grpc_stream *stream, struct text *ret_bytes)
{
    enum status status = grpc_frame_read(&stream->reader, stream->call, ret_bytes, &stream->ended);
    if (status != STATUS_OK && stream->end_status != STATUS_OK) {
        stream->ended = true;
        return STATUS_OK;
    }
    return status;
}

/* After the one message nothing may come but the end. */
static enum status expect_end(struct grpc_stream *stream)
{
    struct text bytes;
    enum status status = read_message(stream, &bytes);
    if (status != STATUS_OK || stream->ended) {
        return status;
    }
    return call_fail(stream->call, STATUS_UNIMPLEMENTED, "one message was expected, more came");
}

/* *ret_message is NULL at the end. */
static enum status receive(struct grpc_stream *stream, struct arena *arena,
                           ProtobufCMessage **ret_message)
{
    struct text bytes = {NULL, 0};
    *ret_message = NULL;
    if (stream->ended) {
        return STATUS_OK;
    }
    enum status status = read_message(stream, &bytes);
    if (status != STATUS_OK) {
        return status;
    }
    if (stream->ended) {
        return stream->receives_one && stream->end_status == STATUS_OK
                   ? call_fail(stream->call, STATUS_UNIMPLEMENTED,
                               "one message was expected, none came")
                   : STATUS_OK;
    }
    status = decode(stream, arena, bytes, ret_message);
    if (status == STATUS_OK && stream->receives_one) {
        status = expect_end(stream);
        if (stream->end_status != STATUS_OK) {
            *ret_message = NULL; /* the one reply of a call that has failed is none */
        }
    }
    return status;
}

static enum status note_failure(struct grpc_stream *stream, enum status status)
{
    if (stream->failed == STATUS_OK) {
        stream->failed = status;
    }
    return status;
}

enum status grpc_receive_into(struct grpc_stream *stream, struct arena *arena,
                              ProtobufCMessage **ret_message)
{
    ProtobufCMessage *message = NULL;
    enum status status = receive(stream, arena, &message);
    if (status == STATUS_OK) {
        *ret_message = message;
    }
    return note_failure(stream, status);
}

enum status grpc_receive(struct grpc_stream *stream, ProtobufCMessage **ret_message)
{
    return grpc_receive_into(stream, stream->call->arena, ret_message);
}

bool grpc_received_compressed(const struct grpc_stream *stream)
{
    return stream->reader.was_compressed;
}

const struct proto_type *grpc_stream_send_type(const struct grpc_stream *stream,
                                               const ProtobufCMessage *message)
{
    if (stream->send_type != NULL || stream->form.codec != GRPC_CODEC_JSON) {
        return stream->send_type;
    }
    const struct proto_type *type = proto_pool_type(stream->send_pool, message->descriptor);
    CHECK(type != NULL);
    return type;
}

enum status grpc_send(struct grpc_stream *stream, const ProtobufCMessage *message)
{
    if (stream->sends_one && stream->sent) {
        return note_failure(stream, call_fail(stream->call, STATUS_INTERNAL,
                                              "a second reply where one is expected"));
    }
    buffer_clear(&stream->out);
    enum status status = grpc_codec_frame(
        stream->call, stream->form, grpc_stream_send_type(stream, message), message, &stream->out);
    if (status == STATUS_OK) {
        stream->sent = true;
        stream->sent_bytes += stream->out.length;
        status = stream->write(stream, buffer_text(&stream->out));
    }
    return note_failure(stream, status);
}
