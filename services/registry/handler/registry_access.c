#include "registry/handler/registry_access.h"

#include <stdio.h>

#include "registry/handler/registry_reply.h"

/* What everybody may read: what Consul shows to everybody, and what is no part of its interface. */
static bool is_open(const struct registry_endpoint *endpoint)
{
    static const char *const open_paths[] = {"/v1/catalog/datacenters", "/v1/status/leader",
                                             "/v1/status/peers"};
    struct text path = text_of(endpoint->path);
    for (size_t i = 0; i < ARRAY_LENGTH(open_paths); i++) {
        if (text_equal(path, text_of(open_paths[i]))) {
            return true;
        }
    }
    return !text_starts_with(path, TEXT("/v1/"));
}

/* false: it was answered. */
static bool find_token(struct registry_request *request, struct text *ret_token)
{
    const struct http_request *http = http_exchange_request(request->exchange);
    enum status status =
        http_query_parameter(request->call, request->query, TEXT("token"), ret_token);
    if (status == STATUS_INVALID_ARGUMENT || status == STATUS_RESOURCE_EXHAUSTED) {
        registry_reply_status(request, status);
        return false;
    }
    if (status != STATUS_OK || ret_token->length == 0) {
        *ret_token = http_header_find(http->headers, http->header_count, TEXT("x-consul-token"));
    }
    if (ret_token->length == 0) {
        *ret_token = access_bearer(
            http_header_find(http->headers, http->header_count, TEXT("authorization")));
    }
    return true;
}

static bool is_known(struct registry_request *request, struct access_tokens *tokens,
                     struct text token)
{
    return tokens != NULL && access_tokens_find(tokens, token, request->holder);
}

static void name_holder(struct registry_request *request, const char *name)
{
    (void)snprintf(request->holder, sizeof(request->holder), "%s", name);
}

bool registry_access_admits(struct registry_request *request,
                            const struct registry_endpoint *endpoint)
{
    const struct registry_handler *handler = request->handler;
    bool is_read = text_equal(text_of(endpoint->method), TEXT("GET"));
    const char *right = is_read ? "read" : "write";
    struct text token;
    if (handler->tokens == NULL || is_open(endpoint)) {
        return true;
    }
    if (!find_token(request, &token)) {
        return false;
    }
    if (token.length == 0) {
        name_holder(request, "none");
        registry_reply_format(request, 403,
                              "Permission denied: anonymous token lacks permission 'service:%s'",
                              right);
        return false;
    }
    if (is_known(request, handler->tokens, token)) {
        return true;
    }
    if (!is_known(request, handler->read_tokens, token)) {
        name_holder(request, "unknown");
        registry_reply_error(request, 403, TEXT("ACL not found"));
        return false;
    }
    if (!is_read) {
        registry_reply_format(request, 403,
                              "Permission denied: token '%s' lacks permission 'service:%s'",
                              request->holder, right);
    }
    return is_read;
}
