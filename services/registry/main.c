/* marquee-registry: who is where, and well. This file alone says what the service is made of. */
#include "http/http_client.h"
#include "loop/loop.h"
#include "process/process.h"
#include "registry/checker/network_checker.h"
#include "registry/controller/registry_controller.h"
#include "registry/handler/registry_dns.h"
#include "registry/handler/registry_handler.h"
#include "registry/registry_kept.h"

struct registry_process {
    struct http_client *client;
    struct registry_checker checker;
    struct registry_repository kept;
    struct registry_controller *controller;
    struct registry_handler *handler;
    struct registry_dns *dns;
    unsigned listener;
};

static const struct config_option options[] = {
    {.name = "listen",
     .kind = CONFIG_TEXT,
     .argument = "HOST:PORT",
     .default_value = "127.0.0.1:8500",
     .help = "the address to serve on; port 0 lets the kernel choose"},
    {.name = "datacenter",
     .kind = CONFIG_TEXT,
     .argument = "NAME",
     .default_value = "dc1",
     .help = "the datacenter that is told to clients"},
    {.name = "node",
     .kind = CONFIG_TEXT,
     .argument = "NAME",
     .default_value = "marquee",
     .help = "the node's name that is told to clients"},
    {.name = "settle-time",
     .kind = CONFIG_DURATION,
     .argument = "TIME",
     .default_value = "10s",
     .help = "after a start without --data, clients keep their lists so long while services "
             "register again",
     .maximum = INT64_C(600000)},
    {.name = "data",
     .kind = CONFIG_TEXT,
     .argument = "DIRECTORY",
     .help = "where what is registered is kept over a restart; empty for nowhere"},
    {.name = "dns-listen",
     .kind = CONFIG_TEXT,
     .argument = "HOST:PORT",
     .default_value = "127.0.0.1:8600",
     .help = "the address to answer DNS on, by UDP and TCP; empty for none"},
    {.name = "dns-domain",
     .kind = CONFIG_TEXT,
     .argument = "NAME",
     .default_value = "consul",
     .help = "the domain below which DNS names are answered"},
    {.name = "dns-ttl",
     .kind = CONFIG_INTEGER,
     .argument = "SECONDS",
     .default_value = "0",
     .help = "how long a DNS answer may be kept",
     .maximum = REGISTRY_DNS_TTL_MAX_S},
};

static enum status create(struct registry_process *registry, struct process *process,
                          struct call *call)
{
    const struct config *config = process_config(process);
    const struct registry_handler_options handler = {
        .datacenter = config_text(config, "datacenter"),
        .node_name = config_text(config, "node"),
        .version = TEXT(MARQUEE_VERSION),
    };
    struct loop *loop = loop_current();
    enum status status = http_client_create(loop, &registry->client);
    if (status == STATUS_OK) {
        status = network_checker_create(loop, registry->client, &registry->checker);
    }
    if (status == STATUS_OK) {
        status = registry_kept_open(process, call, registry->checker, &registry->kept,
                                    &registry->controller);
    }
    if (status == STATUS_OK) {
        status = registry_handler_create(registry->controller, &handler, &registry->handler);
    }
    return status == STATUS_OK ? STATUS_OK : call_fail(call, status, "no memory for the registry");
}

static enum status open_dns(struct registry_process *registry, struct process *process,
                            struct call *call)
{
    const struct config *config = process_config(process);
    const struct registry_dns_options dns = {
        .listen = config_text(config, "dns-listen"),
        .domain = config_text(config, "dns-domain"),
        .datacenter = config_text(config, "datacenter"),
        .node_name = config_text(config, "node"),
        .ttl_s = (uint32_t)config_integer(config, "dns-ttl"),
    };
    if (dns.listen.length == 0) {
        return STATUS_OK;
    }
    enum status status =
        registry_dns_create(loop_current(), call, registry->controller, &dns, &registry->dns);
    if (status == STATUS_OK) {
        log_write(process_log(process), LOG_INFO, "answering DNS",
                  LOG_FIELDS(log_string("listen", registry_dns_address(registry->dns)),
                             log_text("domain", dns.domain)));
    }
    return status;
}

static enum status open_registry(void *self, struct process *process, struct call *call)
{
    struct registry_process *registry = self;
    const struct config *config = process_config(process);
    enum status status = create(registry, process, call);
    if (status == STATUS_OK) {
        status = open_dns(registry, process, call);
    }
    if (status != STATUS_OK) {
        return status;
    }
    size_t route_count;
    const struct http_route *routes = registry_handler_routes(registry->handler, &route_count);
    registry->listener = process_add_listener(
        process, &(struct process_listener){.address = config_text(config, "listen"),
                                            .routes = routes,
                                            .route_count = route_count});
    return STATUS_OK;
}

/* The port is known by now, where the kernel chose it. */
static enum status start_registry(void *self, struct process *process, struct call *call,
                                  unsigned loop)
{
    struct registry_process *registry = self;
    (void)loop; /* there is one */
    enum status status = registry_handler_set_address(
        registry->handler, process_listener_address(process, registry->listener));
    return status == STATUS_OK ? status : call_fail(call, status, "no memory for the registry");
}

static void drain_registry(void *self, struct process *process, unsigned loop)
{
    struct registry_process *registry = self;
    (void)process;
    (void)loop; /* there is one */
    registry_controller_stop_waiting(registry->controller);
}

static void close_registry(void *self)
{
    struct registry_process *registry = self;
    registry_dns_destroy(registry->dns);
    registry_handler_destroy(registry->handler);
    registry_controller_destroy(registry->controller);
    registry_kept_close(&registry->kept);
    if (registry->checker.ops != NULL) {
        registry->checker.ops->close(registry->checker.state);
    }
    http_client_destroy(registry->client);
}

int main(int argc, char **argv)
{
    struct registry_process registry = {.client = NULL};
    const struct process_definition definition = {
        .program = "marquee-registry",
        .service = "registry",
        .summary =
            "marquee-registry: who is where, and well; with Consul's HTTP and DNS interfaces.",
        .options = options,
        .option_count = ARRAY_LENGTH(options),
        .threads_max = 1,
        .open = open_registry,
        .start = start_registry,
        .drain = drain_registry,
        .close = close_registry,
    };
    return process_main(&definition, &registry, argc, argv);
}
