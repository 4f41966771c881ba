/* discovery_open.h: the registrar or resolver that the configuration asks for. */
#pragma once

#include "discovery/discovery.h"

struct http_client_access;

/* registries: "host:port,https://host:port" of servers with Consul's HTTP interface; at least one.
 * access: how they are asked (http/http_client.h); copied, what it points to borrowed; NULL:
 * without certificate and token. STATUS_INVALID_ARGUMENT: malformed; the call's error says where.
 * STATUS_RESOURCE_EXHAUSTED: no memory. The registrar is owned by the caller (its `close`). */
MUST_USE enum status discovery_open_registrar(struct loop *loop, struct call *call,
                                              struct text registries,
                                              const struct http_client_access *access,
                                              struct discovery_registrar *ret_registrar);

/* services: fixed addresses, "rating=host:port,host:port;metadata=host:port": where they name
 * `service`, they are used in place of the registries. STATUS_INVALID_ARGUMENT: malformed, or
 * neither says where the service is. */
MUST_USE enum status discovery_open_resolver(struct loop *loop, struct call *call,
                                             struct text registries, struct text services,
                                             struct text service,
                                             const struct http_client_access *access,
                                             struct discovery_resolver *ret_resolver);
