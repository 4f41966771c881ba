/* connect_error.h: a failure in Connect's words: the object that is the body of a failed unary
 * call, and a member of the end of a stream (connectrpc.com/docs/protocol, "Error"). */
#pragma once

#include "base/status.h"

struct grpc_server_call;
struct json_writer;

/* Writes the object: code, message and details of the call. */
void connect_write_error(struct json_writer *writer, const struct grpc_server_call *self,
                         enum status status);
