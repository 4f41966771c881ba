/* grpc_bearer.h: an interceptor that lets those call who know a token (RFC 6750):
 * `authorization: Bearer TOKEN`. */
#pragma once

#include "grpc/grpc_interceptor.h"

struct access_tokens;

struct grpc_bearer {
    struct access_tokens *tokens; /* access/access_tokens.h: any of them; borrowed */
    /* What everybody may call: "/grpc.health.v1.Health/" for all methods of a service. */
    const char *const *open_paths;
    size_t open_path_count;
};

/* Others get UNAUTHENTICATED, over HTTP 401 with `www-authenticate`. bearer: borrowed; has tokens
 * (CHECKed). */
struct grpc_interceptor grpc_require_bearer(const struct grpc_bearer *bearer);
