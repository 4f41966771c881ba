/* grpc_cors.h: what a browser asks before it lets a page of another origin make calls (Fetch
 * standard, "HTTP CORS protocol"), as the server's options allow it. Without allowed origins
 * nothing here does anything. */
#pragma once

#include "grpc/grpc_server.h"

struct grpc_server_method;

enum { GRPC_CORS_HEADERS_MAX = 4 }; /* of a reply */

/* false: what is no origin, too many, or any with credentials. */
MUST_USE bool grpc_cors_options_are_valid(const struct grpc_server_options *options);

/* Answers OPTIONS. false: it is not a browser's question, or no origin is allowed. */
MUST_USE bool grpc_cors_preflight(const struct grpc_server_method *method,
                                  struct http_exchange *exchange);

/* Adds at most GRPC_CORS_HEADERS_MAX to the whole of a reply's headers, whose names it tells the
 * browser to show to the page. Returns how many there are then. */
size_t grpc_cors_add(const struct grpc_server_options *options, struct http_exchange *exchange,
                     struct http_header *headers, size_t count);
