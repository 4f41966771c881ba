/* grpc_interceptor.h: what is done for every call of a server, whatever its method and protocol:
 * logging, metrics, who may call. One table in grpc_server_options; without one, nothing is done.
 *
 * Order: before() in the table's order, once the request's headers have been read and the deadline
 * is set, before its body is; the first that returns another status than OK refuses the call, and
 * those behind it are not asked. after() in the reverse order, of all of them for every call: also
 * of one that was refused, by whomever, and of one that was malformed. So the place in the table
 * matters among those that refuse only. */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/call.h"
#include "base/status.h"

enum { GRPC_INTERCEPTORS_MAX = 8 };

struct grpc_outcome {
    const char *method;   /* "/Service/Method" as in the table of services */
    const char *protocol; /* "grpc", "grpc-web" or "connect" */
    enum status status;
    int64_t duration_ns; /* from the request's headers to a unary handler's return, else to now */
    /* Of the messages as they were on the wire, compressed where they were, with the prefix where
     * the protocol has one. Of Connect's unary replies: before compression. */
    uint64_t received_bytes;
    uint64_t sent_bytes;
};

struct grpc_interceptor {
    /* May wait, unless the server is overloaded: then none is asked. `call` is the one that the
     * handler will get: grpc_request_metadata() and the others of grpc_server.h take it. What it
     * notes by call_fail() is for the client. NULL: not asked. */
    enum status (*before)(void *state, struct call *call, const char *method);
    /* Of unary calls that were not refused, with the decoded request, before the handler gets it;
     * in the table's order, until one refuses. It may change what the request says, with texts
     * valid in the call's arena. Must not wait. NULL: not asked. */
    enum status (*examine)(void *state, struct call *call, const char *method,
                           ProtobufCMessage *request);
    /* Before the last bytes of the reply are handed to the connection; must not wait. call->error
     * says what went wrong. NULL: not told. */
    void (*after)(void *state, struct call *call, const struct grpc_outcome *outcome);
    void *state; /* borrowed for the server's life; used by all loops at once */
};
