#include "contract/registry_fixture.h"

#include <stdlib.h>

#include "http/http_client.h"
#include "loop/loop.h"

struct consul_discovery_options registry_fixture_consul(const struct registry_fixture *fixture)
{
    return (struct consul_discovery_options){
        .client = fixture->client,
        .registries = text_of(fixture->server.address),
    };
}

struct registry_fixture *registry_fixture_create(struct call *call, bool answers_dns)
{
    struct registry_fixture *fixture = calloc(1, sizeof(*fixture));
    CHECK(fixture != NULL);
    fixture->call = call;
    fixture->server.answers_dns = answers_dns;
    registry_server_start(&fixture->server, call);
    CHECK(http_client_create(loop_current(), &fixture->client) == STATUS_OK);
    const struct consul_discovery_options options = registry_fixture_consul(fixture);
    CHECK(consul_registrar_create(call, &options, &fixture->registrar) == STATUS_OK);
    return fixture;
}

void registry_fixture_destroy(void *registry)
{
    struct registry_fixture *fixture = registry;
    fixture->registrar.ops->close(fixture->registrar.state);
    fixture->resolver.ops->close(fixture->resolver.state);
    http_client_destroy(fixture->client);
    registry_server_stop(&fixture->server);
    free(fixture);
}

struct discovery_registrar registry_fixture_registrar(void *registry)
{
    return ((struct registry_fixture *)registry)->registrar;
}

struct discovery_resolver registry_fixture_resolver(void *registry)
{
    return ((struct registry_fixture *)registry)->resolver;
}

void registry_fixture_set_available(void *registry, bool available)
{
    struct registry_fixture *fixture = registry;
    if (available) {
        registry_server_start(&fixture->server, fixture->call);
    } else {
        registry_server_stop(&fixture->server);
    }
}

void registry_fixture_forget(void *registry)
{
    registry_fixture_set_available(registry, false);
    registry_fixture_set_available(registry, true);
}
