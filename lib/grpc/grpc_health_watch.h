/* grpc_health_watch.h: follows, over a connection, whether its server wants calls
 * (grpc.health.v1 Watch; gRFC A17). */
#pragma once

#include "grpc/grpc_channel_private.h"

/* Begins to follow, in a fiber of its own, until connection->watch_cancellation; then
 * grpc_connection_watch_ended() is called. A server that does not have the service is taken to
 * serve. STATUS_RESOURCE_EXHAUSTED: no fiber; nothing has begun. */
MUST_USE enum status grpc_health_watch_start(struct grpc_connection *connection);
