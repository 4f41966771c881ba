/* grpc_stream.h: the messages of a streaming call, the same for server and client. */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/status.h"

struct grpc_stream;

/* The next message, valid in the call's arena; parks. *ret_message is NULL at the end: the client
 * has half-closed (server), or the call is complete and grpc_client_finish() tells how (client). A
 * long stream would fill the arena: grpc_receive_into() takes a scratch arena per message instead.
 * STATUS_CANCELLED, STATUS_DEADLINE_EXCEEDED; STATUS_RESOURCE_EXHAUSTED: over the message limit;
 * STATUS_INTERNAL, STATUS_UNIMPLEMENTED: malformed, or an unknown compression. */
MUST_USE enum status grpc_receive(struct grpc_stream *stream, ProtobufCMessage **ret_message);

struct arena;
MUST_USE enum status grpc_receive_into(struct grpc_stream *stream, struct arena *arena,
                                       ProtobufCMessage **ret_message);

/* Encodes and sends; parks while the peer does not take it. The message may go afterwards.
 * Statuses as above; STATUS_UNAVAILABLE: the call is over (client). */
MUST_USE enum status grpc_send(struct grpc_stream *stream, const ProtobufCMessage *message);
