/* static_discovery.h: services at fixed addresses, for deployments without a registry and for
 * tests. */
#pragma once

#include "discovery/discovery.h"

enum { STATIC_DISCOVERY_SERVICES_MAX = 64 };

/* A registrar that has nothing to do: every operation is OK. */
struct discovery_registrar static_discovery_registrar(void);

/* list: "service=host:port,host:port;service=…"; spaces around parts are skipped, empty entries
 * too. STATUS_INVALID_ARGUMENT: malformed, a service given twice or too many; the call's error
 * quotes the part. STATUS_RESOURCE_EXHAUSTED: no memory. The list is copied; *ret_resolver is owned
 * by the caller, who ends it by close(). An unknown service has an empty list. */
MUST_USE enum status static_discovery_resolver_create(struct call *call, struct text list,
                                                      struct discovery_resolver *ret_resolver);
