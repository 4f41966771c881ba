/* grpc_gzip.h: gzip of whole messages, by zlib (RFC 1952). No state is kept between messages. */
#pragma once

#include "base/buffer.h"
#include "base/call.h"
#include "base/status.h"

/* Appends the inflated bytes; the buffer's maximum bounds them, so that a small message cannot
 * become a large one. STATUS_RESOURCE_EXHAUSTED: over it, or no memory.
 * STATUS_INTERNAL: not gzip, cut short, or followed by something else. In a fiber, lets others run
 * between its steps, and ends with the call: STATUS_CANCELLED, STATUS_DEADLINE_EXCEEDED. */
MUST_USE enum status grpc_gzip_inflate(struct call *call, struct text compressed,
                                       struct buffer *buffer);

/* Appends the compressed bytes. false: no room in the buffer, or no memory. */
MUST_USE bool grpc_gzip_deflate(struct text bytes, struct buffer *buffer);
