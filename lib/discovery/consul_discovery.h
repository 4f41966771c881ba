/* consul_discovery.h: registrar and resolver over Consul's HTTP interface, for our registry and for
 * HashiCorp's.
 *
 * Several registries may be named. The registrar registers with all of them, and is content when
 * one has taken the instance; one that has forgotten it makes the heartbeat NOT_FOUND, so that the
 * keeper registers again. The resolver asks one, and goes on to the next when it cannot be asked.
 * (developer.hashicorp.com/consul/api-docs: agent/service, agent/check, health, features/blocking)
 */
#pragma once

#include "discovery/discovery.h"

struct access_tokens;
struct http_client;

enum {
    CONSUL_REGISTRIES_MAX = 8,
    CONSUL_REQUEST_TIMEOUT_MS = 2000, /* of one request to one registry, without its `wait` */
    CONSUL_WATCHED_SERVICES_MAX = 64, /* of one resolver */
    /* No more polls of a service than these, however often its list changes. */
    CONSUL_POLLS_BURST = 10,
    CONSUL_POLLS_PER_SECOND = 2,
};

struct consul_discovery_options {
    struct http_client *client; /* borrowed; of the loop that the fibers run on */
    /* "127.0.0.1:8500,https://127.0.0.1:8501": by TLS as the client is set to. */
    struct text registries;
    struct access_tokens *tokens; /* whose first secret is shown; borrowed; NULL: none is */
    int64_t wait_ms;              /* of a blocking query; 0: DISCOVERY_WATCH_MS */
};

/* Both: STATUS_INVALID_ARGUMENT: no registry, too many, or a malformed address; the call's error
 * says which. STATUS_RESOURCE_EXHAUSTED: no memory. The port is owned by the caller, who ends it by
 * close(), with no operation running. */
MUST_USE enum status consul_registrar_create(struct call *call,
                                             const struct consul_discovery_options *options,
                                             struct discovery_registrar *ret_registrar);
MUST_USE enum status consul_resolver_create(struct call *call,
                                            const struct consul_discovery_options *options,
                                            struct discovery_resolver *ret_resolver);

/* Takes "http://" or "https://" off a registry's address. Whether it was the second. */
bool consul_address_is_secure(struct text *address);
