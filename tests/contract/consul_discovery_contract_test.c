/* The client of Consul's interface against our registry, over TCP. */
#include "contract/registry_fixture.h"

static void *create(struct call *call)
{
    struct registry_fixture *fixture = registry_fixture_create(call, false);
    const struct consul_discovery_options options = registry_fixture_consul(fixture);
    CHECK(consul_resolver_create(call, &options, &fixture->resolver) == STATUS_OK);
    return fixture;
}

int main(void)
{
    const struct discovery_contract contract = {
        .name = "consul discovery",
        .capabilities = DISCOVERY_EVERYTHING,
        .create = create,
        .destroy = registry_fixture_destroy,
        .registrar = registry_fixture_registrar,
        .resolver = registry_fixture_resolver,
        .forget = registry_fixture_forget,
        .set_available = registry_fixture_set_available,
    };
    return discovery_contract_run(&contract);
}
