/* grpc_health.h: grpc.health.v1.Health over the services of one server
 * (grpc/grpc doc/health-checking.md; List: gRFC A90). Safe from any thread. */
#pragma once

#include "base/status.h"
#include "base/text.h"
#include "grpc/grpc_method.h"

struct grpc_health;

/* Of the services named and of "", the whole server; none serves yet.
 * STATUS_RESOURCE_EXHAUSTED: no memory. *ret_health is owned by the caller. */
MUST_USE enum status grpc_health_create(const struct grpc_service *services, size_t service_count,
                                        struct grpc_health **ret_health);

/* No Watch may be running. NULL is accepted. */
void grpc_health_destroy(struct grpc_health *health);

/* The service to be served; its state is `health`. */
struct grpc_service grpc_health_service(struct grpc_health *health);

/* STATUS_NOT_FOUND: no such service. */
MUST_USE enum status grpc_health_set(struct grpc_health *health, struct text service, bool serving);

/* Nothing serves any more, and every Watch ends with UNAVAILABLE. */
void grpc_health_shut_down(struct grpc_health *health);
