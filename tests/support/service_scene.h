/* service_scene.h: one service served on a test's loop, asked by gRPC over a loopback channel, by
 * Connect's JSON and by plain HTTP. */
#pragma once

#include "base/arena.h"
#include "grpc/grpc_channel.h"
#include "grpc/grpc_method.h"
#include "http/http_server.h"
#include "proto/proto.h"
#include "support/http_loopback.h"

enum { SERVICE_SCENE_TIMEOUT_MS = 20000 }; /* of a whole test: one that hangs fails */

struct service_scene {
    struct arena arena;
    struct call call; /* of the test */
    struct grpc_server *grpc;
    struct http_server *http;
    struct grpc_channel *channel;
    struct text last_message; /* of the last call by gRPC: its error, in the scene's arena */
    /* private */
    struct grpc_service service;
    struct proto_descriptor_set descriptors;
    struct http_route *routes;
};

/* All in a fiber; a failure fails the test. routes: plain ones, copied. The service's messages are
 * of movie.proto. */
void service_scene_open(struct service_scene *scene, struct grpc_service service,
                        const struct http_route *routes, size_t route_count);
/* The same for messages of other files. */
void service_scene_open_with(struct service_scene *scene, struct proto_descriptor_set descriptors,
                             struct grpc_service service, const struct http_route *routes,
                             size_t route_count);
void service_scene_close(struct service_scene *scene);

/* By gRPC; the response is valid in the scene's arena, NULL on any status but OK. */
enum status service_scene_call(struct service_scene *scene, const char *path,
                               const ProtobufCMessage *request,
                               const ProtobufCMessageDescriptor *response_type,
                               const void **ret_response);

/* What was asked by HTTP and what is answered. */
struct service_exchange {
    const char *name;
    const char *method;
    const char *target;
    const char *headers; /* "name: value\r\n"…; NULL: none */
    const char *body;    /* NULL: none */
    int status;
    const char *reply; /* the whole body; of errors, what stands in `detail` or `message` */
};

/* Sends each in turn and fails the test at the first that differs, its name said. */
void service_scene_check(struct service_scene *scene, const struct service_exchange *exchanges,
                         size_t count);
