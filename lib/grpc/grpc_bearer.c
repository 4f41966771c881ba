#include "grpc/grpc_bearer.h"

#include "access/access_tokens.h"
#include "grpc/grpc_server.h"

static bool is_open(const struct grpc_bearer *bearer, const char *method)
{
    for (size_t i = 0; i < bearer->open_path_count; i++) {
        struct text open = text_of(bearer->open_paths[i]);
        bool is_service = text_ends_with(open, TEXT("/"));
        if (is_service ? text_starts_with(text_of(method), open)
                       : text_equal(text_of(method), open)) {
            return true;
        }
    }
    return false;
}

static enum status check(void *state, struct call *call, const char *method)
{
    const struct grpc_bearer *bearer = state;
    if (is_open(bearer, method)) {
        return STATUS_OK;
    }
    struct text given = grpc_request_metadata(call, TEXT("authorization"));
    if (access_tokens_find(bearer->tokens, access_bearer(given), NULL)) {
        return STATUS_OK;
    }
    return call_fail(call, STATUS_UNAUTHENTICATED, "%s",
                     given.data == NULL ? "a bearer token is needed"
                                        : "the bearer token is not valid");
}

struct grpc_interceptor grpc_require_bearer(const struct grpc_bearer *bearer)
{
    CHECK(bearer->tokens != NULL);
    return (struct grpc_interceptor){.before = check, .state = (void *)(uintptr_t)bearer};
}
