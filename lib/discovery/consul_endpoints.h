/* consul_endpoints.h: the registries that a Consul client speaks to, and one request to one of
 * them. Private to the Consul implementation. */
#pragma once

#include "discovery/consul_discovery.h"
#include "http/http_client.h"

/* Among an instance's metadata: what clients are told besides its address. */
#define CONSUL_META_TLS "tls"
#define CONSUL_META_ZONE "zone"

struct consul_endpoints {
    struct http_client *client;
    struct access_tokens *tokens;
    size_t count;
    bool secure[CONSUL_REGISTRIES_MAX];
    char addresses[CONSUL_REGISTRIES_MAX][HTTP_ADDRESS_BYTES_MAX];
};

/* Statuses as consul_registrar_create(). */
MUST_USE enum status consul_endpoints_init(struct consul_endpoints *endpoints, struct call *call,
                                           const struct consul_discovery_options *options);

/* Sends to the registry at `index`; path with its query. STATUS_OK: any reply came.
 * STATUS_UNAVAILABLE: none within timeout_ms. STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED: the call
 * itself is over. STATUS_RESOURCE_EXHAUSTED. */
MUST_USE enum status consul_endpoints_send(const struct consul_endpoints *endpoints, size_t index,
                                           struct call *call, int64_t timeout_ms,
                                           const struct http_client_request *request,
                                           struct http_client_reply *ret_reply);
