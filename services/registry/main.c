/* marquee-registry: who is where, and well. This file alone says what the service is made of. */
#include "access/access_tokens.h"
#include "access/audit_log.h"
#include "base/arena.h"
#include "http/http_client.h"
#include "loop/loop.h"
#include "process/process.h"
#include "registry/checker/network_checker.h"
#include "registry/controller/registry_controller.h"
#include "registry/handler/registry_dns.h"
#include "registry/handler/registry_handler.h"
#include "registry/registry_kept.h"
#include "telemetry/telemetry.h"

struct registry_process {
    struct process *process;
    struct access_tokens *read_tokens;
    struct audit_log *audit;
    struct http_client *client;
    struct registry_checker checker;
    struct registry_repository kept;
    struct registry_controller *controller;
    struct registry_handler *handler;
    struct registry_dns *dns;
    unsigned listener;
};

static const struct config_option options[] = {
    PROCESS_LISTEN_OPTION("127.0.0.1:8500"),
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
    {.name = "read-token-file",
     .kind = CONFIG_TEXT,
     .argument = "FILE",
     .help = "who shows a secret of this file may read, of --token-file read and write"},
    {.name = "audit-log",
     .kind = CONFIG_TEXT,
     .argument = "FILE|-",
     .default_value = "-",
     .help = "where each write is told of: a file, - for the log, or empty for nowhere"},
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

/* Reads the secrets again, opens the audit log again; a failure leaves both as they were. */
static void reload(void *state)
{
    struct registry_process *registry = state;
    struct arena arena;
    struct call call;
    arena_init(&arena, ARENA_CHUNK_BYTES);
    call_init(&call, &arena, 0);
    if (registry->read_tokens != NULL &&
        access_tokens_reload(&call, registry->read_tokens) != STATUS_OK) {
        log_call(process_log(registry->process), LOG_ERROR, &call,
                 "goes on with the secrets before", NULL);
    }
    call_clear_error(&call);
    if (registry->audit != NULL && audit_log_reopen(&call, registry->audit) != STATUS_OK) {
        log_call(process_log(registry->process), LOG_ERROR, &call,
                 "goes on with the audit log before", NULL);
    }
    arena_deinit(&arena);
}

static void write_lost(void *state, struct telemetry_page *page)
{
    struct registry_process *registry = state;
    telemetry_write_family(page, "registry_audit_lines_lost_total", "counter",
                           "Lines of the audit log for which there was no room.");
    telemetry_write_sample(page, "registry_audit_lines_lost_total", "",
                           (double)audit_log_lost(registry->audit));
}

static enum status open_access(struct registry_process *registry, struct call *call)
{
    struct process *process = registry->process;
    struct text read_tokens = config_text(process_config(process), "read-token-file");
    struct text audit = config_text(process_config(process), "audit-log");
    enum status status = STATUS_OK;
    if (read_tokens.length > 0) {
        status = process_tokens(process) != NULL
                     ? access_tokens_open(call, read_tokens.data, &registry->read_tokens)
                     : call_fail(call, STATUS_FAILED_PRECONDITION,
                                 "--read-token-file needs --token-file");
    }
    if (status == STATUS_OK && audit.length > 0) {
        const char *file = text_equal(audit, TEXT("-")) ? NULL : audit.data;
        status = audit_log_open(call, process_log(process), file, &registry->audit);
        if (status == STATUS_OK) {
            telemetry_add_source(process_telemetry(process), write_lost, registry);
        }
    }
    if (status == STATUS_OK) {
        process_add_reload(process, reload, registry);
    }
    return status;
}

static enum status create(struct registry_process *registry, struct process *process,
                          struct call *call)
{
    const struct config *config = process_config(process);
    const struct registry_handler_options handler = {
        .datacenter = config_text(config, "datacenter"),
        .node_name = config_text(config, "node"),
        .version = TEXT(MARQUEE_VERSION),
        .tokens = process_tokens(registry->process),
        .read_tokens = registry->read_tokens,
        .audit = registry->audit,
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
    registry->process = process;
    enum status status = open_access(registry, call);
    if (status == STATUS_OK) {
        status = create(registry, process, call);
    }
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
                                            .route_count = route_count,
                                            .guards_routes = true});
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
    access_tokens_destroy(registry->read_tokens);
    audit_log_close(registry->audit);
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
