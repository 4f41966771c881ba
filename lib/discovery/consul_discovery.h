/* consul_discovery.h: registrar and resolver over Consul's HTTP interface, for our registry and for
 * HashiCorp's.
 *
 * Several registries may be named; they need not know of each other. The registrar registers with
 * all of them at once, so that one that hangs holds up nothing at the others, and is content when
 * one has taken the instance. One that has forgotten it is told again; when there is but one, the
 * heartbeat is NOT_FOUND, so that the keeper registers again. The resolver asks one, and goes on to
 * the next when that cannot be asked, or lists nobody: an empty list is believed when no other
 * registry that answers has one. One that is new to the resolver, and has just been started, is
 * waited for until it has settled.
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
    /* Of a blocking query when there are several registries: one that hangs is left after it. */
    CONSUL_WAIT_OF_SEVERAL_MS = 5000,
    /* A heartbeat to one of several may take that part of the TTL, so that the next is in time. */
    CONSUL_HEARTBEAT_SHARE = 3,
    /* No more polls of a service than these, however often its list changes. */
    CONSUL_POLLS_BURST = 10,
    CONSUL_POLLS_PER_SECOND = 2,
};

struct consul_discovery_options {
    struct http_client *client; /* borrowed; of the loop that the fibers run on */
    /* "127.0.0.1:8500,https://127.0.0.1:8501": by TLS as the client is set to. */
    struct text registries;
    struct access_tokens *tokens; /* whose first secret is shown; borrowed; NULL: none is */
    int64_t wait_ms; /* of a blocking query; 0: DISCOVERY_WATCH_MS, or that of several */
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
