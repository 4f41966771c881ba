#include "discovery/consul_endpoints.h"

#include "access/access_tokens.h"
#include "base/arena.h"

bool consul_address_is_secure(struct text *address)
{
    static const struct text plain = TEXT_INIT("http://");
    static const struct text secure = TEXT_INIT("https://");
    bool is_secure = text_starts_with(*address, secure);
    if (is_secure || text_starts_with(*address, plain)) {
        *address = text_slice(*address, is_secure ? secure.length : plain.length, address->length);
    }
    return is_secure;
}

static enum status add_endpoint(struct consul_endpoints *endpoints, struct call *call,
                                struct text address)
{
    struct text host;
    uint16_t port;
    bool secure = consul_address_is_secure(&address);
    enum status status = http_address_split(call, address, &host, &port);
    if (status != STATUS_OK) {
        return status;
    }
    if (endpoints->count == CONSUL_REGISTRIES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "more than %d registries",
                         CONSUL_REGISTRIES_MAX);
    }
    char *kept = endpoints->addresses[endpoints->count];
    if (!text_to_c_string(address, kept, HTTP_ADDRESS_BYTES_MAX)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the registry's address is too long");
    }
    endpoints->secure[endpoints->count++] = secure;
    return STATUS_OK;
}

enum status consul_endpoints_init(struct consul_endpoints *endpoints, struct call *call,
                                  const struct consul_discovery_options *options)
{
    endpoints->client = options->client;
    endpoints->tokens = options->tokens;
    endpoints->count = 0;
    for (struct text rest = options->registries; rest.data != NULL;) {
        struct text address = text_trim(text_next(&rest, ','));
        enum status status =
            address.length > 0 ? add_endpoint(endpoints, call, address) : STATUS_OK;
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (endpoints->count == 0) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "no registry is named");
    }
    return STATUS_OK;
}

/* The request's headers, and the secret. false: no memory. */
static bool add_token(const struct consul_endpoints *endpoints, struct call *call,
                      struct http_client_request *request)
{
    if (endpoints->tokens == NULL) {
        return true;
    }
    struct text token = access_tokens_show(endpoints->tokens, call->arena, "");
    struct http_header *headers =
        arena_alloc(call->arena, (request->header_count + 1) * sizeof(*headers));
    if (headers == NULL || token.data == NULL) {
        return false;
    }
    if (request->header_count > 0) {
        memcpy(headers, request->headers, request->header_count * sizeof(*headers));
    }
    headers[request->header_count++] = (struct http_header){TEXT("x-consul-token"), token};
    request->headers = headers;
    return true;
}

enum status consul_endpoints_send(const struct consul_endpoints *endpoints, size_t index,
                                  struct call *call, int64_t timeout_ms,
                                  const struct http_client_request *request,
                                  struct http_client_reply *ret_reply)
{
    struct call attempt = call_within(call, timeout_ms);
    struct http_client_request addressed = *request;
    addressed.url =
        arena_format(call->arena, "%s://%s%.*s", endpoints->secure[index] ? "https" : "http",
                     endpoints->addresses[index], TEXT_ARGUMENTS(request->url));
    if (addressed.url.data == NULL || !add_token(endpoints, call, &addressed)) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    enum status status = http_client_send(endpoints->client, &attempt, &addressed, ret_reply);
    if (status == STATUS_DEADLINE_EXCEEDED && call_check(call) == STATUS_OK) {
        return call_fail(call, STATUS_UNAVAILABLE, "the registry at %s does not answer",
                         endpoints->addresses[index]);
    }
    if (status != STATUS_OK) {
        call->error = attempt.error;
    }
    return status;
}
