/* Which scope the methods and routes of a process need: by the rules of its definition, and by
 * those for what every process has. */
#include <stdlib.h>

#include "process/process_private.h"

static const struct access_rule own_rules[] = {
    {NULL, "/grpc.health.v1.Health/*", ACCESS_OPEN},
    {NULL, "/grpc.reflection.v1.ServerReflection/*", ACCESS_READ},
    {NULL, "/grpc.reflection.v1alpha.ServerReflection/*", ACCESS_READ},
    {"GET", "/livez", ACCESS_OPEN},
    {"GET", "/readyz", ACCESS_OPEN},
    {"GET", "/openapi.json", ACCESS_OPEN},
    {"GET", "/api", ACCESS_OPEN},
    {"GET", "/api/*", ACCESS_OPEN},
    {"GET", "/metrics", ACCESS_ADMIN},
    {"POST", "/session", ACCESS_OPEN},
    {"GET", "/session", ACCESS_OPEN},
    {"DELETE", "/session", ACCESS_OPEN},
};

static bool is_method(const char *rule, const char *method)
{
    return rule == NULL || method == NULL ? rule == method : strcmp(rule, method) == 0;
}

static bool is_path(const char *rule, const char *path)
{
    struct text wanted = text_of(rule);
    struct text given = text_of(path);
    if (text_equal(wanted, given)) {
        return true;
    }
    return text_ends_with(wanted, TEXT("/*")) &&
           text_starts_with(given, text_slice(wanted, 0, wanted.length - 1));
}

static const struct access_rule *find_among(const struct access_rule *rules, size_t count,
                                            const char *method, const char *path)
{
    for (size_t i = 0; i < count; i++) {
        if (is_method(rules[i].method, method) && is_path(rules[i].path, path)) {
            return &rules[i];
        }
    }
    return NULL;
}

const struct access_rule *process_find_rule(const struct process *process, const char *method,
                                            const char *path)
{
    const struct process_definition *definition = process->definition;
    const struct access_rule *rule =
        find_among(definition->rules, definition->rule_count, method, path);
    return rule != NULL ? rule : find_among(own_rules, ARRAY_LENGTH(own_rules), method, path);
}

static void tell_missing(const struct process *process, const char *method, const char *path)
{
    if (process->definition->rules != NULL) {
        log_write(&process->log, LOG_WARNING, "no rule says which scope this needs: admin",
                  LOG_FIELDS(log_string("method", method != NULL ? method : "gRPC"),
                             log_string("path", path)));
    }
}

static const ProtobufCMessageDescriptor *request_of(const struct process_listener *spec,
                                                    struct text path)
{
    for (size_t i = 0; i < spec->service_count; i++) {
        const struct grpc_service *service = &spec->services[i];
        struct text name = text_of(service->name);
        if (!text_equal(text_slice(path, 1, 1 + name.length), name)) {
            continue;
        }
        for (size_t j = 0; j < service->method_count; j++) {
            if (text_equal(text_slice(path, 2 + name.length, path.length),
                           text_of(service->methods[j].name))) {
                return service->methods[j].request;
            }
        }
    }
    return NULL;
}

/* Pointers to texts that were allocated one by one differ in their middle bits. */
static size_t place_of(const struct process_server *server, const char *path)
{
    uint64_t mixed = (uint64_t)(uintptr_t)path * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(mixed >> 32) & server->method_mask;
}

static void add_method(struct process_server *server, const char *path)
{
    const struct access_rule *rule = process_find_rule(server->process, NULL, path);
    const ProtobufCMessageDescriptor *request = request_of(&server->spec, text_of(path));
    if (rule == NULL) {
        tell_missing(server->process, NULL, path);
    }
    size_t at = place_of(server, path);
    while (server->methods[at].path != NULL) {
        at = (at + 1) & server->method_mask;
    }
    server->methods[at] = (struct process_method){
        .path = path,
        .scope = rule != NULL ? rule->scope : ACCESS_ADMIN,
        .has_user = request != NULL && process_has_users(request),
    };
}

enum status process_list_methods(struct process_server *server, struct call *call)
{
    size_t count;
    const struct http_route *routes = grpc_server_routes(server->grpc, &count);
    size_t size = 1;
    while (size < 2 * count) {
        size *= 2;
    }
    server->methods = arena_calloc(&server->process->arena, size, sizeof(*server->methods));
    if (server->methods == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the methods");
    }
    server->method_mask = size - 1;
    for (size_t i = 0; i < count; i++) {
        add_method(server, routes[i].path);
    }
    for (size_t i = 0; i < server->spec.route_count && !server->spec.guards_routes; i++) {
        const struct http_route *route = &server->spec.routes[i];
        if (process_find_rule(server->process, route->method, route->path) == NULL) {
            tell_missing(server->process, route->method, route->path);
        }
    }
    return STATUS_OK;
}

const struct process_method *process_method_of(const struct process_server *server,
                                               const char *path)
{
    static const struct process_method unknown = {.scope = ACCESS_ADMIN};
    size_t at = place_of(server, path);
    while (server->methods[at].path != NULL && server->methods[at].path != path) {
        at = (at + 1) & server->method_mask;
    }
    return server->methods[at].path != NULL ? &server->methods[at] : &unknown;
}
