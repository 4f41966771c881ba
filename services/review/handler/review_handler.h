/* review_handler.h: ReviewService of api/review.proto, and the plain HTTP routes of /review,
 * /reviews and /like (api/http.md), over one controller. */
#pragma once

#include "grpc/grpc_method.h"
#include "http/http_server.h"
#include "review/controller/review_controller.h"

/* The methods, with the controller (borrowed) as their state. */
struct grpc_service review_handler_service(struct review_controller *controller);

enum { REVIEW_HANDLER_ROUTE_COUNT = 9 };

/* GET, PUT and DELETE /review?id=&type=&userId=, GET /reviews?id=&type= or ?userId=, GET, PUT and
 * DELETE /like?id=&type=&userId=, PUT and DELETE /review/like?id=&type=&authorId=&userId=. */
void review_handler_routes(struct review_controller *controller,
                           struct http_route routes[static REVIEW_HANDLER_ROUTE_COUNT]);
