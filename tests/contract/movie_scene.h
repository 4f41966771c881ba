/* movie_scene.h: metadata, rating and movie on a test's loop, with memory for stores, where movie
 * asks the others by gRPC or by plain HTTP. In a fiber; a failure fails the test. */
#pragma once

#include "http/http_client.h"
#include "metadata/controller/metadata_controller.h"
#include "movie/catalogue/ranked_catalogue.h"
#include "movie/controller/movie_controller.h"
#include "movie/gateway/grpc_metadata_gateway.h"
#include "movie/gateway/grpc_rating_gateway.h"
#include "movie/gateway/http_endpoint.h"
#include "movie/gateway/http_metadata_gateway.h"
#include "movie/gateway/http_rating_gateway.h"
#include "rating/controller/rating_controller.h"
#include "support/cmocka_test.h"
#include "support/service_scene.h"

enum movie_transport { MOVIE_BY_GRPC, MOVIE_BY_HTTP };

struct movie_scene {
    enum movie_transport transport;
    struct service_scene metadata_scene;
    struct service_scene rating_scene;
    struct service_scene movie_scene;
    struct metadata_controller metadata;
    struct rating_controller rating;
    struct movie_controller movie;
    struct grpc_metadata_gateway grpc_metadata;
    struct grpc_rating_gateway grpc_rating;
    struct http_metadata_gateway http_metadata;
    struct http_rating_gateway http_rating;
    struct http_client *client;
    struct http_endpoint metadata_endpoint;
    struct http_endpoint rating_endpoint;
    int metadata_fd;
    int rating_fd;
    char rating_address[HTTP_ADDRESS_BYTES_MAX];
    struct proto_pool *messages;
    struct ranked_catalogue *catalogue; /* NULL: it was not started */
};

typedef void (*movie_scene_fn)(struct movie_scene *scene);

/* Runs a case in a scene of its own, in a fiber. */
void movie_scene_run(movie_scene_fn run, enum movie_transport transport);

/* The tests of a case, one for each transport; and both of them in a list of tests. */
#define MOVIE_SCENE_CASE(name)                                                                     \
    static void name##_by_grpc(void **state)                                                       \
    {                                                                                              \
        (void)state;                                                                               \
        movie_scene_run(name, MOVIE_BY_GRPC);                                                      \
    }                                                                                              \
    static void name##_by_http(void **state)                                                       \
    {                                                                                              \
        (void)state;                                                                               \
        movie_scene_run(name, MOVIE_BY_HTTP);                                                      \
    }
#define MOVIE_SCENE_BOTH(name) cmocka_unit_test(name##_by_grpc), cmocka_unit_test(name##_by_http)

/* With lists of all movies, which follow the services from now on. movies_max: 0 for the default.
 */
void movie_scene_start_catalogue(struct movie_scene *scene, size_t movies_max);

/* From now on the service cannot be asked. */
void movie_scene_lose_metadata(struct movie_scene *scene);
void movie_scene_lose_rating(struct movie_scene *scene);
/* By HTTP: and now it can again. */
void movie_scene_find_rating(struct movie_scene *scene);

void movie_scene_put_movie(struct movie_scene *scene, const char *id, const char *title,
                           int32_t year);
void movie_scene_delete_movie(struct movie_scene *scene, const char *id);
/* time: RFC 3339. */
void movie_scene_put_vote(struct movie_scene *scene, const char *user, const char *id,
                          int32_t hundredths, const char *time);

/* By Connect's JSON, of MovieService; as service_scene_check(). */
void movie_scene_ask(struct movie_scene *scene, const char *method, const char *request, int status,
                     const char *reply);
/* By plain HTTP. */
void movie_scene_ask_plain(struct movie_scene *scene, const char *method, const char *target,
                           int status, const char *reply);
