/* movie_handler.h: MovieService of api/movie.proto, and the plain routes of movies (api/http.md),
 * over one controller. */
#pragma once

#include "grpc/grpc_method.h"
#include "http/http_server.h"
#include "movie/controller/movie_controller.h"

/* The methods, with the controller (borrowed) as their state. */
struct grpc_service movie_handler_service(struct movie_controller *controller);

enum { MOVIE_HANDLER_ROUTE_COUNT = 18 };

/* GET /movie?id=, GET /movies, GET /genres, GET /movies/search?q=, PUT and DELETE
 * /movie/rating?id=&userId=, GET /user/movies?userId=, GET, PUT and DELETE
 * /movie/review?id=&userId=, PUT and DELETE /movie/review/like?id=&authorId=&userId=, GET
 * /movie/reviews?id=, GET /user/reviews?userId=, PUT and DELETE /movie/like?id=&userId=, GET
 * /movie/similar?id=, GET /user/recommendations?userId=. */
void movie_handler_routes(struct movie_controller *controller,
                          struct http_route routes[static MOVIE_HANDLER_ROUTE_COUNT]);
