#include <stdlib.h>

#include "contract/discovery_contract.h"
#include "discovery/static_discovery.h"

static void *create(struct call *call)
{
    struct discovery_resolver *resolver = calloc(1, sizeof(*resolver));
    CHECK(resolver != NULL);
    CHECK(static_discovery_resolver_create(call, TEXT("rating=127.0.0.1:8091,127.0.0.1:8092"),
                                           resolver) == STATUS_OK);
    return resolver;
}

static void destroy(void *registry)
{
    struct discovery_resolver *resolver = registry;
    resolver->ops->close(resolver->state);
    free(resolver);
}

static struct discovery_registrar registrar(void *registry)
{
    (void)registry;
    return static_discovery_registrar();
}

static struct discovery_resolver resolver(void *registry)
{
    return *(struct discovery_resolver *)registry;
}

int main(void)
{
    const struct discovery_contract contract = {
        .name = "static discovery",
        .capabilities = DISCOVERY_LISTS_AT_ONCE | DISCOVERY_PUSHES,
        .create = create,
        .destroy = destroy,
        .registrar = registrar,
        .resolver = resolver,
    };
    return discovery_contract_run(&contract);
}
