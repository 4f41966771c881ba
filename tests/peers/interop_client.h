/* interop_client.h: what the interop client's cases share (grpc/grpc
 * doc/interop-test-descriptions.md). A case that is not met ends the program with a line that says
 * what was seen. */
#pragma once

#include "base/arena.h"
#include "grpc/grpc_channel.h"
#include "grpc/grpc_stream.h"
#include "interop.pb-c.h"
#include "proto/proto.h"

#define TEST_SERVICE "/grpc.testing.TestService/"

enum {
    INTEROP_CASE_TIMEOUT_MS = 20000,
    LARGE_REQUEST_BYTES = 271828,
    LARGE_RESPONSE_BYTES = 314159,
};

struct interop {
    struct loop *loop;
    struct proto_pool *pool;
    struct text address;
    const char *authority;   /* NULL: the address */
    struct tls_context *tls; /* NULL: plaintext */
    const char *name;        /* of the case */
    struct grpc_channel *channel;
    struct arena arena;
    struct call call; /* of the case */
};

struct interop_case {
    const char *name;
    void (*run)(struct interop *self);
};

/* NULL behind the last. */
extern const struct interop_case interop_unary_cases[];
extern const struct interop_case interop_stream_cases[];
extern const struct interop_case interop_compression_cases[];
extern const struct interop_case interop_http2_cases[];
extern const struct interop_case interop_orca_cases[];

/* Ends the program. */
void interop_fail(const struct interop *self, const char *format, ...) PRINTF_LIKE(2, 3)
    __attribute__((noreturn));

/* The words are those of `call`. */
void interop_expect(const struct interop *self, const struct call *call, enum status status,
                    enum status wanted);

/* A channel to the server; owned by the caller. */
struct grpc_channel *interop_channel(struct interop *self);

/* Zeros, valid in the case's arena. */
Grpc__Testing__Payload *interop_payload(struct interop *self, size_t size);

/* UnaryCall with these sizes; its status. *ret_response may be NULL: the reply's size is checked
 * all the same. */
enum status interop_unary(struct interop *self, struct call *call,
                          const struct grpc_call_options *options,
                          Grpc__Testing__SimpleRequest *request,
                          Grpc__Testing__SimpleResponse **ret_response);

/* A large_unary over the channel, in an arena of its own. */
enum status interop_large_unary(struct interop *self, struct grpc_channel *channel);

/* Opens the streaming method of TestService, or fails. */
struct grpc_stream *interop_open(struct interop *self, const char *path,
                                 const struct grpc_call_options *options,
                                 const ProtobufCMessageDescriptor *response_type);

void interop_send(struct interop *self, struct grpc_stream *stream,
                  const ProtobufCMessage *message);

/* The next message, which must be there; or the end, which must be. */
const ProtobufCMessage *interop_receive(struct interop *self, struct grpc_stream *stream);
void interop_receive_end(struct interop *self, struct grpc_stream *stream);

/* FullDuplexCall's request for one reply of that size. */
void interop_send_output_request(struct interop *self, struct grpc_stream *stream,
                                 size_t request_bytes, size_t reply_bytes);
void interop_receive_output(struct interop *self, struct grpc_stream *stream, size_t bytes);
