/* connect_stream.h: the server's side of the Connect protocol's streams
 * (connectrpc.com/docs/protocol, "Streaming RPCs"), over HTTP/1.1 and HTTP/2: frames as gRPC's, and
 * at the end of the reply one with the status and the trailing metadata as JSON. The HTTP status is
 * always 200. */
#pragma once

#include "grpc/grpc_codec.h"

struct grpc_server_method;
struct http_exchange;

/* Serves one POST request of a streaming method. */
void connect_stream_serve(const struct grpc_server_method *method, struct http_exchange *exchange,
                          enum grpc_codec codec);
