/* conformance_messages.h: what the programs under Connect's conformance runner share: its messages,
 * each behind its length of four bytes, and headers in its form. */
#pragma once

#include "conformance.pb-c.h"
#include "grpc/grpc_server.h"

struct arena;
struct buffer;

enum { CONFORMANCE_MESSAGE_BYTES_MAX = 16 * 1024 * 1024 };

struct proto_descriptor_set conformance_descriptor_set(void);

/* Over all messages of the file, and google.rpc.Status. Owned by the caller. */
struct proto_pool *conformance_pool(void);

/* Takes one whole message off the front of the buffer. NULL: there is none yet. */
ProtobufCMessage *conformance_take(struct call *call, const struct proto_type *type,
                                   struct buffer *buffer);

/* Writes the message to stdout. */
void conformance_write(const ProtobufCMessage *message);

/* Headers as the runner's messages have them: one entry a name, its values in their order; valid in
 * the arena. */
Connectrpc__Conformance__V1__Header **conformance_headers(struct arena *arena,
                                                          const struct http_header *headers,
                                                          size_t count, size_t *ret_count);

/* The reverse, `-bin` values without base64: add(state, name, value) is called for each. */
void conformance_each_header(struct arena *arena, Connectrpc__Conformance__V1__Header **headers,
                             size_t count,
                             bool (*add)(void *state, struct text name, struct text value),
                             void *state);
