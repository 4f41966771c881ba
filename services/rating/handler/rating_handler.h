/* rating_handler.h: RatingService of api/rating.proto, and the plain HTTP routes of /rating
 * (api/http.md), over one controller. */
#pragma once

#include "grpc/grpc_method.h"
#include "http/http_server.h"
#include "rating/controller/rating_controller.h"

/* The methods, with the controller (borrowed) as their state. */
struct grpc_service rating_handler_service(struct rating_controller *controller);

enum { RATING_HANDLER_ROUTE_COUNT = 5 };

/* GET, PUT and DELETE /rating?id=&type=&userId=; GET /rating/summary and /rating/top. */
void rating_handler_routes(struct rating_controller *controller,
                           struct http_route routes[static RATING_HANDLER_ROUTE_COUNT]);
