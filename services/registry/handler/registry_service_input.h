/* registry_service_input.h: a registration as a request describes it. */
#pragma once

#include "registry/repository/registry_state.h"
#include "json/json.h"

/* All valid in the call's arena. STATUS_INVALID_ARGUMENT: the call's error is the answer's text. */
MUST_USE enum status registry_service_input_read(struct call *call, const struct json *body,
                                                 struct registry_registration *ret_registration);
