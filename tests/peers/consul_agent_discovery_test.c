/* The discovery contract on HashiCorp's Consul: instances register with its agent by HTTP, and are
 * found by HTTP, and by its DNS. The program is CONSUL_PROGRAM, by its whole path. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "contract/discovery_contract.h"
#include "discovery/consul_discovery.h"
#include "discovery/dns_discovery.h"
#include "http/http_client.h"
#include "loop/loop.h"
#include "support/cmocka_test.h"
#include "support/scratch_directory.h"
#include "support/service_process.h"

enum { INTERVAL_MIN_MS = 40, WAIT_MS = 1000, STARTS_MAX = 3, CONFIG_BYTES_MAX = 1024 };

struct agent {
    char directory[SCRATCH_PATH_BYTES];
    struct service_process process;
    uint16_t http_port;
    uint16_t dns_port;
    uint16_t serf_port;
    uint16_t server_port;
    struct http_client *client;
    struct discovery_registrar registrar;
    struct discovery_resolver resolver;
};

/* Free for TCP and UDP a moment ago. */
static uint16_t free_port(void)
{
    for (;;) {
        struct sockaddr_in address = {.sin_family = AF_INET};
        socklen_t length = sizeof(address);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        int stream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int datagram = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(stream, (const struct sockaddr *)&address, length), 0);
        assert_int_equal(getsockname(stream, (struct sockaddr *)&address, &length), 0);
        bool both = bind(datagram, (const struct sockaddr *)&address, length) == 0;
        (void)close(stream);
        (void)close(datagram);
        if (both) {
            return ntohs(address.sin_port);
        }
    }
}

/* Without its limit of connections a client, and with answers that say when they are cut. */
static bool start_process(struct agent *agent)
{
    char config[CONFIG_BYTES_MAX];
    const char *program = getenv("CONSUL_PROGRAM");
    assert_non_null(program);
    assert_true(snprintf(config, sizeof(config),
                         "disable_update_check = true\n"
                         "limits { http_max_conns_per_client = 5000 }\n"
                         "dns_config { enable_truncate = true }\n"
                         "ports { http = %u, https = -1, dns = %u, grpc = -1, grpc_tls = -1, "
                         "serf_lan = %u, serf_wan = -1, server = %u }\n",
                         agent->http_port, agent->dns_port, agent->serf_port,
                         agent->server_port) < (int)sizeof(config));
    const char *const arguments[] = {"agent",     "-dev", "-bind", "127.0.0.1", "-client",
                                     "127.0.0.1", "-hcl", config,  NULL};
    service_process_start(&agent->process, agent->directory, "consul", program, arguments, NULL);
    return service_process_await(&agent->process, "Synced node info", 0);
}

static void start_agent(struct agent *agent)
{
    for (unsigned i = 0; i < STARTS_MAX; i++) {
        agent->http_port = free_port();
        agent->dns_port = free_port();
        agent->serf_port = free_port();
        agent->server_port = free_port();
        if (start_process(agent)) {
            return;
        }
        service_process_kill(&agent->process); /* another program may have taken a port */
    }
    fail_msg("consul does not start");
}

static struct agent *create_agent(struct call *call)
{
    char address[HTTP_ADDRESS_BYTES_MAX];
    struct agent *agent = calloc(1, sizeof(*agent));
    assert_non_null(agent);
    scratch_directory_make(agent->directory);
    start_agent(agent);
    (void)snprintf(address, sizeof(address), "127.0.0.1:%u", agent->http_port); /* fits */
    assert_int_equal(http_client_create(loop_current(), &agent->client), STATUS_OK);
    const struct consul_discovery_options options = {.client = agent->client,
                                                     .registries = text_of(address)};
    assert_int_equal(consul_registrar_create(call, &options, &agent->registrar), STATUS_OK);
    return agent;
}

/* With -dev, indexes begin anew when the agent does, and a query from an old one gets its answer
 * when its wait is over: here soon. */
static void *create_over_http(struct call *call)
{
    char address[HTTP_ADDRESS_BYTES_MAX];
    struct agent *agent = create_agent(call);
    (void)snprintf(address, sizeof(address), "127.0.0.1:%u", agent->http_port); /* fits */
    const struct consul_discovery_options options = {
        .client = agent->client, .registries = text_of(address), .wait_ms = WAIT_MS};
    assert_int_equal(consul_resolver_create(call, &options, &agent->resolver), STATUS_OK);
    return agent;
}

static void *create_over_dns(struct call *call)
{
    char target[HTTP_ADDRESS_BYTES_MAX];
    struct agent *agent = create_agent(call);
    (void)snprintf(target, sizeof(target), "dns://127.0.0.1:%u/rating.service.consul",
                   agent->dns_port); /* fits */
    const struct dns_resolver_options options = {.target = text_of(target),
                                                 .interval_min_ms = INTERVAL_MIN_MS};
    assert_int_equal(dns_resolver_create(loop_current(), call, &options, &agent->resolver),
                     STATUS_OK);
    return agent;
}

static void destroy(void *registry)
{
    struct agent *agent = registry;
    agent->registrar.ops->close(agent->registrar.state);
    agent->resolver.ops->close(agent->resolver.state);
    http_client_destroy(agent->client);
    service_process_kill(&agent->process);
    scratch_directory_remove(agent->directory);
    free(agent);
}

static struct discovery_registrar registrar(void *registry)
{
    return ((struct agent *)registry)->registrar;
}

static struct discovery_resolver resolver(void *registry)
{
    return ((struct agent *)registry)->resolver;
}

/* An agent of -dev keeps nothing. */
static void set_available(void *registry, bool available)
{
    struct agent *agent = registry;
    if (available) {
        for (unsigned i = 0; !start_process(agent); i++) {
            if (i == STARTS_MAX) {
                fail_msg("consul does not start again: %.*s",
                         TEXT_ARGUMENTS(buffer_text(&agent->process.log)));
            }
            service_process_kill(&agent->process);
        }
    } else {
        service_process_kill(&agent->process);
    }
}

static void forget(void *registry)
{
    set_available(registry, false);
    set_available(registry, true);
}

int main(void)
{
    /* An agent tells its servers of what was registered a little later. */
    const struct discovery_contract over_http = {
        .name = "Consul by HTTP",
        .capabilities = DISCOVERY_EVERYTHING & ~DISCOVERY_LISTS_AT_ONCE,
        .create = create_over_http,
        .destroy = destroy,
        .registrar = registrar,
        .resolver = resolver,
        .forget = forget,
        .set_available = set_available,
    };
    struct discovery_contract over_dns = over_http;
    over_dns.name = "Consul by DNS";
    over_dns.capabilities = DISCOVERY_REGISTERS | DISCOVERY_CAN_BE_AWAY;
    over_dns.create = create_over_dns;
    int failures = discovery_contract_run(&over_http);
    return failures + discovery_contract_run(&over_dns);
}
