#include "support/service_scene.h"

#include <stdlib.h>

#include "grpc/grpc_server.h"
#include "loop/loop.h"
#include "movie_descriptors.h"
#include "support/cmocka_test.h"
#include "json/json.h"

static void create_http(struct service_scene *scene, const struct http_route *routes,
                        size_t route_count)
{
    size_t grpc_count;
    const struct http_route *grpc_routes = grpc_server_routes(scene->grpc, &grpc_count);
    scene->routes = calloc(grpc_count + route_count, sizeof(*scene->routes));
    assert_non_null(scene->routes);
    for (size_t i = 0; i < grpc_count + route_count; i++) {
        scene->routes[i] = i < grpc_count ? grpc_routes[i] : routes[i - grpc_count];
    }
    const struct http_server_options options = {
        .routes = scene->routes,
        .route_count = grpc_count + route_count,
        .fallback = grpc_server_fallback,
        .fallback_state = scene->grpc,
    };
    assert_int_equal(http_server_create(loop_current(), &options, &scene->http), STATUS_OK);
}

void service_scene_open(struct service_scene *scene, struct grpc_service service,
                        const struct http_route *routes, size_t route_count)
{
    service_scene_open_with(scene, movie_descriptor_set(), service, routes, route_count);
}

void service_scene_open_with(struct service_scene *scene, struct proto_descriptor_set descriptors,
                             struct grpc_service service, const struct http_route *routes,
                             size_t route_count)
{
    *scene = (struct service_scene){.service = service, .descriptors = descriptors};
    arena_init(&scene->arena, 256 * 1024 * 1024);
    call_init(&scene->call, &scene->arena, SERVICE_SCENE_TIMEOUT_MS);
    const struct grpc_server_options server = {
        .services = &scene->service,
        .service_count = 1,
        .descriptor_sets = &scene->descriptors,
        .descriptor_set_count = 1,
    };
    assert_int_equal(grpc_server_create(&server, &scene->grpc), STATUS_OK);
    create_http(scene, routes, route_count);
    const struct grpc_channel_options channel = {.pool = grpc_server_pool(scene->grpc),
                                                 .target = "test"};
    assert_int_equal(
        grpc_channel_create_loopback(loop_current(), scene->http, &channel, &scene->channel),
        STATUS_OK);
}

void service_scene_close(struct service_scene *scene)
{
    grpc_channel_destroy(scene->channel);
    http_server_destroy(scene->http);
    grpc_server_destroy(scene->grpc);
    free(scene->routes);
    arena_deinit(&scene->arena);
}

enum status service_scene_call(struct service_scene *scene, const char *path,
                               const ProtobufCMessage *request,
                               const ProtobufCMessageDescriptor *response_type,
                               const void **ret_response)
{
    struct call call = call_within(&scene->call, 0);
    ProtobufCMessage *response = NULL;
    enum status status =
        grpc_call_unary(scene->channel, &call, path, NULL, request, response_type, &response);
    scene->last_message = call.error.message;
    *ret_response = response;
    return status;
}

/* The words of an error: `detail` of problem details, `message` of Connect's. */
static struct text words_of(struct service_scene *scene, struct text body)
{
    const struct json *error = NULL;
    struct call call = call_within(&scene->call, 0);
    assert_int_equal(json_parse(&call, body, &error), STATUS_OK);
    const struct json *words = json_member(error, "detail");
    words = words != NULL ? words : json_member(error, "message");
    return json_kind(words) == JSON_STRING ? json_string(words) : TEXT("");
}

void service_scene_check(struct service_scene *scene, const struct service_exchange *exchanges,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct service_exchange *exchange = &exchanges[i];
        struct http_loopback_reply reply =
            http_loopback_send_with(scene->http, &scene->call, exchange->method, exchange->target,
                                    exchange->headers, exchange->body);
        struct text got = reply.status < 400 ? reply.body : words_of(scene, reply.body);
        if (reply.status != exchange->status || !text_equal(got, text_of(exchange->reply))) {
            fail_msg("%s: %d '%.*s', not %d '%s'", exchange->name, reply.status,
                     TEXT_ARGUMENTS(reply.body), exchange->status, exchange->reply);
        }
    }
}
