/* grpc_bearer.h: an interceptor that lets those call who know a token (RFC 6750):
 * `authorization: Bearer TOKEN`. */
#pragma once

#include "base/text.h"
#include "grpc/grpc_interceptor.h"

enum {
    GRPC_BEARER_TOKENS_MAX = 4, /* so that a new one can come before the old one goes */
    GRPC_BEARER_TOKEN_BYTES_MAX = 1024,
};

struct grpc_bearer {
    /* Not empty; how long it takes to refuse a token says nothing about them but their lengths. */
    struct text tokens[GRPC_BEARER_TOKENS_MAX];
    size_t token_count;
    /* What everybody may call: "/grpc.health.v1.Health/" for all methods of a service. */
    const char *const *open_paths;
    size_t open_path_count;
};

/* Whether it can be required: 1 to GRPC_BEARER_TOKENS_MAX tokens of 1 to
 * GRPC_BEARER_TOKEN_BYTES_MAX bytes. */
MUST_USE bool grpc_bearer_is_valid(const struct grpc_bearer *bearer);

/* Others get UNAUTHENTICATED, over HTTP 401 with `www-authenticate`. bearer: borrowed; CHECKed to
 * be valid. */
struct grpc_interceptor grpc_require_bearer(const struct grpc_bearer *bearer);
