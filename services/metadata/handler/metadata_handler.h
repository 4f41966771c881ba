/* metadata_handler.h: MetadataService of api/metadata.proto, and the plain HTTP routes of /metadata
 * (api/http.md), over one controller. */
#pragma once

#include "grpc/grpc_method.h"
#include "http/http_server.h"
#include "metadata/controller/metadata_controller.h"

/* The methods, with the controller (borrowed) as their state. */
struct grpc_service metadata_handler_service(struct metadata_controller *controller);

enum { METADATA_HANDLER_ROUTE_COUNT = 4 };

/* GET, PUT and DELETE /metadata?id=, GET /metadata/search?q=. */
void metadata_handler_routes(struct metadata_controller *controller,
                             struct http_route routes[static METADATA_HANDLER_ROUTE_COUNT]);
