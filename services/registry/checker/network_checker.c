#include "registry/checker/network_checker.h"

#include <stdlib.h>

#include "registry/checker/network_probes.h"

struct network_checker {
    struct loop *loop;
    struct http_client *http_client;
};

static enum status probe(void *state, struct call *call,
                         const struct registry_check_definition *check,
                         struct registry_probe *ret_probe)
{
    struct network_checker *checker = state;
    switch (check->kind) {
    case REGISTRY_CHECK_TCP:
        return tcp_probe(checker->loop, call, check, ret_probe);
    case REGISTRY_CHECK_HTTP:
        return http_probe(checker->http_client, call, check, ret_probe);
    case REGISTRY_CHECK_GRPC:
        return grpc_probe(checker->loop, call, check, ret_probe);
    case REGISTRY_CHECK_TTL:
    case REGISTRY_CHECK_MAINTENANCE:
        break;
    }
    CHECK(!"a check that is not active");
    return STATUS_INTERNAL;
}

static void close_checker(void *state)
{
    free(state);
}

enum status network_checker_create(struct loop *loop, struct http_client *http_client,
                                   struct registry_checker *ret_checker)
{
    static const struct registry_checker_ops ops = {.probe = probe, .close = close_checker};
    struct network_checker *checker = calloc(1, sizeof(*checker));
    if (checker == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    checker->loop = loop;
    checker->http_client = http_client;
    *ret_checker = (struct registry_checker){.ops = &ops, .state = checker};
    return STATUS_OK;
}
