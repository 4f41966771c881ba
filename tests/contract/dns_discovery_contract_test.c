/* The resolver over DNS: instances register with our registry by HTTP, and are found by its DNS. */
#include <stdio.h>
#include <stdlib.h>

#include "contract/discovery_contract.h"
#include "discovery/consul_discovery.h"
#include "discovery/dns_discovery.h"
#include "http/http_client.h"
#include "loop/loop.h"
#include "support/registry_server.h"

enum { INTERVAL_MIN_MS = 40 };

struct dns_fixture {
    struct call *call;
    struct registry_server server;
    struct http_client *client;
    struct discovery_registrar registrar;
    struct discovery_resolver resolver;
};

static void open_resolver(struct dns_fixture *fixture)
{
    char target[HTTP_ADDRESS_BYTES_MAX + 64];
    CHECK(snprintf(target, sizeof(target), "dns://%s/_rating._tcp.service.consul",
                   fixture->server.dns_address) < (int)sizeof(target));
    const struct dns_resolver_options options = {.target = text_of(target),
                                                 .interval_min_ms = INTERVAL_MIN_MS};
    CHECK(dns_resolver_create(loop_current(), fixture->call, &options, &fixture->resolver) ==
          STATUS_OK);
}

static void *create(struct call *call)
{
    struct dns_fixture *fixture = calloc(1, sizeof(*fixture));
    CHECK(fixture != NULL);
    fixture->call = call;
    fixture->server.answers_dns = true;
    registry_server_start(&fixture->server, call);
    CHECK(http_client_create(loop_current(), &fixture->client) == STATUS_OK);
    const struct consul_discovery_options options = {
        .client = fixture->client,
        .registries = text_of(fixture->server.address),
    };
    CHECK(consul_registrar_create(call, &options, &fixture->registrar) == STATUS_OK);
    open_resolver(fixture);
    return fixture;
}

static void destroy(void *registry)
{
    struct dns_fixture *fixture = registry;
    fixture->registrar.ops->close(fixture->registrar.state);
    fixture->resolver.ops->close(fixture->resolver.state);
    http_client_destroy(fixture->client);
    registry_server_stop(&fixture->server);
    free(fixture);
}

static struct discovery_registrar registrar(void *registry)
{
    return ((struct dns_fixture *)registry)->registrar;
}

static struct discovery_resolver resolver(void *registry)
{
    return ((struct dns_fixture *)registry)->resolver;
}

static void set_available(void *registry, bool available)
{
    struct dns_fixture *fixture = registry;
    if (available) {
        registry_server_start(&fixture->server, fixture->call);
    } else {
        registry_server_stop(&fixture->server);
    }
}

static void forget(void *registry)
{
    set_available(registry, false);
    set_available(registry, true);
}

int main(void)
{
    const struct discovery_contract contract = {
        .name = "dns discovery",
        .capabilities = DISCOVERY_REGISTERS | DISCOVERY_LISTS_AT_ONCE | DISCOVERY_CAN_BE_AWAY,
        .create = create,
        .destroy = destroy,
        .registrar = registrar,
        .resolver = resolver,
        .forget = forget,
        .set_available = set_available,
    };
    return discovery_contract_run(&contract);
}
