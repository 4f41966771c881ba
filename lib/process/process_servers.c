/* The listeners: their gRPC servers, and one HTTP server each on every loop. */
#include <unistd.h>

#include "base/clock.h"
#include "grpc/grpc_observers.h"
#include "process/process_private.h"

/* The status whose HTTP code was replied: the inverse of status_to_http(), which is not one to one.
 */
static enum status status_of_reply(int http_status)
{
    if (http_status == 0) {
        return STATUS_CANCELLED;
    }
    if (http_status < 400) {
        return STATUS_OK;
    }
    static const enum status likely[] = {
        STATUS_INVALID_ARGUMENT, STATUS_NOT_FOUND,         STATUS_UNAVAILABLE,
        STATUS_INTERNAL,         STATUS_DEADLINE_EXCEEDED, STATUS_RESOURCE_EXHAUSTED,
        STATUS_UNAUTHENTICATED,  STATUS_PERMISSION_DENIED, STATUS_ALREADY_EXISTS,
        STATUS_CANCELLED,        STATUS_UNIMPLEMENTED,
    };
    for (size_t i = 0; i < ARRAY_LENGTH(likely); i++) {
        if (status_to_http(likely[i]) == http_status) {
            return likely[i];
        }
    }
    return http_status < 500 ? STATUS_INVALID_ARGUMENT : STATUS_UNKNOWN;
}

/* What the interceptors have told of is counted already: what remains are the plain HTTP routes. */
static void observe_exchange(void *state, struct http_exchange *exchange,
                             const struct http_observation *observation)
{
    struct process *process = state;
    if (*http_exchange_note(exchange) != 0) {
        return;
    }
    const struct grpc_outcome outcome = {
        .method = observation->route[0] != '\0' ? observation->route : "none",
        .protocol = "http",
        .status = status_of_reply(observation->status),
        .duration_ns = clock_monotonic_ns() - observation->started_ns,
    };
    telemetry_observe(process->telemetry, loop_index(loop_current()), TELEMETRY_SERVED,
                      outcome.protocol, outcome.method, outcome.status, outcome.duration_ns);
    grpc_log_request(&process->log, http_exchange_call(exchange), &outcome);
}

/* Who asks how the process is must be told most of all when it is overloaded. */
static enum http_overload_answer on_overload(void *state, struct http_exchange *exchange,
                                             const struct http_overload *overload)
{
    struct process_server *server = state;
    const struct http_route *route = http_exchange_route(exchange);
    if (process_is_own_route(server, route)) {
        return HTTP_OVERLOAD_SERVE;
    }
    enum http_overload_answer answer = grpc_server_overloaded(server->grpc, exchange, overload);
    if (answer != HTTP_OVERLOAD_SERVE) {
        bool is_share = overload->status == STATUS_RESOURCE_EXHAUSTED;
        atomic_fetch_add_explicit(is_share ? &server->process->refused_shares
                                           : &server->process->refused_requests,
                                  1, memory_order_relaxed);
    }
    return answer;
}

void process_write_refused(void *state, struct telemetry_page *page)
{
    struct process *process = state;
    telemetry_write_family(page, "marquee_requests_refused_total", "counter",
                           "Refused for overload, by what was full.");
    telemetry_write_sample(page, "marquee_requests_refused_total", "full=\"server\"",
                           (double)atomic_load(&process->refused_requests));
    telemetry_write_sample(page, "marquee_requests_refused_total", "full=\"connection\"",
                           (double)atomic_load(&process->refused_shares));
}

static void add_routes(struct process_server *server, const struct http_route *routes, size_t count)
{
    CHECK(count <= PROCESS_ROUTES_MAX - server->route_count);
    for (size_t i = 0; i < count; i++) {
        server->routes[server->route_count++] = routes[i];
    }
}

/* The listener's own, for those who show a token if they must. */
static void add_guarded_routes(struct process_server *server)
{
    const struct process_listener *spec = &server->spec;
    if (spec->guards_routes) {
        add_routes(server, spec->routes, spec->route_count);
        return;
    }
    CHECK(spec->route_count <= PROCESS_ROUTES_MAX - server->route_count);
    for (size_t i = 0; i < spec->route_count; i++) {
        server->routes[server->route_count++] =
            process_guard_route(server->process, &spec->routes[i], &server->guarded[i]);
    }
}

/* Returns how many: the process's first, so that they tell of what the others refuse. */
static size_t list_interceptors(struct process_server *server)
{
    struct process *process = server->process;
    size_t count = 0;
    server->interceptors[count++] = grpc_log_calls(&process->log);
    server->interceptors[count++] = grpc_count_calls(process->telemetry);
    if (process_is_guarded(process)) {
        server->interceptors[count++] = process_guard_calls(server);
    }
    for (size_t i = 0; i < server->spec.interceptor_count; i++) {
        server->interceptors[count++] = server->spec.interceptors[i];
    }
    return count;
}

static enum status bind_server(struct process_server *server, struct call *call)
{
    const struct process_listener *spec = &server->spec;
    size_t interceptor_count = list_interceptors(server);
    const struct grpc_server_options options = {
        .services = spec->services,
        .service_count = spec->service_count,
        .descriptor_sets = &spec->descriptors,
        .descriptor_set_count = spec->descriptors.data != NULL,
        .interceptors = server->interceptors,
        .interceptor_count = interceptor_count,
        .cors_origins = server->process->cors_origins,
        .cors_origin_count = server->process->cors_origin_count,
        .idempotency = server->process->idempotency,
    };
    enum status status = grpc_server_create(&options, &server->grpc);
    if (status != STATUS_OK) {
        return call_fail(call, status, "the gRPC services cannot be set up: %s",
                         status_name(status));
    }
    status = process_list_methods(server, call);
    if (status != STATUS_OK) {
        return status;
    }
    size_t count;
    const struct http_route *grpc_routes = grpc_server_routes(server->grpc, &count);
    add_routes(server, grpc_routes, count);
    add_guarded_routes(server);
    add_routes(server, server->session_routes,
               process_session_routes(server->process, server->session_routes));
    process_add_own_routes(server);
    status = process_describe(server, call);
    return status == STATUS_OK ? http_listen(call, spec->address, &server->fd, server->address)
                               : status;
}

static enum status take_origins(struct process *process, struct call *call)
{
    struct text rest = config_text(process->config, "cors-origins");
    while (rest.length > 0) {
        struct text origin = text_trim(text_next(&rest, ','));
        if (!grpc_origin_is_valid(origin)) {
            return call_fail(call, STATUS_INVALID_ARGUMENT,
                             "--cors-origins: '%.*s' is not an origin like https://example.org",
                             TEXT_ARGUMENTS(origin));
        }
        if (process->cors_origin_count == GRPC_CORS_ORIGINS_MAX) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "--cors-origins: more than %d",
                             GRPC_CORS_ORIGINS_MAX);
        }
        process->cors_origins[process->cors_origin_count++] = origin;
    }
    return STATUS_OK;
}

enum status process_servers_bind(struct process *process, struct call *call)
{
    enum status origins_status = take_origins(process, call);
    if (origins_status != STATUS_OK) {
        return origins_status;
    }
    enum status guard_status = process_guard_listeners(process, call);
    if (guard_status != STATUS_OK) {
        return guard_status;
    }
    for (unsigned i = 0; i < process->server_count; i++) {
        enum status status = bind_server(&process->servers[i], call);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

enum status process_servers_create(struct process *process, struct call *call, unsigned index)
{
    for (unsigned i = 0; i < process->server_count; i++) {
        struct process_server *server = &process->servers[i];
        const struct config *config = process->config;
        const struct http_server_options options = {
            .routes = server->routes,
            .route_count = server->route_count,
            .fallback = grpc_server_fallback,
            .fallback_state = server->grpc,
            .observe = observe_exchange,
            .observe_state = process,
            .overloaded = on_overload,
            .overloaded_state = server,
            .calls_max = (unsigned)config_integer(config, "calls-max"),
            .connection_age_max_ms = config_duration_ms(config, "connection-max-age"),
            .connection_age_grace_ms = config_duration_ms(config, "connection-max-age-grace"),
            .keepalive_time_ms = config_duration_ms(config, "keepalive-time"),
            .keepalive_timeout_ms = config_duration_ms(config, "keepalive-timeout"),
            .tls = process->tls_server,
            .refused = process_connection_refused,
            .refused_state = process,
            /* What a user is told is nobody else's, and of now: a cache may hold it for that user,
             * and asks by its tag before it shows it again. */
            .cache_control = TEXT("private, no-cache"),
            .misdirected = server->checks_hosts ? process_misdirected : NULL,
            .misdirected_state = server,
        };
        enum status status =
            http_server_create(process_loop(process, index), &options, &server->http[index]);
        if (status != STATUS_OK) {
            return call_fail(call, status, "no memory for the HTTP server");
        }
    }
    return STATUS_OK;
}

enum status process_servers_accept(struct process *process, struct call *call, unsigned index)
{
    for (unsigned i = 0; i < process->server_count; i++) {
        struct process_server *server = &process->servers[i];
        enum status status = http_server_accept_from(server->http[index], server->fd);
        if (status != STATUS_OK) {
            return call_fail(call, status, "cannot accept connections: %s", status_name(status));
        }
    }
    return STATUS_OK;
}

void process_servers_drain(struct process *process, struct call *call, unsigned index)
{
    for (unsigned i = 0; i < process->server_count; i++) {
        if (process->servers[i].http[index] != NULL) {
            /* Out of time, the rest is cancelled by destroy. */
            status_ignore(http_server_drain(process->servers[i].http[index], call));
        }
    }
}

void process_server_destroy(struct process *process, unsigned server, unsigned index)
{
    http_server_destroy(process->servers[server].http[index]);
    process->servers[server].http[index] = NULL;
}

void process_servers_refuse(struct process *process)
{
    for (unsigned i = 0; i < process->server_count; i++) {
        struct process_server *server = &process->servers[i];
        if (server->fd >= 0) {
            (void)close(server->fd); /* a listening socket: nothing is lost */
            server->fd = -1;
        }
    }
}

void process_servers_unbind(struct process *process)
{
    process_servers_refuse(process);
    for (unsigned i = 0; i < process->server_count; i++) {
        grpc_server_destroy(process->servers[i].grpc);
        openapi_document_destroy(process->servers[i].openapi.document);
    }
}

void process_servers_serve(struct process *process)
{
    for (unsigned i = 0; i < process->server_count; i++) {
        struct process_server *server = &process->servers[i];
        CHECK(grpc_server_set_serving(server->grpc, TEXT(""), true) == STATUS_OK);
        for (size_t j = 0; j < server->spec.service_count; j++) {
            struct text name = text_of(server->spec.services[j].name);
            CHECK(grpc_server_set_serving(server->grpc, name, true) == STATUS_OK);
        }
    }
}

void process_servers_stop_serving(struct process *process)
{
    for (unsigned i = 0; i < process->server_count; i++) {
        grpc_server_shut_down(process->servers[i].grpc);
    }
}
