/* grpc_idempotency.h: unary calls that are answered as they were at first, when they come again
 * with the same idempotency-key (idempotency/idempotency.h).
 *
 * What makes two calls the same: the method and the message, whatever protocol it came by. What is
 * kept: the handler's status with its words and details, the message, and the metadata that the
 * handler added. The outcome is the handler's own: it is kept also when the caller has gone, or its
 * time is up by then. */
#pragma once

#include "grpc/grpc_server_private.h"

/* Whether the call is of a method with side effects, on a server that keeps outcomes, and came with
 * a key. */
bool grpc_idempotency_applies(const struct grpc_server_call *self);

/* Runs the handler, or gives what it gave before, with IDEMPOTENCY_REPLAYED_HEADER in the initial
 * metadata. STATUS_INVALID_ARGUMENT: the key is malformed; others as of idempotency_begin(), or the
 * handler's. */
MUST_USE enum status grpc_idempotency_run(struct grpc_server_call *self, ProtobufCMessage *request,
                                          ProtobufCMessage **ret_response);
