/* registry_service_input.h: a registration as a request describes it. */
#pragma once

#include "registry/repository/registry_state.h"
#include "json/json.h"

/* The "Service" of a write to the catalog, which has no checks and no defaults of the agent.
 * STATUS_INVALID_ARGUMENT: as registry_fields_read(). */
MUST_USE enum status registry_catalog_service_read(struct call *call, const struct json *object,
                                                   struct registry_service_definition *ret_service);

/* All valid in the call's arena. STATUS_INVALID_ARGUMENT: the call's error is the answer's text. */
MUST_USE enum status registry_service_input_read(struct call *call, const struct json *body,
                                                 struct registry_registration *ret_registration);
