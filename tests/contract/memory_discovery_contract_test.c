#include "contract/discovery_contract.h"
#include "discovery/memory_discovery.h"
#include "loop/loop.h"

static void *create(struct call *call)
{
    struct memory_discovery *memory;
    (void)call;
    CHECK(memory_discovery_create(loop_current(), &memory) == STATUS_OK);
    return memory;
}

static void destroy(void *registry)
{
    memory_discovery_destroy(registry);
}

static struct discovery_registrar registrar(void *registry)
{
    return memory_discovery_registrar(registry);
}

static struct discovery_resolver resolver(void *registry)
{
    return memory_discovery_resolver(registry);
}

static void forget(void *registry)
{
    memory_discovery_forget(registry);
}

static void set_available(void *registry, bool available)
{
    memory_discovery_set_available(registry, available);
}

int main(void)
{
    const struct discovery_contract contract = {
        .name = "memory discovery",
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
