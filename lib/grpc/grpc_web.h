/* grpc_web.h: the server's side of gRPC-Web (grpc/grpc doc/PROTOCOL-WEB.md): gRPC for browsers,
 * over HTTP/1.1 and HTTP/2. The status and the trailing metadata come in the body, as a last frame.
 */
#pragma once

#include "base/text.h"

struct grpc_server;
struct grpc_server_method;
struct http_exchange;

/* Whether the content-type is gRPC-Web's or begins as it does. */
bool grpc_web_is_type(struct text content_type);

/* Serves one request with such a content-type. */
void grpc_web_serve(const struct grpc_server_method *method, struct http_exchange *exchange,
                    struct text content_type);

/* Answers such a request for a method that is not there. */
void grpc_web_reply_unimplemented(const struct grpc_server *server, struct http_exchange *exchange,
                                  struct text content_type, struct text message);
