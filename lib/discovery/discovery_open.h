/* discovery_open.h: the registrar or resolver that the configuration asks for. */
#pragma once

#include "discovery/discovery.h"

struct http_client_access;

/* registries: "host:port,https://host:port" of servers with Consul's HTTP interface; at least one.
 * access: how they are asked (http/http_client.h); copied, what it points to borrowed; NULL:
 * without certificate and token. STATUS_INVALID_ARGUMENT: malformed, or DNS, where nothing
 * registers; the call's error says where.
 * STATUS_RESOURCE_EXHAUSTED: no memory. The registrar is owned by the caller (its `close`). */
MUST_USE enum status discovery_open_registrar(struct loop *loop, struct call *call,
                                              struct text registries,
                                              const struct http_client_access *access,
                                              struct discovery_registrar *ret_registrar);

/* services: where services are, "rating=host:port,host:port;metadata=dns:///host:port": fixed
 * addresses, or one target of DNS (dns_discovery.h). Where they name `service`, they are used in
 * place of the registries. STATUS_INVALID_ARGUMENT: malformed, a service given twice, or neither
 * says where the service is. */
MUST_USE enum status discovery_open_resolver(struct loop *loop, struct call *call,
                                             struct text registries, struct text services,
                                             struct text service,
                                             const struct http_client_access *access,
                                             struct discovery_resolver *ret_resolver);

/* Whether discovery_open_resolver() would know where to look for the service. */
bool discovery_can_resolve(struct text registries, struct text services, struct text service);
