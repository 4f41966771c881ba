/* connect_unary.h: unary calls of the Connect protocol: a message as the body of a plain request
 * and reply, over HTTP/1.1 and HTTP/2 (connectrpc.com/docs/protocol, "Unary-Request"). */
#pragma once

struct grpc_server_method;
struct http_exchange;

/* Serves a POST, a GET, or what turns out to be neither: 405 and 415. */
void connect_serve(const struct grpc_server_method *method, struct http_exchange *exchange);
