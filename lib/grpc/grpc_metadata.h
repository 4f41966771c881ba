/* grpc_metadata.h: metadata as HTTP headers (grpc/grpc doc/PROTOCOL-HTTP2.md, "Custom-Metadata"):
 * which names and values may be sent, -bin values as base64, and grpc-message's percent coding. */
#pragma once

#include "base/arena.h"
#include "grpc/grpc_method.h"
#include "http/http_message.h"

/* Headers to be sent, at most GRPC_METADATA_MAX. Starts zeroed. */
struct grpc_metadata_list {
    struct http_header *headers; /* valid in the arena */
    size_t count;
};

/* Adds one; the value of a -bin name is encoded. Texts are borrowed until sent.
 * false: the list is full, the name is reserved or malformed, the value is not printable ASCII, or
 * there is no memory. */
MUST_USE bool grpc_metadata_add(struct arena *arena, struct grpc_metadata_list *list,
                                struct text name, struct text value);

/* base64 without padding, as the protocol wants -bin values written; valid in the arena.
 * {NULL, 0}: too large, or no memory. */
struct text grpc_metadata_encode_binary(struct arena *arena, struct text bytes);

/* The first value of that name; -bin values are decoded into the arena.
 * {NULL, 0}: absent, or not base64. */
struct text grpc_metadata_find(struct arena *arena, const struct http_header *headers, size_t count,
                               struct text name);

/* Whether a comma-separated list of codings (grpc-accept-encoding, accept-encoding) has this one;
 * parameters behind ';' count for nothing, but q=0 refuses it. */
bool grpc_accepts_encoding(struct text list, struct text encoding);

/* grpc-message: percent-encoded where it must be; `message` itself when it need not.
 * {NULL, 0}: no memory. Decoding never fails: what is no escape stays as it is, and so does
 * that of NUL, which no text here may hold. */
struct text grpc_message_encode(struct arena *arena, struct text message);
struct text grpc_message_decode(struct arena *arena, struct text encoded);
