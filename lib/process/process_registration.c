/* How the process makes itself known, and finds others. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/random.h"
#include "discovery/consul_discovery.h"
#include "discovery/discovery_open.h"
#include "http/socket_address.h"
#include "process/process_private.h"

static void on_registration_changed(void *state, bool registered, struct text reason)
{
    const struct process_server *server = state;
    const struct log *log = &server->process->log;
    struct log_field instance_of = log_string("instance_of", server->spec.service);
    if (registered) {
        log_write(log, LOG_INFO, "registered", LOG_FIELDS(instance_of));
    } else {
        log_write(log, LOG_WARNING, "not registered; trying again",
                  LOG_FIELDS(instance_of, log_text("reason", reason)));
    }
}

/* With some of the registries the instance is found still; what was told above is about none. */
static void on_spread(void *state, const struct discovery_spread *spread)
{
    struct process_server *server = state;
    const struct log *log = &server->process->log;
    struct log_field instance_of = log_string("instance_of", server->spec.service);
    struct log_field registered = log_integer("registered", spread->registered);
    struct log_field registries = log_integer("registries", spread->registries);
    bool was_partial = atomic_load(&server->registered) < spread->registries;
    bool is_first = atomic_load(&server->registries) == 0;
    atomic_store(&server->registered, spread->registered);
    atomic_store(&server->registries, spread->registries);
    if (spread->registered > 0 && spread->registered < spread->registries) {
        log_write(
            log, LOG_WARNING, "a registry is missing; trying again",
            LOG_FIELDS(instance_of, registered, registries, log_text("reason", spread->missing)));
    } else if (spread->registered > 0 && was_partial && !is_first) {
        log_write(log, LOG_INFO, "registered everywhere again",
                  LOG_FIELDS(instance_of, registries));
    }
}

/* Where others reach a server that listens on every interface: at the one that leads to the first
 * registry. */
static enum status find_own_host(const struct process_server *server, struct call *call,
                                 struct text *ret_host)
{
    struct text registries = config_text(server->process->config, "registry");
    struct text first = text_trim(text_next(&registries, ','));
    char own[HTTP_ADDRESS_BYTES_MAX];
    struct text registry;
    uint16_t port;
    (void)consul_address_is_secure(&first);
    enum status status = http_address_split(call, first, &registry, &port);
    if (status != STATUS_OK) {
        return status;
    }
    if (!socket_address_toward(registry, own)) {
        return call_fail(
            call, STATUS_INVALID_ARGUMENT,
            "%s is listening on every interface: --advertise must say which host others are to use",
            server->spec.service);
    }
    *ret_host = arena_copy(call->arena, text_of(own));
    return ret_host->data != NULL ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

/* The host that others are told, and the port that was bound. */
static enum status describe(struct process_server *server, struct call *call,
                            struct discovery_registration *ret_registration)
{
    struct text host;
    uint16_t port;
    enum status status = http_address_split(call, text_of(server->address), &host, &port);
    if (status != STATUS_OK) {
        return status;
    }
    struct text advertised = config_text(server->process->config, "advertise");
    if (advertised.length > 0) {
        host = advertised;
    } else if (socket_address_is_any(host)) {
        status = find_own_host(server, call, &host);
        if (status != STATUS_OK) {
            return status;
        }
    }
    /* Another one at each start, so that who comes back at the same address is news; a process
     * number would not do, as in a container it is always 1. */
    struct text id =
        arena_format(call->arena, "%s-%.*s-%" PRIu16 "-%08" PRIx64, server->spec.service,
                     TEXT_ARGUMENTS(host), port, random_below(UINT64_C(1) << 32));
    if (id.data == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    *ret_registration = (struct discovery_registration){
        .service = text_of(server->spec.service),
        .instance_id = id,
        .host = host,
        .port = port,
        .tls = server->process->tls_server != NULL,
        .zone = config_text(server->process->config, "zone"),
        .weight = (uint16_t)config_integer(server->process->config, "weight"),
        .ttl_ms = config_duration_ms(server->process->config, "registration-ttl"),
    };
    return STATUS_OK;
}

static enum status register_server(struct process_server *server, struct call *call)
{
    struct process *process = server->process;
    struct discovery_registration registration;
    enum status status = describe(server, call, &registration);
    if (status == STATUS_OK) {
        const struct http_client_access access = process_registry_access(process);
        status = discovery_open_registrar(process->control, call,
                                          config_text(process->config, "registry"), &access,
                                          &server->registrar);
    }
    if (status != STATUS_OK) {
        return status;
    }
    return discovery_keeper_start(
        process->control, server->registrar, &registration,
        &(struct discovery_keeper_events){
            .changed = on_registration_changed, .spread = on_spread, .state = server},
        &server->keeper);
}

void process_register(struct process *process)
{
    bool has_registry = config_text(process->config, "registry").length > 0;
    for (unsigned i = 0; i < process->server_count; i++) {
        struct process_server *server = &process->servers[i];
        if (server->spec.service == NULL) {
            continue;
        }
        if (!has_registry) {
            log_write(&process->log, LOG_INFO, "not registered, as --registry is empty",
                      LOG_FIELDS(log_string("instance_of", server->spec.service)));
            continue;
        }
        struct call call;
        call_init(&call, &process->arena, PROCESS_START_TIMEOUT_MS);
        enum status status = register_server(server, &call);
        if (status != STATUS_OK) {
            log_call(&process->log, LOG_ERROR, &call, "goes on unregistered",
                     LOG_FIELDS(log_string("status", status_name(status))));
        }
    }
}

void process_announce_drain(struct process *process, struct call *call)
{
    for (unsigned i = 0; i < process->server_count; i++) {
        discovery_keeper_drain(process->servers[i].keeper, call);
    }
}

void process_deregister(struct process *process, struct call *call)
{
    for (unsigned i = 0; i < process->server_count; i++) {
        struct process_server *server = &process->servers[i];
        discovery_keeper_stop(server->keeper, call);
        server->keeper = NULL;
        if (server->registrar.ops != NULL) {
            server->registrar.ops->close(server->registrar.state);
            server->registrar.ops = NULL;
        }
    }
}

static void on_called(void *state, const char *target, const char *path, enum status status,
                      int64_t duration_ns)
{
    struct process *process = state;
    telemetry_observe(process->telemetry, loop_index(loop_current()), TELEMETRY_CALLED, target,
                      path, status, duration_ns);
}

struct grpc_channel_options
process_channel_options(struct process *process, const struct proto_pool *pool, const char *target)
{
    /* One that hangs is found by the calls that it keeps waiting, long before the registry does. */
    static const struct grpc_outlier_options outlier = {
        .consecutive_failures = PROCESS_FAILURES_IN_A_ROW_MAX,
        .ejected_percent_max = GRPC_OUTLIER_PANIC_PERCENT,
    };
    return (struct grpc_channel_options){
        .pool = pool,
        .tls = process->tls_client,
        .tokens = process->call_tokens,
        .observe = on_called,
        .observe_state = process,
        .target = target,
        .outlier = &outlier,
    };
}

static void note_resolved(struct process_channel *channel)
{
    if (!channel->resolved) {
        channel->resolved = true;
        (void)atomic_fetch_sub(&channel->process->unresolved, 1);
    }
}

/* Without memory for a new list the earlier one stays: the next change brings it. */
static void on_instances(void *state, const struct discovery_snapshot *snapshot)
{
    struct process_channel *channel = state;
    if (snapshot->count > 0) {
        note_resolved(channel);
    }
    struct text zone = config_text(channel->process->config, "zone");
    struct grpc_endpoint *endpoints = calloc(snapshot->count + 1, sizeof(*endpoints));
    if (endpoints == NULL) {
        return;
    }
    for (size_t i = 0; i < snapshot->count; i++) {
        const struct discovery_instance *instance = &snapshot->instances[i];
        endpoints[i] = (struct grpc_endpoint){
            .address = instance->address,
            .weight = instance->weight,
            .is_near = zone.length > 0 && text_equal(instance->zone, zone),
        };
    }
    status_ignore(grpc_channel_update_endpoints(channel->grpc, endpoints, snapshot->count));
    free(endpoints);
}

/* Every loop asks for itself; one tells. */
static void on_trouble(void *state, bool can_ask, struct text reason)
{
    const struct process_channel *channel = state;
    const struct log *log = &channel->process->log;
    struct log_field of = log_string("instances_of", channel->service);
    if (loop_index(loop_current()) != 0) {
        return;
    }
    if (can_ask) {
        log_write(log, LOG_INFO, "instances are known again", LOG_FIELDS(of));
    } else {
        log_write(log, LOG_WARNING, "goes on with the instances known before",
                  LOG_FIELDS(of, log_text("reason", reason)));
    }
}

static void on_instance_lost(void *state)
{
    struct process_channel *channel = state;
    discovery_watcher_refresh(channel->watcher);
}

static enum status open_channel(struct process_channel *channel, struct call *call,
                                const struct proto_pool *pool)
{
    struct loop *loop = loop_current();
    struct process *process = channel->process;
    const struct http_client_access access = process_registry_access(process);
    struct grpc_channel_options options = process_channel_options(process, pool, channel->service);
    options.lost = on_instance_lost;
    options.lost_state = channel;
    enum status status =
        discovery_open_resolver(loop, call, config_text(process->config, "registry"),
                                config_text(process->config, "services"), text_of(channel->service),
                                &access, &channel->resolver);
    if (status == STATUS_OK) {
        status = grpc_channel_create(loop, &options, &channel->grpc);
    }
    if (status == STATUS_OK) {
        status = discovery_watcher_start(loop, channel->resolver, text_of(channel->service),
                                         on_instances, channel, &channel->watcher);
    }
    if (status == STATUS_OK) {
        discovery_watcher_set_trouble(channel->watcher, on_trouble);
    }
    if (status != STATUS_OK) {
        process_close_channel(channel);
    }
    return status;
}

enum status process_open_channel(struct process *process, struct call *call,
                                 const struct proto_pool *pool, const char *service,
                                 struct process_channel *ret_channel)
{
    *ret_channel = (struct process_channel){.process = process, .service = service};
    (void)atomic_fetch_add(&process->unresolved, 1);
    return open_channel(ret_channel, call, pool);
}

enum status process_open_optional_channel(struct process *process, struct call *call,
                                          const struct proto_pool *pool, const char *service,
                                          struct process_channel *ret_channel)
{
    *ret_channel =
        (struct process_channel){.process = process, .service = service, .resolved = true};
    return discovery_can_resolve(config_text(process->config, "registry"),
                                 config_text(process->config, "services"), text_of(service))
               ? open_channel(ret_channel, call, pool)
               : STATUS_OK;
}

void process_close_channel(struct process_channel *channel)
{
    discovery_watcher_stop(channel->watcher);
    channel->watcher = NULL; /* connections may still be lost */
    grpc_channel_destroy(channel->grpc);
    if (channel->resolver.ops != NULL) {
        channel->resolver.ops->close(channel->resolver.state);
    }
    if (channel->process != NULL) {
        note_resolved(channel);
    }
    *channel = (struct process_channel){.grpc = NULL};
}
