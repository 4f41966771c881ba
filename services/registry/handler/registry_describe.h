/* registry_describe.h: the endpoints as operations (http/http_operation.h), for /openapi.json:
 * their parameters, and the forms of their answers, are Consul's. */
#pragma once

#include "http/http_operation.h"
#include "registry/handler/registry_handler_private.h"

void registry_describe(const struct registry_endpoint *endpoint,
                       struct http_operation *ret_operation);
