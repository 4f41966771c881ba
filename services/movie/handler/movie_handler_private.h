/* movie_handler_private.h: the methods and routes of MovieService by what they are about:
 * movie_discover_methods.c, movie_list_methods.c, movie_vote_methods.c, movie_import_methods.c,
 * movie_recommendation_methods.c, movie_review_methods.c and their routes. */
#pragma once

#include "http/http_server.h"
#include "movie/controller/movie_controller.h"

enum status movie_handler_no_room(struct call *call);

enum status movie_handler_search_movies(void *state, struct call *call, const void *request,
                                        void *response);
enum status movie_handler_discover_movies(void *state, struct call *call, const void *request,
                                          void *response);
enum status movie_handler_list_genres(void *state, struct call *call, const void *request,
                                      void *response);
enum status movie_handler_list_user_movies(void *state, struct call *call, const void *request,
                                           void *response);
enum status movie_handler_rate_movie(void *state, struct call *call, const void *request,
                                     void *response);
enum status movie_handler_match_movies(void *state, struct call *call, const void *request,
                                       void *response);
enum status movie_handler_rate_movies(void *state, struct call *call, const void *request,
                                      void *response);
enum status movie_handler_unrate_movie(void *state, struct call *call, const void *request,
                                       void *response);
enum status movie_handler_list_similar_movies(void *state, struct call *call, const void *request,
                                              void *response);
enum status movie_handler_list_recommended_movies(void *state, struct call *call,
                                                  const void *request, void *response);

enum status movie_handler_put_review(void *state, struct call *call, const void *request,
                                     void *response);
enum status movie_handler_delete_review(void *state, struct call *call, const void *request,
                                        void *response);
enum status movie_handler_get_review(void *state, struct call *call, const void *request,
                                     void *response);
enum status movie_handler_list_reviews(void *state, struct call *call, const void *request,
                                       void *response);
enum status movie_handler_list_user_reviews(void *state, struct call *call, const void *request,
                                            void *response);
enum status movie_handler_like_movie(void *state, struct call *call, const void *request,
                                     void *response);
enum status movie_handler_unlike_movie(void *state, struct call *call, const void *request,
                                       void *response);
enum status movie_handler_like_review(void *state, struct call *call, const void *request,
                                      void *response);
enum status movie_handler_unlike_review(void *state, struct call *call, const void *request,
                                        void *response);

void movie_handler_get_search(void *state, struct http_exchange *exchange);
void movie_handler_get_movies(void *state, struct http_exchange *exchange);
void movie_handler_get_genres(void *state, struct http_exchange *exchange);
void movie_handler_get_user_movies(void *state, struct http_exchange *exchange);
void movie_handler_get_similar(void *state, struct http_exchange *exchange);
void movie_handler_get_recommendations(void *state, struct http_exchange *exchange);
void movie_handler_put_rating(void *state, struct http_exchange *exchange);
void movie_handler_delete_rating(void *state, struct http_exchange *exchange);

/* "score", "mean", …: by enum movie_order; NULL ends. */
extern const char *const movie_handler_orders[];
extern const char *const movie_handler_own_orders[];

enum { MOVIE_HANDLER_REVIEW_ROUTE_COUNT = 9 };

/* Those of /movie/review, /movie/review/like, /movie/reviews, /user/reviews and /movie/like. */
void movie_handler_review_routes(struct movie_controller *controller,
                                 struct http_route routes[static MOVIE_HANDLER_REVIEW_ROUTE_COUNT]);
