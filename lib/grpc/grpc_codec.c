#include "grpc/grpc_codec.h"

#include "base/arena.h"
#include "grpc/grpc_frame.h"
#include "grpc/grpc_gzip.h"
#include "json/proto_json.h"

bool grpc_codec_parse(struct text name, enum grpc_codec *ret_codec)
{
    if (text_equal(name, TEXT("proto"))) {
        *ret_codec = GRPC_CODEC_PROTO;
        return true;
    }
    if (text_equal(name, TEXT("json"))) {
        *ret_codec = GRPC_CODEC_JSON;
        return true;
    }
    return false;
}

enum status grpc_codec_decode(struct call *call, enum grpc_codec codec,
                              const struct proto_type *type, struct text bytes,
                              ProtobufCMessage **ret_message)
{
    return codec == GRPC_CODEC_JSON
               ? proto_json_decode(call, type, bytes, PROTO_JSON_IGNORE_UNKNOWN, ret_message)
               : proto_decode(call, type, bytes, ret_message);
}

static enum status fail_too_large(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the message is too large to be sent");
}

enum status grpc_codec_encode(struct call *call, enum grpc_codec codec,
                              const struct proto_type *type, const ProtobufCMessage *message,
                              struct buffer *buffer)
{
    if (codec == GRPC_CODEC_JSON) {
        return proto_json_encode(call, type, message, PROTO_JSON_DEFAULT, buffer);
    }
    return proto_encode(message, buffer) ? STATUS_OK : fail_too_large(call);
}

/* Appends the message, encoded and then compressed. */
static enum status append_compressed(struct call *call, enum grpc_codec codec,
                                     const struct proto_type *type, const ProtobufCMessage *message,
                                     struct buffer *buffer)
{
    CLEANUP(buffer_deinit) struct buffer plain;
    buffer_init(&plain, buffer->bytes_max);
    enum status status = grpc_codec_encode(call, codec, type, message, &plain);
    if (status != STATUS_OK) {
        return status;
    }
    return grpc_gzip_deflate(buffer_text(&plain), buffer) ? STATUS_OK : fail_too_large(call);
}

enum status grpc_codec_frame(struct call *call, struct grpc_codec_form form,
                             const struct proto_type *type, const ProtobufCMessage *message,
                             struct buffer *buffer)
{
    size_t start = buffer->length;
    if (buffer_reserve(buffer, GRPC_FRAME_PREFIX_BYTES) == NULL) {
        return fail_too_large(call);
    }
    buffer_extend(buffer, GRPC_FRAME_PREFIX_BYTES);
    enum status status = form.compress ? append_compressed(call, form.codec, type, message, buffer)
                                       : grpc_codec_encode(call, form.codec, type, message, buffer);
    if (status != STATUS_OK) {
        return status;
    }
    grpc_frame_prefix(form.compress, buffer->length - start - GRPC_FRAME_PREFIX_BYTES,
                      buffer->data + start);
    return STATUS_OK;
}

enum status grpc_codec_frame_in_arena(struct call *call, const ProtobufCMessage *message,
                                      struct text *ret_frame)
{
    size_t length;
    char *frame = proto_encode_in_arena(message, GRPC_FRAME_PREFIX_BYTES, call->arena, &length);
    if (frame == NULL) {
        return fail_too_large(call);
    }
    grpc_frame_prefix(false, length, frame);
    *ret_frame = (struct text){frame, GRPC_FRAME_PREFIX_BYTES + length};
    return STATUS_OK;
}
