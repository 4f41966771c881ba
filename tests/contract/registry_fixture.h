/* registry_fixture.h: our registry over TCP for the discovery contract: instances register with it
 * by HTTP, and are found by whatever resolver a test gives it. All in a fiber. */
#pragma once

#include "contract/discovery_contract.h"
#include "discovery/consul_discovery.h"
#include "support/registry_server.h"

struct registry_fixture {
    struct call *call;
    struct registry_server server;
    struct http_client *client;
    struct discovery_registrar registrar;
    struct discovery_resolver resolver; /* the test's to make; closed with the rest */
};

/* answers_dns: by DNS too. */
struct registry_fixture *registry_fixture_create(struct call *call, bool answers_dns);

/* How Consul's interface of the registry is asked. Borrows from the fixture. */
struct consul_discovery_options registry_fixture_consul(const struct registry_fixture *fixture);

/* As struct discovery_contract has them; `registry` is a fixture. */
void registry_fixture_destroy(void *registry);
struct discovery_registrar registry_fixture_registrar(void *registry);
struct discovery_resolver registry_fixture_resolver(void *registry);
void registry_fixture_set_available(void *registry, bool available);
void registry_fixture_forget(void *registry);
