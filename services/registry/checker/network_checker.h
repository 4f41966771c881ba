/* network_checker.h: looks at instances by TCP connect, HTTP request, HTTP/2's preface, or gRPC's
 * health service. */
#pragma once

#include "registry/checker/registry_checker.h"

struct loop;
struct http_client;

/* http_client: borrowed, of the same loop. STATUS_RESOURCE_EXHAUSTED: no memory. The
 * checker is owned by the caller, who ends it by close(). */
MUST_USE enum status network_checker_create(struct loop *loop, struct http_client *http_client,
                                            struct registry_checker *ret_checker);
