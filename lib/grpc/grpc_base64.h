/* grpc_base64.h: base64 of metadata values whose name ends in -bin, and of Connect's GET messages
 * (RFC 4648 sections 4 and 5). */
#pragma once

#include "base/arena.h"
#include "base/text.h"

/* The standard alphabet without padding, as gRPC wants it written; valid in the arena.
 * {NULL, 0}: no memory. */
struct text grpc_base64_encode(struct arena *arena, struct text bytes);

/* Reads either alphabet, padded or not. false: malformed, or no memory. */
MUST_USE bool grpc_base64_decode(struct arena *arena, struct text encoded, struct text *ret_bytes);
