/* recommendation_handler.h: RecommendationService of api/recommendation.proto, and the plain HTTP
 * routes /similar and /recommendations (api/http.md), over one controller. */
#pragma once

#include "grpc/grpc_method.h"
#include "http/http_server.h"
#include "recommendation/controller/recommendation_controller.h"

/* The methods, with the controller (borrowed) as their state. */
struct grpc_service recommendation_handler_service(struct recommendation_controller *controller);

enum { RECOMMENDATION_HANDLER_ROUTE_COUNT = 2 };

/* GET /similar?id=[&type=&limit=], GET /recommendations?userId=[&type=&limit=]. */
void recommendation_handler_routes(
    struct recommendation_controller *controller,
    struct http_route routes[static RECOMMENDATION_HANDLER_ROUTE_COUNT]);
