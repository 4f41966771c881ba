#include "grpc/grpc_bearer.h"

#include "grpc/grpc_server.h"

bool grpc_bearer_is_valid(const struct grpc_bearer *bearer)
{
    bool valid = bearer->token_count > 0 && bearer->token_count <= GRPC_BEARER_TOKENS_MAX;
    for (size_t i = 0; valid && i < bearer->token_count; i++) {
        size_t length = bearer->tokens[i].length;
        valid = length > 0 && length <= GRPC_BEARER_TOKEN_BYTES_MAX;
    }
    return valid;
}

/* Takes as long whatever differs. */
static bool is_same(struct text given, struct text token)
{
    volatile unsigned char difference = given.length != token.length;
    for (size_t i = 0; i < token.length; i++) {
        char byte = i < given.length ? given.data[i] : '\0';
        difference = (unsigned char)(difference | (byte ^ token.data[i]));
    }
    return difference == 0;
}

static bool is_known(const struct grpc_bearer *bearer, struct text given)
{
    bool known = false;
    for (size_t i = 0; i < bearer->token_count; i++) {
        known |= is_same(given, bearer->tokens[i]);
    }
    return known;
}

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
    static const struct text scheme = TEXT_INIT("Bearer ");
    const struct grpc_bearer *bearer = state;
    if (is_open(bearer, method)) {
        return STATUS_OK;
    }
    struct text given = grpc_request_metadata(call, TEXT("authorization"));
    struct text word = text_slice(given, 0, scheme.length);
    if (text_equal_ignoring_case(word, scheme) &&
        is_known(bearer, text_trim(text_slice(given, scheme.length, given.length)))) {
        return STATUS_OK;
    }
    return call_fail(call, STATUS_UNAUTHENTICATED, "%s",
                     given.data == NULL ? "a bearer token is needed"
                                        : "the bearer token is not valid");
}

struct grpc_interceptor grpc_require_bearer(const struct grpc_bearer *bearer)
{
    CHECK(grpc_bearer_is_valid(bearer));
    return (struct grpc_interceptor){.before = check, .state = (void *)(uintptr_t)bearer};
}
