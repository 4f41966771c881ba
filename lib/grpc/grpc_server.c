#include "grpc/grpc_server.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "grpc/connect_unary.h"
#include "grpc/grpc_cors.h"
#include "grpc/grpc_descriptor_sets.h"
#include "grpc/grpc_health.h"
#include "grpc/grpc_reflection.h"
#include "grpc/grpc_server_private.h"
#include "grpc/grpc_web.h"

enum {
    OWN_SERVICES = 3, /* health, and reflection under two names */
    OWN_DESCRIPTOR_SETS = 2,
};

static void serve(void *state, struct http_exchange *exchange)
{
    const struct grpc_server_method *method = state;
    const struct http_request *request = http_exchange_request(exchange);
    struct text content_type =
        http_header_find(request->headers, request->header_count, TEXT("content-type"));
    if (grpc_web_is_type(content_type)) {
        grpc_web_serve(method, exchange, content_type);
    } else if (text_starts_with(content_type, TEXT("application/grpc"))) {
        grpc_serve(method, exchange, content_type);
    } else if (!grpc_cors_preflight(method, exchange)) {
        connect_serve(method, exchange);
    }
}

static bool method_is_whole(const struct grpc_method *method)
{
    bool handled = method->kind == GRPC_UNARY ? method->unary != NULL && method->stream == NULL
                                              : method->stream != NULL && method->unary == NULL;
    return handled && method->name != NULL && method->request != NULL && method->response != NULL;
}

/* The options' services, then those that every server has. */
static enum status collect_services(struct grpc_server *server)
{
    const struct grpc_server_options *options = &server->options;
    if (options->service_count > GRPC_SERVICES_MAX - OWN_SERVICES) {
        return STATUS_INVALID_ARGUMENT;
    }
    enum status status =
        grpc_health_create(options->services, options->service_count, &server->health);
    if (status != STATUS_OK) {
        return status;
    }
    server->services = calloc(options->service_count + OWN_SERVICES, sizeof(*server->services));
    if (server->services == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    for (size_t i = 0; i < options->service_count; i++) {
        server->services[server->service_count++] = options->services[i];
    }
    server->services[server->service_count++] = grpc_health_service(server->health);
    server->services[server->service_count++] = grpc_reflection_service(server);
    server->services[server->service_count++] = grpc_reflection_alpha_service(server);
    return STATUS_OK;
}

/* What the method says of its limits, else what holds for its kind. */
static void set_limits(struct grpc_server_method *row)
{
    const struct grpc_method *method = row->method;
    bool is_unary = method->kind == GRPC_UNARY;
    int64_t deadline_max_ms = is_unary ? GRPC_DEADLINE_MAX_MS : INT64_MAX;
    int64_t deadline_default_ms = is_unary ? GRPC_DEADLINE_DEFAULT_MS : INT64_MAX;
    row->deadline_max_ms = method->deadline_max_ms > 0 ? method->deadline_max_ms : deadline_max_ms;
    row->deadline_default_ms =
        method->deadline_default_ms > 0 ? method->deadline_default_ms : deadline_default_ms;
    if (row->deadline_default_ms > row->deadline_max_ms) {
        row->deadline_default_ms = row->deadline_max_ms;
    }
    row->message_bytes_max = method->request_bytes_max > 0 ? method->request_bytes_max
                                                           : row->server->options.message_bytes_max;
}

static enum status add_method(struct grpc_server *server, const struct grpc_service *service,
                              const struct grpc_method *method)
{
    if (!method_is_whole(method)) {
        return STATUS_INVALID_ARGUMENT;
    }
    struct grpc_server_method *row = &server->methods[server->method_count];
    if (asprintf(&row->path, "/%s/%s", service->name, method->name) < 0) {
        row->path = NULL;
        return STATUS_RESOURCE_EXHAUSTED;
    }
    row->server = server;
    row->method = method;
    row->state = service->state;
    set_limits(row);
    server->routes[server->method_count] =
        (struct http_route){.path = row->path, .handle = serve, .state = row};
    server->method_count++;
    return STATUS_OK;
}

static enum status collect_methods(struct grpc_server *server)
{
    size_t count = 0;
    for (size_t i = 0; i < server->service_count; i++) {
        count += server->services[i].method_count;
    }
    server->methods = calloc(count, sizeof(*server->methods));
    server->routes = calloc(count, sizeof(*server->routes));
    if (server->methods == NULL || server->routes == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < server->service_count; i++) {
        const struct grpc_service *service = &server->services[i];
        for (size_t j = 0; status == STATUS_OK && j < service->method_count; j++) {
            status = add_method(server, service, &service->methods[j]);
        }
    }
    return status;
}

/* A pool of every message that the methods name. */
static enum status create_pool(struct grpc_server *server, struct proto_descriptor_set *sets,
                               const ProtobufCMessageDescriptor **roots)
{
    const struct grpc_server_options *options = &server->options;
    size_t set_count = 0;
    for (size_t i = 0; i < options->descriptor_set_count; i++) {
        sets[set_count++] = options->descriptor_sets[i];
    }
    sets[set_count++] = (struct proto_descriptor_set){marquee_health_proto_descriptor_set,
                                                      marquee_health_proto_descriptor_set_size};
    sets[set_count++] = (struct proto_descriptor_set){marquee_reflection_proto_descriptor_set,
                                                      marquee_reflection_proto_descriptor_set_size};
    for (size_t i = 0; i < server->method_count; i++) {
        roots[2 * i] = server->methods[i].method->request;
        roots[2 * i + 1] = server->methods[i].method->response;
    }
    enum status status =
        proto_pool_create(sets, set_count, roots, 2 * server->method_count, &server->pool);
    return status == STATUS_INTERNAL ? STATUS_INVALID_ARGUMENT : status;
}

static enum status resolve_types(struct grpc_server *server)
{
    struct proto_descriptor_set *sets =
        calloc(server->options.descriptor_set_count + OWN_DESCRIPTOR_SETS, sizeof(*sets));
    const ProtobufCMessageDescriptor **roots =
        calloc(2 * server->method_count, sizeof(ProtobufCMessageDescriptor *));
    enum status status = STATUS_RESOURCE_EXHAUSTED;
    if (sets != NULL && roots != NULL) {
        status = create_pool(server, sets, roots);
    }
    free(sets);
    free(roots);
    for (size_t i = 0; status == STATUS_OK && i < server->method_count; i++) {
        struct grpc_server_method *row = &server->methods[i];
        row->request = proto_pool_type(server->pool, row->method->request);
        row->response = proto_pool_type(server->pool, row->method->response);
        CHECK(row->request != NULL && row->response != NULL);
    }
    return status;
}

enum status grpc_server_create(const struct grpc_server_options *options,
                               struct grpc_server **ret_server)
{
    struct grpc_server *server = calloc(1, sizeof(*server));
    if (server == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    server->options = *options;
    if (options->interceptor_count > GRPC_INTERCEPTORS_MAX ||
        !grpc_cors_options_are_valid(options)) {
        grpc_server_destroy(server);
        return STATUS_INVALID_ARGUMENT;
    }
    if (server->options.message_bytes_max == 0) {
        server->options.message_bytes_max = GRPC_MESSAGE_BYTES_MAX;
    }
    enum status status = collect_services(server);
    if (status == STATUS_OK) {
        status = collect_methods(server);
    }
    if (status == STATUS_OK) {
        status = resolve_types(server);
    }
    if (status != STATUS_OK) {
        grpc_server_destroy(server);
        return status;
    }
    *ret_server = server;
    return STATUS_OK;
}

void grpc_server_destroy(struct grpc_server *server)
{
    if (server == NULL) {
        return;
    }
    for (size_t i = 0; i < server->method_count; i++) {
        free(server->methods[i].path);
    }
    free(server->methods);
    free(server->routes);
    free(server->services);
    proto_pool_destroy(server->pool);
    grpc_health_destroy(server->health);
    free(server);
}

const struct http_route *grpc_server_routes(const struct grpc_server *server, size_t *ret_count)
{
    *ret_count = server->method_count;
    return server->routes;
}

const struct grpc_service *grpc_server_services(const struct grpc_server *server, size_t *ret_count)
{
    *ret_count = server->service_count;
    return server->services;
}

void grpc_server_fallback(void *server, struct http_exchange *exchange)
{
    const struct http_request *request = http_exchange_request(exchange);
    struct text content_type =
        http_header_find(request->headers, request->header_count, TEXT("content-type"));
    struct call *call = http_exchange_call(exchange);
    bool is_web = grpc_web_is_type(content_type);
    if (!text_starts_with(content_type, TEXT("application/grpc")) ||
        (!is_web && request->version < 2)) {
        http_reply_problem(exchange, call_fail(call, STATUS_NOT_FOUND, "nothing is here"));
        return;
    }
    struct text message =
        arena_format(call->arena, "there is no method %.*s", TEXT_ARGUMENTS(request->path));
    if (is_web) {
        grpc_web_reply_unimplemented(server, exchange, content_type, message);
        return;
    }
    grpc_reply_trailers_only(exchange, STATUS_UNIMPLEMENTED, message);
}

/* Whether its replies end in their bodies, which may have to wait for the peer: gRPC-Web and
 * Connect's streams. */
static bool ends_in_body(const struct grpc_server_method *method, struct text content_type)
{
    return grpc_web_is_type(content_type) ||
           (method->method->kind != GRPC_UNARY &&
            !text_starts_with(content_type, TEXT("application/grpc")));
}

/* A whole reply never waits, and clients of both know what 429 and 503 mean. */
static void refuse_by_status(const struct grpc_server_method *method,
                             struct http_exchange *exchange, struct text content_type,
                             const struct http_overload *overload)
{
    struct http_header cors[GRPC_CORS_HEADERS_MAX];
    size_t count = grpc_cors_add(&method->server->options, exchange, cors, 0);
    const char *protocol = grpc_web_is_type(content_type) ? "grpc-web" : "connect";
    struct grpc_server_call *self = grpc_server_call_create(method, exchange, protocol);
    if (self != NULL) {
        grpc_server_call_observe(self, grpc_server_call_admit(self));
    }
    http_reply_problem_with(exchange, status_to_http(overload->status), text_of(overload->reason),
                            cors, count);
}

enum http_overload_answer grpc_server_overloaded(void *server, struct http_exchange *exchange,
                                                 const struct http_overload *overload)
{
    const struct grpc_server *self = server;
    const struct http_route *route = http_exchange_route(exchange);
    if (route == NULL || route->handle != serve) {
        return HTTP_OVERLOAD_PROBLEM;
    }
    const struct grpc_server_method *method = route->state;
    bool is_health = method->state == grpc_health_service(self->health).state;
    if (is_health && method->method->kind == GRPC_UNARY) {
        return HTTP_OVERLOAD_SERVE;
    }
    const struct http_request *request = http_exchange_request(exchange);
    struct text content_type =
        http_header_find(request->headers, request->header_count, TEXT("content-type"));
    if (ends_in_body(method, content_type)) {
        refuse_by_status(method, exchange, content_type, overload);
    } else {
        serve(route->state, exchange); /* as far as grpc_server_call_admit() */
    }
    return HTTP_OVERLOAD_ANSWERED;
}

enum status grpc_server_set_serving(struct grpc_server *server, struct text service, bool serving)
{
    return grpc_health_set(server->health, service, serving);
}

void grpc_server_shut_down(struct grpc_server *server)
{
    grpc_health_shut_down(server->health);
}

const struct proto_pool *grpc_server_pool(const struct grpc_server *server)
{
    return server->pool;
}
