#include "discovery/consul_endpoints.h"

#include "base/arena.h"

static enum status add_endpoint(struct consul_endpoints *endpoints, struct call *call,
                                struct text address)
{
    struct text host;
    uint16_t port;
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
    endpoints->count++;
    return STATUS_OK;
}

enum status consul_endpoints_init(struct consul_endpoints *endpoints, struct call *call,
                                  const struct consul_discovery_options *options)
{
    endpoints->client = options->client;
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

enum status consul_endpoints_send(const struct consul_endpoints *endpoints, size_t index,
                                  struct call *call, int64_t timeout_ms,
                                  const struct http_client_request *request,
                                  struct http_client_reply *ret_reply)
{
    struct call attempt = call_within(call, timeout_ms);
    struct http_client_request addressed = *request;
    addressed.url = arena_format(call->arena, "http://%s%.*s", endpoints->addresses[index],
                                 TEXT_ARGUMENTS(request->url));
    if (addressed.url.data == NULL) {
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
