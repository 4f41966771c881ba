/* The client of Consul's interface against our registry, over TCP. */
#include <stdlib.h>

#include "contract/discovery_contract.h"
#include "discovery/consul_discovery.h"
#include "http/http_client.h"
#include "loop/loop.h"
#include "support/registry_server.h"

struct consul_fixture {
    struct call *call;
    struct registry_server server;
    struct http_client *client;
    struct discovery_registrar registrar;
    struct discovery_resolver resolver;
};

static void *create(struct call *call)
{
    struct consul_fixture *fixture = calloc(1, sizeof(*fixture));
    CHECK(fixture != NULL);
    fixture->call = call;
    registry_server_start(&fixture->server, call);
    CHECK(http_client_create(loop_current(), &fixture->client) == STATUS_OK);
    const struct consul_discovery_options options = {
        .client = fixture->client,
        .registries = text_of(fixture->server.address),
    };
    CHECK(consul_registrar_create(call, &options, &fixture->registrar) == STATUS_OK);
    CHECK(consul_resolver_create(call, &options, &fixture->resolver) == STATUS_OK);
    return fixture;
}

static void destroy(void *registry)
{
    struct consul_fixture *fixture = registry;
    fixture->registrar.ops->close(fixture->registrar.state);
    fixture->resolver.ops->close(fixture->resolver.state);
    http_client_destroy(fixture->client);
    registry_server_stop(&fixture->server);
    free(fixture);
}

static struct discovery_registrar registrar(void *registry)
{
    return ((struct consul_fixture *)registry)->registrar;
}

static struct discovery_resolver resolver(void *registry)
{
    return ((struct consul_fixture *)registry)->resolver;
}

static void set_available(void *registry, bool available)
{
    struct consul_fixture *fixture = registry;
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
        .name = "consul discovery",
        .capabilities = DISCOVERY_EVERYTHING,
        .create = create,
        .destroy = destroy,
        .registrar = registrar,
        .resolver = resolver,
        .forget = forget,
        .set_available = set_available,
    };
    return discovery_contract_run(&contract);
}
