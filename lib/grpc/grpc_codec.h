/* grpc_codec.h: a message as the bytes of a codec: protobuf, or JSON over the same types. */
#pragma once

#include "base/buffer.h"
#include "proto/proto.h"

enum grpc_codec { GRPC_CODEC_PROTO, GRPC_CODEC_JSON };

/* "proto" or "json". false: another; *ret_codec is untouched. */
MUST_USE bool grpc_codec_parse(struct text name, enum grpc_codec *ret_codec);

/* Statuses as proto_decode() and proto_json_decode(); unknown members of JSON are skipped. */
MUST_USE enum status grpc_codec_decode(struct call *call, enum grpc_codec codec,
                                       const struct proto_type *type, struct text bytes,
                                       ProtobufCMessage **ret_message);

/* Appends the message. STATUS_RESOURCE_EXHAUSTED: no room in the buffer.
 * STATUS_INTERNAL: it has no JSON form. */
MUST_USE enum status grpc_codec_encode(struct call *call, enum grpc_codec codec,
                                       const struct proto_type *type,
                                       const ProtobufCMessage *message, struct buffer *buffer);

/* How a message goes into a frame. */
struct grpc_codec_form {
    enum grpc_codec codec;
    bool compress;
};

/* Appends the message with its prefix, as the form says. Statuses as grpc_codec_encode(). */
MUST_USE enum status grpc_codec_frame(struct call *call, struct grpc_codec_form form,
                                      const struct proto_type *type,
                                      const ProtobufCMessage *message, struct buffer *buffer);

/* The same as protobuf without compression, in one piece of the call's arena: what nearly every
 * unary call sends. STATUS_RESOURCE_EXHAUSTED: no room in the arena. */
MUST_USE enum status grpc_codec_frame_in_arena(struct call *call, const ProtobufCMessage *message,
                                               struct text *ret_frame);
