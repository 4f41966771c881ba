/* registry_access.h: who may ask for what: the tokens of requests, and Consul's words for those who
 * have none. */
#pragma once

#include "registry/handler/registry_handler_private.h"

/* Looks at `?token=`, else X-Consul-Token, else `authorization: Bearer`, as Consul does, and notes
 * whose it is. false: it was answered with 403: "ACL not found" for a token that nobody knows,
 * "Permission denied: …" without one, or with one that may not write. */
MUST_USE bool registry_access_admits(struct registry_request *request,
                                     const struct registry_endpoint *endpoint);
