/* grpc_stream_private.h: what server and client streams are made of. */
#pragma once

#include "base/buffer.h"
#include "grpc/grpc_codec.h"
#include "grpc/grpc_frame.h"
#include "grpc/grpc_stream.h"

struct grpc_stream {
    struct call *call;
    struct grpc_frame_reader reader;
    const struct proto_type *receive_type;
    const struct proto_type *send_type;
    const struct proto_pool *send_pool; /* of a client, which has no send_type: borrowed */
    struct grpc_codec_form form;        /* of what is sent */
    /* Hands a whole frame to the connection; parks. The frame may go afterwards. */
    enum status (*write)(struct grpc_stream *stream, struct text frame);
    bool receives_one; /* the peer sends exactly one message */
    bool sends_one;
    bool is_client;
    /* Set by a client's reader before it says that the body has ended: what the server said. */
    enum status end_status;
    bool ended;         /* nothing more is received */
    bool sent;          /* something was */
    enum status failed; /* the first failure of receiving or sending */
    struct buffer out;
};

/* The fields up to `is_client` are set by the owner, who also initializes the reader. */
void grpc_stream_init(struct grpc_stream *stream);
void grpc_stream_deinit(struct grpc_stream *stream);

/* The type of a message to be sent; may be NULL where protobuf is what is sent. */
const struct proto_type *grpc_stream_send_type(const struct grpc_stream *stream,
                                               const ProtobufCMessage *message);
