/* grpc_stream.h: the messages of a streaming call, the same for server and client. */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/check.h"
#include "base/status.h"

struct arena;
struct grpc_stream;

enum { GRPC_SEND_BYTES_MAX = 64 * 1024 * 1024 }; /* of one message sent on a stream */

/* The next message, valid in the call's arena; parks. *ret_message is NULL at the end: the client
 * has half-closed (server), or the call is complete and grpc_client_finish() tells how (client). A
 * long stream would fill the arena: grpc_receive_into() takes a scratch arena per message instead.
 * STATUS_CANCELLED, STATUS_DEADLINE_EXCEEDED; STATUS_RESOURCE_EXHAUSTED: over the message limit;
 * STATUS_INTERNAL, STATUS_UNIMPLEMENTED: malformed, an unknown compression, or not the one message
 * that the method's kind has; STATUS_INVALID_ARGUMENT: text that is not UTF-8. */
MUST_USE enum status grpc_receive(struct grpc_stream *stream, ProtobufCMessage **ret_message);
MUST_USE enum status grpc_receive_into(struct grpc_stream *stream, struct arena *arena,
                                       ProtobufCMessage **ret_message);

/* Whether the message received last came compressed. */
bool grpc_received_compressed(const struct grpc_stream *stream);

/* Encodes and sends; parks while the peer does not take it. The message may go afterwards.
 * Statuses as above; STATUS_RESOURCE_EXHAUSTED: over GRPC_SEND_BYTES_MAX; STATUS_UNAVAILABLE: the
 * call is over (client); STATUS_INTERNAL: a second reply where the method's kind has one. */
MUST_USE enum status grpc_send(struct grpc_stream *stream, const ProtobufCMessage *message);
