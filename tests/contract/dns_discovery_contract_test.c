/* The resolver over DNS: instances register with our registry by HTTP, and are found by its DNS. */
#include <stdio.h>

#include "contract/registry_fixture.h"
#include "discovery/dns_discovery.h"
#include "loop/loop.h"

enum { INTERVAL_MIN_MS = 40 };

static void *create(struct call *call)
{
    struct registry_fixture *fixture = registry_fixture_create(call, true);
    char target[HTTP_ADDRESS_BYTES_MAX + 64];
    CHECK(snprintf(target, sizeof(target), "dns://%s/_rating._tcp.service.consul",
                   fixture->server.dns_address) < (int)sizeof(target));
    const struct dns_resolver_options options = {.target = text_of(target),
                                                 .interval_min_ms = INTERVAL_MIN_MS};
    CHECK(dns_resolver_create(loop_current(), call, &options, &fixture->resolver) == STATUS_OK);
    return fixture;
}

int main(void)
{
    const struct discovery_contract contract = {
        .name = "dns discovery",
        .capabilities = DISCOVERY_REGISTERS | DISCOVERY_LISTS_AT_ONCE | DISCOVERY_CAN_BE_AWAY,
        .create = create,
        .destroy = registry_fixture_destroy,
        .registrar = registry_fixture_registrar,
        .resolver = registry_fixture_resolver,
        .forget = registry_fixture_forget,
        .set_available = registry_fixture_set_available,
    };
    return discovery_contract_run(&contract);
}
