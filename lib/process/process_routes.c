/* /livez, /readyz, /metrics, /openapi.json and /api. */
#include "base/buffer.h"
#include "base/clock.h"
#include "grpc/grpc_descriptor_sets.h"
#include "http/http_operation.h"
#include "process/process_private.h"

enum { PAGE_BYTES_MAX = 1024 * 1024 };

static const struct http_header text_headers[] = {
    {TEXT_INIT("content-type"), TEXT_INIT("text/plain; charset=utf-8")},
    {TEXT_INIT("cache-control"), TEXT_INIT("no-store")}};

static const struct http_header metrics_headers[] = {
    {TEXT_INIT("content-type"), TEXT_INIT("text/plain; version=0.0.4; charset=utf-8")},
    {TEXT_INIT("cache-control"), TEXT_INIT("no-store")}};

/* Replies with the buffer's content, copied into the exchange's arena. */
static void reply_page(struct http_exchange *exchange, int status,
                       const struct http_header *headers, const struct buffer *page)
{
    struct text body = arena_copy(http_exchange_call(exchange)->arena, buffer_text(page));
    if (body.data == NULL) {
        http_reply_problem(exchange, STATUS_RESOURCE_EXHAUSTED);
        return;
    }
    http_reply(exchange,
               &(struct http_reply){
                   .status = status, .headers = headers, .header_count = 2, .body = body});
}

static void serve_livez(void *state, struct http_exchange *exchange)
{
    (void)state;
    http_reply(exchange, &(struct http_reply){.status = 200,
                                              .headers = text_headers,
                                              .header_count = ARRAY_LENGTH(text_headers),
                                              .body = TEXT("ok\n")});
}

static bool write_check(struct buffer *page, const char *name, bool ready, struct text reason)
{
    return buffer_format(page, "%s %s%s%.*s\n", ready ? "ok  " : "FAIL", name,
                         reason.length > 0 ? ": " : "", TEXT_ARGUMENTS(reason));
}

static bool has_resolved(struct process *process)
{
    return atomic_load(&process->unresolved) == 0 ||
           clock_monotonic_ns() - process->start_ns > PROCESS_RESOLVE_TIMEOUT_MS * CLOCK_NS_PER_MS;
}

/* For who reads it: without a registry calls go on, so that none takes this process away. */
static bool write_registrations(struct process *process, struct call *call, struct buffer *page)
{
    bool fits = true;
    for (unsigned i = 0; i < process->server_count && fits; i++) {
        struct process_server *server = &process->servers[i];
        unsigned registries = atomic_load(&server->registries);
        if (registries == 0) {
            continue;
        }
        struct text words =
            arena_format(call->arena, "%s is known to %u of %u registries", server->spec.service,
                         atomic_load(&server->registered), registries);
        fits = words.data != NULL && write_check(page, "registration", true, words);
    }
    return fits;
}

static void serve_readyz(void *state, struct http_exchange *exchange)
{
    struct process *process = state;
    struct buffer page;
    buffer_init(&page, PAGE_BYTES_MAX);
    int phase = atomic_load(&process->phase);
    bool ready = phase == PROCESS_READY;
    bool fits = write_check(&page, "process", ready,
                            ready                       ? TEXT("")
                            : phase == PROCESS_STARTING ? TEXT("starting")
                                                        : TEXT("draining"));
    if (!has_resolved(process)) {
        ready = false;
        fits = fits && write_check(&page, "instances", false,
                                   TEXT("of a service that is asked, none is known yet"));
    }
    fits = fits && write_registrations(process, http_exchange_call(exchange), &page);
    for (size_t i = 0; i < process->check_count; i++) {
        const struct process_check *check = &process->checks[i];
        struct text reason = {NULL, 0};
        bool passes = check->is_ready(check->state, http_exchange_call(exchange), &reason);
        ready = ready && passes;
        fits = fits && write_check(&page, check->name, passes, reason);
    }
    if (fits) {
        reply_page(exchange, ready ? 200 : 503, text_headers, &page);
    } else {
        http_reply_problem(exchange, STATUS_RESOURCE_EXHAUSTED);
    }
    buffer_deinit(&page);
}

static void serve_metrics(void *state, struct http_exchange *exchange)
{
    struct process *process = state;
    struct buffer page;
    buffer_init(&page, PAGE_BYTES_MAX);
    if (telemetry_write(process->telemetry, &page)) {
        reply_page(exchange, 200, metrics_headers, &page);
    } else {
        http_reply_problem(exchange, STATUS_RESOURCE_EXHAUSTED);
    }
    buffer_deinit(&page);
}

static const struct http_answer alive_answers[] = {
    {200, "It is alive", {.media_type = "text/plain"}},
    {.status = 0},
};
static const struct http_answer ready_answers[] = {
    {200, "It serves, and all that it needs is there", {.media_type = "text/plain"}},
    {503, "It starts, drains, or lacks what the lines say", {.media_type = "text/plain"}},
    {.status = 0},
};
static const struct http_answer metrics_answers[] = {
    {200, "Prometheus's text form", {.media_type = "text/plain"}},
    {.status = 0},
};

static const struct http_operation operations[] = {
    {.method = "GET",
     .path = "/livez",
     .handle = serve_livez,
     .id = "getLivez",
     .summary = "Whether the process is alive",
     .tag = "process",
     .answers = alive_answers},
    {.method = "GET",
     .path = "/readyz",
     .handle = serve_readyz,
     .id = "getReadyz",
     .summary = "Whether the process is ready, a line for each condition",
     .tag = "process",
     .answers = ready_answers},
};

static const struct http_operation metrics_operation = {
    .method = "GET",
    .path = "/metrics",
    .handle = serve_metrics,
    .id = "getMetrics",
    .summary = "What the process has counted of itself",
    .tag = "process",
    .answers = metrics_answers,
};

void process_add_own_routes(struct process_server *server)
{
    enum { METRICS = ARRAY_LENGTH(operations), DOCUMENT, PAGE, COUNT = PAGE + OPENAPI_PAGE_ROUTES };
    struct http_route own[COUNT];
    http_operations_route(operations, ARRAY_LENGTH(operations), server->process, own);
    http_operations_route(&metrics_operation, 1, server->process, &server->metrics);
    own[METRICS] = process_guard_route(server->process, &server->metrics, &server->guarded_metrics);
    http_operations_route(&openapi_operation, 1, &server->openapi, &own[DOCUMENT]);
    http_operations_route(openapi_page_operations, OPENAPI_PAGE_ROUTES, NULL, &own[PAGE]);
    server->own_route = server->route_count;
    for (size_t i = 0; i < ARRAY_LENGTH(own); i++) {
        CHECK(server->route_count < PROCESS_ROUTES_MAX);
        server->routes[server->route_count++] = own[i];
    }
}

enum { SETS_MAX = 3 };

/* The set of the listener's services, with comments where it has them, and those of what every
 * server has. */
static size_t list_sets(const struct process_listener *spec,
                        struct proto_descriptor_set sets[static SETS_MAX])
{
    size_t count = 0;
    if (spec->documented.data != NULL) {
        sets[count++] = spec->documented;
    } else if (spec->descriptors.data != NULL) {
        sets[count++] = spec->descriptors;
    }
    sets[count++] = (struct proto_descriptor_set){marquee_health_proto_documented_set,
                                                  marquee_health_proto_documented_set_size};
    sets[count++] = (struct proto_descriptor_set){marquee_reflection_proto_documented_set,
                                                  marquee_reflection_proto_documented_set_size};
    return count;
}

/* By the rules that are enforced. */
static struct openapi_need need_of(void *state, const struct http_operation *operation,
                                   const char *path)
{
    const struct process_server *server = state;
    const struct process *process = server->process;
    const struct access_rule *rule =
        process_find_rule(process, operation != NULL ? operation->method : NULL, path);
    if (rule == NULL && operation != NULL && server->spec.guards_routes) {
        bool is_open = (operation->traits & HTTP_OPERATION_OPEN) != 0;
        return (struct openapi_need){.is_asked = !is_open, .is_looked_at = !is_open};
    }
    enum access_scope scope = rule != NULL ? rule->scope : ACCESS_ADMIN;
    if (scope == ACCESS_OPEN || !process->access.is_on) {
        return (struct openapi_need){.is_known = scope != ACCESS_OPEN};
    }
    return (struct openapi_need){
        .is_asked = scope != ACCESS_READ || !process->access.opens_reads,
        .is_looked_at = true,
        .scope = access_scope_name(scope),
    };
}

static void tell_undescribed(const struct process_server *server)
{
    for (size_t i = 0; i < server->spec.route_count; i++) {
        const struct http_route *route = &server->spec.routes[i];
        if (route->operation == NULL) {
            log_write(&server->process->log, LOG_WARNING, "a route is not described",
                      LOG_FIELDS(log_string("path", route->path)));
        }
    }
}

enum status process_describe(struct process_server *server, struct call *call)
{
    struct process *process = server->process;
    const struct process_listener *spec = &server->spec;
    struct proto_descriptor_set sets[SETS_MAX];
    struct openapi_options options = {
        .title =
            process->server_count == 1
                ? text_of(process->definition->program)
                : arena_format(call->arena, "%s: %s", process->definition->program, spec->service),
        .version = TEXT(MARQUEE_VERSION),
        .summary = text_of(process->definition->summary),
        .sets = sets,
        .set_count = list_sets(spec, sets),
        .routes = server->routes,
        .route_count = server->route_count,
        .need_of = process->access.is_on || process->access.sessions != NULL ? need_of : NULL,
        .need_state = server,
        .takes_tokens = process->access.is_on,
        .session_cookie = process_session_cookie(process),
        .checks_hosts = server->checks_hosts,
        .takes_keys = process_takes_keys,
    };
    tell_undescribed(server);
    options.services = grpc_server_services(server->grpc, &options.service_count);
    return openapi_document_create(call, &options, &server->openapi.document);
}

bool process_is_own_route(const struct process_server *server, const struct http_route *route)
{
    return route != NULL && route >= server->routes + server->own_route;
}
