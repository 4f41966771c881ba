#include "registry/handler/registry_handler.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "loop/loop.h"
#include "registry/handler/registry_access.h"
#include "registry/handler/registry_audit.h"
#include "registry/handler/registry_describe.h"
#include "registry/handler/registry_handler_private.h"
#include "registry/handler/registry_page.h"
#include "registry/handler/registry_peers.h"
#include "registry/handler/registry_reply.h"

enum { HANDLER_ARENA_BYTES_MAX = 64 * 1024 };

struct registry_binding {
    struct registry_handler *handler;
    const struct registry_endpoint *endpoint;
};

static const struct {
    const struct registry_endpoint *endpoints;
    const size_t *count;
} tables[] = {
    {registry_service_endpoints, &registry_service_endpoint_count},
    {registry_agent_endpoints, &registry_agent_endpoint_count},
    {registry_check_endpoints, &registry_check_endpoint_count},
    {registry_catalog_endpoints, &registry_catalog_endpoint_count},
    {registry_catalog_writes, &registry_catalog_write_count},
    {registry_health_endpoints, &registry_health_endpoint_count},
    {registry_overview_endpoints, &registry_overview_endpoint_count},
};

static void serve_known(struct registry_request *request, const struct registry_endpoint *endpoint)
{
    if (http_percent_decode(request->call, http_exchange_rest(request->exchange), &request->rest) !=
        STATUS_OK) {
        registry_reply_error(request, 400, request->call->error.message);
    } else if (registry_access_admits(request, endpoint)) {
        endpoint->serve(request);
    }
    registry_audit(request, endpoint);
}

/* Every method comes here, so that a wrong one is answered in Consul's words. */
static void serve(void *state, struct http_exchange *exchange)
{
    const struct registry_binding *binding = state;
    const struct http_request *http = http_exchange_request(exchange);
    struct registry_request request = {
        .handler = binding->handler,
        .controller = binding->handler->controller,
        .state = registry_controller_state(binding->handler->controller),
        .exchange = exchange,
        .call = http_exchange_call(exchange),
        .query = http->query,
        .arrival_ns = loop_now_ns(http_exchange_loop(exchange)),
    };
    if (text_equal(http->method, TEXT("OPTIONS"))) {
        registry_reply_options(&request, binding->endpoint->method);
        return;
    }
    if (!text_equal(http->method, text_of(binding->endpoint->method))) {
        registry_reply_method(&request, http->method, binding->endpoint->method);
        return;
    }
    serve_known(&request, binding->endpoint);
}

static size_t endpoint_count(void)
{
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(tables); i++) {
        count += *tables[i].count;
    }
    return count;
}

static bool bind_endpoints(struct registry_handler *handler)
{
    size_t count = endpoint_count();
    size_t bound = 0;
    handler->routes = calloc(count + registry_page_operation_count, sizeof(*handler->routes));
    handler->bindings = calloc(count, sizeof(*handler->bindings));
    handler->operations = calloc(count, sizeof(*handler->operations));
    if (handler->routes == NULL || handler->bindings == NULL || handler->operations == NULL) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(tables); i++) {
        for (size_t j = 0; j < *tables[i].count; j++, bound++) {
            const struct registry_endpoint *endpoint = &tables[i].endpoints[j];
            handler->bindings[bound] = (struct registry_binding){handler, endpoint};
            registry_describe(endpoint, &handler->operations[bound]);
            handler->routes[bound] = (struct http_route){
                .method = NULL,
                .path = endpoint->path,
                .handle = serve,
                .state = &handler->bindings[bound],
                .operation = &handler->operations[bound],
            };
        }
    }
    http_operations_route(registry_page_operations, registry_page_operation_count, NULL,
                          &handler->routes[bound]);
    return true;
}

static bool keep(struct registry_handler *handler, struct text given, const char *otherwise,
                 struct text *kept)
{
    *kept = arena_copy(handler->arena, given.length > 0 ? given : text_of(otherwise));
    return kept->data != NULL;
}

static bool keep_options(struct registry_handler *handler,
                         const struct registry_handler_options *options)
{
    return keep(handler, options->datacenter, "dc1", &handler->datacenter) &&
           keep(handler, options->node_name, "marquee", &handler->node_name) &&
           keep(handler, options->node_address, "127.0.0.1", &handler->node_address) &&
           keep(handler, TEXT("127.0.0.1:8500"), "", &handler->listen_address) &&
           keep(handler, options->version, "0.0.0", &handler->version);
}

enum status registry_handler_create(struct registry_controller *controller,
                                    const struct registry_handler_options *options,
                                    struct registry_handler **ret_handler)
{
    struct registry_handler *handler = calloc(1, sizeof(*handler));
    if (handler == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    handler->controller = controller;
    buffer_init(&handler->shared.service, REGISTRY_SHARED_BYTES_MAX);
    buffer_init(&handler->shared.text, REGISTRY_SHARED_BYTES_MAX);
    handler->arena = calloc(1, sizeof(*handler->arena));
    if (handler->arena != NULL) {
        arena_init(handler->arena, HANDLER_ARENA_BYTES_MAX);
    }
    handler->tokens = options->tokens;
    handler->read_tokens = options->read_tokens;
    handler->audit = options->audit;
    memcpy(handler->node_id, registry_state_node_id(registry_controller_state(controller)),
           sizeof(handler->node_id));
    handler->peers = registry_peers_create();
    if (handler->arena == NULL || handler->peers == NULL || !keep_options(handler, options) ||
        !bind_endpoints(handler)) {
        registry_handler_destroy(handler);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    *ret_handler = handler;
    return STATUS_OK;
}

enum status registry_handler_set_address(struct registry_handler *handler, struct text address)
{
    return keep(handler, address, "", &handler->listen_address) ? STATUS_OK
                                                                : STATUS_RESOURCE_EXHAUSTED;
}

void registry_handler_destroy(struct registry_handler *handler)
{
    if (handler == NULL) {
        return;
    }
    if (handler->arena != NULL) {
        arena_deinit(handler->arena);
    }
    buffer_deinit(&handler->shared.service);
    buffer_deinit(&handler->shared.text);
    registry_peers_destroy(handler->peers);
    free(handler->arena);
    free(handler->routes);
    free(handler->bindings);
    free(handler->operations);
    free(handler);
}

const struct http_route *registry_handler_routes(const struct registry_handler *handler,
                                                 size_t *ret_count)
{
    *ret_count = endpoint_count() + registry_page_operation_count;
    return handler->routes;
}
