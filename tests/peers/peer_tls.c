#include "peers/peer_tls.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

struct tls_context *peer_tls(const struct tls_options *options)
{
    struct arena arena;
    struct call call;
    struct tls_context *context = NULL;
    arena_init(&arena, 1024 * 1024);
    call_init(&call, &arena, 0);
    if (tls_context_create(&call, options, &context) != STATUS_OK) {
        fprintf(stderr, "TLS: %.*s\n", TEXT_ARGUMENTS(call.error.message));
        exit(1);
    }
    arena_deinit(&arena);
    return context;
}
