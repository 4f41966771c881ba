/* registry_addresses_input.h: the tagged addresses of a registration. */
#pragma once

#include "registry/model/registry_service.h"
#include "json/json.h"

/* {"tag": {"Address": …, "Port": …}, …} into the definition; `object` may be NULL. All valid in the
 * call's arena. STATUS_INVALID_ARGUMENT: as registry_fields_read(). */
MUST_USE enum status registry_addresses_read(struct call *call, const struct json *object,
                                             struct registry_service_definition *service);

/* Adds those that Consul adds: "lan_ipv4" and "wan_ipv4", or "…_ipv6", when the address is one.
 * STATUS_INVALID_ARGUMENT: one of these that is there is of the other kind; the call's error is the
 * answer's text. */
MUST_USE enum status registry_addresses_complete(struct call *call,
                                                 struct registry_service_definition *service);
